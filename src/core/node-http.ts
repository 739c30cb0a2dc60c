/**
 * Not by an import, which reads each export of a module, `WebSocket` among them: that loads all of undici, which takes as long
 * as the rest of a short command.
 */
export const { Agent, METHODS, request, STATUS_CODES } = process.getBuiltinModule('node:http')
