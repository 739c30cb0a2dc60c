import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Limits } from '../limits.ts'
import { Lane, type LaneService } from './lane.ts'

/** What node adds to a connection's time between two requests, for the client may use it again in the last moment. */
const keepAliveBufferMs = 1000
/** A body that takes longer is waited for by node's server, with the limits of slow bodies. */
const bodyMs = 500

export interface Lanes {
  /** Ends connections on which nothing is under way. */
  closeIdle(): void
  close(): void
}

type Connections<Route> = Pick<LaneService<Route>, 'passOn' | 'forget'>

/**
 * Takes each new connection before node's server does, and answers the plain requests of routes that the most requests go
 * to, at a third of the cost. Any other request goes to node's server, on the same connection.
 *
 * @param createService is given how node's server goes on with a connection.
 */
export function openLanes<Route>(
  server: Server,
  { headersTimeoutMs, idleTimeoutMs: answerMs }: Limits,
  createService: (connections: Connections<Route>) => LaneService<Route>,
): Lanes {
  const lanes = new Set<Lane<Route>>()
  const [accept, ...others] = server.listeners('connection')
  const service = createService({
    passOn(socket, bytes) {
      socket.pause()
      accept.call(server, socket)
      if (socket.readableEnded) {
        // A stream takes nothing back once it has told its end.
        if (bytes.length > 0) socket.emit('data', bytes)
        socket.emit('end')
        return
      }
      if (bytes.length > 0) socket.unshift(bytes)
      socket.resume()
    },
    forget: (lane) => void lanes.delete(lane),
  })
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    for (const each of others) each.call(server, socket)
    if (!socket.destroyed) lanes.add(new Lane(socket, service, performance.now()))
  })
  const look = () => {
    const nowMs = performance.now()
    // Both are shorter while there are many connections.
    const { headersTimeout: firstRequestMs, keepAliveTimeout } = server
    const times = { firstRequestMs, bodyMs, keepAliveMs: keepAliveTimeout + keepAliveBufferMs, answerMs }
    for (const lane of lanes) lane.look(nowMs, times)
  }
  const timer = setInterval(look, Math.min(bodyMs, headersTimeoutMs / 2)).unref()
  return {
    closeIdle() {
      for (const lane of lanes) if (lane.isIdle) lane.cut()
    },
    close: () => clearInterval(timer),
  }
}
