import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { holdsCardNumber } from '../../core/card-number.ts'
import { FraudError } from '../../core/errors.ts'
import type { DecisionQuery } from '../../decisioning/decision-pages.ts'
import type { DecisionView } from '../../scoring/decision-view.ts'
import type { LiveService } from '../../scoring/live-service.ts'
import { formatCursor, QueryReader } from '../decision-query.ts'
import { readExplain } from '../explain-query.ts'
import type { App, HttpContext } from '../http-context.ts'
import { joinedText } from '../joined-text.ts'

/** `GET /v1/decisions/{id}` and `GET /v1/decisions`: what was decided, one and many. */
export function decisionPageRoutes(app: App, context: HttpContext, live: LiveService): void {
  app.get<{ Params: { id: string } }>(
    '/v1/decisions/:id',
    { config: { query: ['explain'] } },
    ({ params, query }, reply) => {
      const detail = live.find(params.id, readExplain(query))
      if (detail === undefined) {
        throw new FraudError('TRANSACTION_UNKNOWN', 'No decision of this id is in the log')
      }
      reply.header('cache-control', 'no-store').send(detail)
    },
  )
  app.get('/v1/decisions', { config: { query: 'checked' } }, async ({ query }, reply) => {
    const { records, next } = await live.page(readQuery(query, live))
    return sendPage(context, reply, '', records, next)
  })
}

/** A page is rendered in slices, at the pace at which it is read. `first` are fields of the answer before the others. */
export function sendPage(
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

/** @throws FraudError INPUT_INVALID with every bad parameter. */
function readQuery(given: unknown, live: LiveService): DecisionQuery {
  const reader = new QueryReader(given ?? {}, ['key'])
  const { keys = {}, personal = [] } = live.live.detector.transaction
  const isConcealed = (name: string, value: string) =>
    (personal.includes(name) && !value.startsWith('tok_')) || holdsCardNumber(value, 'id')
  const reason = `is written NAME:VALUE, and the names are ${Object.keys(keys).join(', ') || 'none'}`
  const field = reader.read('key', (text) => parseKey(text, keys), reason)
  if (field !== undefined && isConcealed(field.name, field.value)) {
    reader.errors.push({ field: 'key', reason: whyNotInUrl })
  }
  return reader.finish(field && { column: keys[field.name], value: field.value })
}

const whyNotInUrl =
  'names a person or a card, and URLs are logged on their way: ask POST /v1/search, or give the token or hash that it answers'

/** `customer:2765`. */
function parseKey(text: string, keys: Readonly<Record<string, string>>): { name: string; value: string } | undefined {
  const end = text.indexOf(':')
  const name = text.slice(0, end)
  return end < 1 || !Object.hasOwn(keys, name) ? undefined : { name, value: text.slice(end + 1) }
}
