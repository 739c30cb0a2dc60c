/** Where the service logs. The messages and fields never hold a payload or a header. */
export interface Logger {
  /** Whether `debug` is heard, for those who would speak of each request. */
  isLevelEnabled(level: 'debug'): boolean
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Where nobody listens. */
export const silentLogger: Logger = { isLevelEnabled: () => false, debug() {}, info() {}, warn() {}, error() {} }
