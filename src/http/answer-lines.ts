import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { HttpContext } from './http-context.ts'
import { joinedText } from './joined-text.ts'

export const ndjson = 'application/x-ndjson'

/** Streams the answers to lines while they come; the timer is to be refreshed at each. */
export function answerLines(
  { limits, streaming, held, turns }: HttpContext,
  raw: IncomingMessage,
  reply: FastifyReply,
  answers: (stalled: NodeJS.Timeout) => AsyncIterable<Iterable<string>>,
): void {
  // Only the current line and the current piece of the stream are in memory.
  const heldBytes = 2 * limits.lineBytes
  held.take(heldBytes, raw)
  reply.raw.once('close', () => held.give(heldBytes, raw))
  // A client that neither sends a line nor reads an answer in time holds a connection for nothing.
  const stalled = setTimeout(() => raw.destroy(), limits.bodyTimeoutMs)
  raw.once('close', () => clearTimeout(stalled))
  streaming.add(raw.socket)
  reply.raw.once('close', () => streaming.delete(raw.socket))
  const text = joinedText(answers(stalled), turns)
  reply.header('content-type', `${ndjson}; charset=utf-8`).send(Readable.from(text))
}
