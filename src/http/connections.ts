import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Limits } from './limits.ts'

/** Idle connections have little time from this share of all connections on; under the lower one they have it again. */
const pressedShare = 0.8
const easedShare = 0.6
const pressedMs = 1000

/**
 * How many connections may wait for a busy thread to accept them; the system may hold fewer. Who finds no room is told
 * nothing, and tries again after seconds.
 */
export const backlog = 4096

export interface Connections {
  readonly open: number
  /** Refused because there were too many: of one address, or at all. */
  readonly refused: { readonly address: number; readonly total: number }
}

/**
 * Keeps idle connections from shutting others out: an address has a limit of its own, and while many are open, those
 * that have not sent a request, or lie idle between two, are closed after a second.
 */
export function boundConnections(server: Server, limits: Limits): Connections {
  const sockets = new Set<Socket>()
  const byAddress = new Map<string, number>()
  const refused = { address: 0, total: 0 }
  const usual = { headersTimeout: server.headersTimeout, keepAliveTimeout: server.keepAliveTimeout }
  let isPressed = false
  server.maxConnections = limits.connections
  server.on('drop', () => {
    refused.total += 1
  })

  function press(): void {
    isPressed = true
    server.headersTimeout = Math.min(pressedMs, usual.headersTimeout)
    server.keepAliveTimeout = Math.min(pressedMs, usual.keepAliveTimeout)
    // Between two requests Node gives a connection another timeout than within one.
    for (const socket of sockets) if (socket.timeout !== server.timeout) socket.setTimeout(pressedMs)
  }
  function ease(): void {
    isPressed = false
    Object.assign(server, usual)
  }

  server.on('connection', (socket) => {
    const address = networkOf(socket.remoteAddress ?? '')
    const count = (byAddress.get(address) ?? 0) + 1
    if (count > limits.connectionsPerAddress) {
      refused.address += 1
      socket.destroy()
      return
    }
    byAddress.set(address, count)
    sockets.add(socket)
    if (!isPressed && sockets.size > pressedShare * limits.connections) press()
    socket.once('close', () => {
      sockets.delete(socket)
      const left = (byAddress.get(address) ?? 1) - 1
      if (left === 0) byAddress.delete(address)
      else byAddress.set(address, left)
      if (isPressed && sockets.size < easedShare * limits.connections) ease()
    })
  })
  return {
    get open() {
      return sockets.size
    },
    refused,
  }
}

/** An address of IPv4, or the network of 64 bits that one subscriber of IPv6 has. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (!address.includes(':')) return address
  const [front = '', back] = address.split('%')[0].split('::')
  const groups = front === '' ? [] : front.split(':')
  const behind = back === undefined || back === '' ? [] : back.split(':')
  while (groups.length + behind.length < 8) groups.push('0')
  return `${[...groups, ...behind].slice(0, 4).join(':')}::/64`
}
