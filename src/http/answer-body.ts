import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { type BodyLimits, readBody } from './body.ts'
import { mediaTypeOf } from './media-type.ts'
import type { PlainHandler, Settle } from './plain-handler.ts'

/**
 * Reads a body of JSON and sends the JSON that `answer` makes of it, or what it throws or rejects with. An answer of
 * undefined sends nothing: it was sent already, or the client has gone away.
 */
export function answerBody(
  limits: BodyLimits,
  raw: IncomingMessage,
  reply: FastifyReply,
  answer: (body: Buffer) => Promise<string | Readable | undefined>,
): void {
  mediaTypeOf(raw.headers)
  const refuse = (error: unknown) => void reply.send(error)
  const send = (text: string | Readable | undefined): void => {
    if (text !== undefined) reply.header('content-type', 'application/json; charset=utf-8').send(text)
  }
  readBody(raw, limits, (body) => void answer(body).then(send, refuse), refuse)
}

/** Reads a body of JSON and sends what is made of it. */
export function answerPlain(limits: BodyLimits, raw: IncomingMessage, reply: FastifyReply, answer: PlainHandler): void {
  const arrivedMs = performance.now()
  mediaTypeOf(raw.headers)
  const refuse = (error: unknown) => void reply.send(error)
  const settle: Settle = (error, json) => {
    if (error !== undefined) refuse(error)
    else reply.header('content-type', 'application/json; charset=utf-8').send(json)
  }
  const { traces } = limits
  if (traces === undefined) readBody(raw, limits, (body) => answer(body, arrivedMs, settle), refuse)
  else readBody(raw, limits, (body) => traces.within(raw, () => answer(body, arrivedMs, settle)), refuse)
}
