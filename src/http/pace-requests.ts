import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { NewestAnswers } from './connection-error.ts'
import type { Turns } from './turns.ts'

/** Requests of one connection, and of all, that may wait for those before them. */
const mostOfOne = 128
const mostOfAll = 8192

type Exchange = readonly [IncomingMessage, ServerResponse]

/**
 * Takes one request of a connection in each turn of the loop. Node hands over every request that it finds in what it has
 * read, thousands at once where somebody writes them back to back; those behind the first wait in order, share the turns
 * of large bodies, and nothing more is read until they are done. A connection with too many of them is cut.
 */
export function paceRequests(server: Server, turns: Turns, newest: NewestAnswers): { readonly cut: number } {
  const handlers = server.listeners('request')
  server.removeAllListeners('request')
  const served = new Set<Socket>()
  const waiting = new Map<Socket, Exchange[]>()
  const paced = { cut: 0 }
  let count = 0

  function handle(request: IncomingMessage, response: ServerResponse): void {
    for (const each of handlers) each.call(server, request, response)
  }
  function forgetTurn(): void {
    served.clear()
  }
  function wait(socket: Socket, exchange: Exchange): void {
    const queue = waiting.get(socket) ?? []
    if (queue.length >= mostOfOne || count >= mostOfAll) {
      paced.cut += 1
      socket.destroy()
      return
    }
    count += 1
    if (queue.push(exchange) > 1 || waiting.has(socket)) return
    waiting.set(socket, queue)
    void serveInTurns(socket, queue)
  }
  async function serveInTurns(socket: Socket, queue: Exchange[]): Promise<void> {
    // Each request that ends would have Node read on.
    const hold = () => void socket.pause()
    socket.on('resume', hold).pause()
    await turns.next()
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      count -= 1
      if (socket.destroyed) continue
      if (turns.isOver()) await turns.next()
      handle(...next)
    }
    waiting.delete(socket)
    socket.off('resume', hold).resume()
  }
  server.on('request', (request, response) => {
    const { socket } = request
    newest.set(socket, { last: response, before: newest.get(socket)?.last })
    if (served.has(socket) || waiting.has(socket)) {
      // What was read before the connection was cut still comes.
      if (!socket.destroyed) wait(socket, [request, response])
      return
    }
    if (served.size === 0) setImmediate(forgetTurn)
    served.add(socket)
    handle(request, response)
  })
  return paced
}
