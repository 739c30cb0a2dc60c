import type { Server as HttpServer } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Limits } from './limits.ts'

const pollMs = 20

/** What takes connections in a server's place, and hands over some of them. */
export interface Front {
  /** How many it has, those that it has handed over included. */
  readonly open: number
  stopListening(): Promise<void>
  closeIdle(): void
  close(): Promise<void>
}

/**
 * Watches a server's connections and returns how to close them without losing a request: stop listening at once; answer
 * what is under way; close a connection that lies idle only after a moment, for a request may be on its way over it
 * (fastify tells those who still use one to close it); cut what is left when the grace is over.
 */
export function drainConnections(
  server: HttpServer,
  limits: Limits,
  lanes: { closeIdle(): void },
  front?: Front,
): () => Promise<void> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return async () => {
    if (!server.listening) return
    await front?.stopListening()
    // http's own close would reset idle connections before their clients know.
    const stopListening = () => NetServer.prototype.close.call(server)
    if (front === undefined) stopListening()
    const open = () => sockets.size + (front?.open ?? 0)
    for (let waitedMs = 0; open() > 0 && waitedMs < limits.graceMs; waitedMs += pollMs) {
      if (waitedMs >= limits.drainMs) {
        server.closeIdleConnections()
        lanes.closeIdle()
        front?.closeIdle()
        // Node counts a connection that has not said anything yet as busy.
        for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
      }
      await sleep(pollMs)
    }
    for (const socket of sockets) socket.destroy()
    await front?.close()
    if (front !== undefined) stopListening()
  }
}
