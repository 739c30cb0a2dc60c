import type { ServerResponse } from 'node:http'

/** Ends an answer that goes on as long as its client reads, once the client ends its side: nobody reads it then. */
export function endWithReader(answer: ServerResponse): void {
  const { socket } = answer.req
  const end = () => void answer.destroy()
  socket.once('end', end)
  answer.once('close', () => socket.off('end', end))
}
