import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { DecisionView } from '../deciding/decision-view.ts'
import { formatCursor } from './decision-query.ts'
import type { HttpContext } from './http-context.ts'
import { joinedText } from './joined-text.ts'

/** A page is rendered in slices, at the pace at which it is read. `first` are fields of the answer before the others. */
export function sendDecisions(
  { turns }: HttpContext,
  reply: FastifyReply,
  first: string,
  decisions: Iterable<DecisionView>,
  next: number | null,
): FastifyReply {
  const texts = Iterator.from(decisions).map((decision) => JSON.stringify(decision))
  const close = `],"cursor":${JSON.stringify(formatCursor(next))}}`
  const page = joinedText([texts], turns, `{${first}"decisions":[`, ',', close)
  reply.headers({ 'cache-control': 'no-store', 'content-type': 'application/json; charset=utf-8' })
  return reply.send(Readable.from(page))
}
