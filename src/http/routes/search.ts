import type { FastifyReply } from 'fastify'
import { type FieldError, FraudError } from '../../core/errors.ts'
import { isRecord, kindOf } from '../../core/json-value.ts'
import type { LiveService } from '../../scoring/live-service.ts'
import { answerBody } from '../answer-body.ts'
import type { BodyLimits } from '../body.ts'
import { QueryReader } from '../decision-query.ts'
import type { App, HttpContext } from '../http-context.ts'
import { type JsonItem, readJson } from '../json-text.ts'
import { refuseRepeated } from '../refuse-repeated.ts'
import { sendPage } from './decision-pages.ts'

/**
 * `POST /v1/search`: the decisions of a key's value, or of a transaction's id. A card number or a person is in the body,
 * never in a URL, and is replaced as it is in a transaction before anything is looked for.
 */
export function searchRoutes(app: App, context: HttpContext, live: LiveService): void {
  const { limits, held } = context
  const bodyLimits: BodyLimits = { limitBytes: limits.bodyBytes, timeoutMs: limits.bodyTimeoutMs, held }
  app.post('/v1/search', ({ raw }, reply) => {
    answerBody(bodyLimits, raw, reply, (body) => search(context, live, readJson(body, 'body', searchNames), reply))
  })
}

/** Names of a body: two that say what is looked for, the filters, and a few misspelt ones. */
const searchNames = 16

async function search(
  context: HttpContext,
  live: LiveService,
  { value: given, repeated }: JsonItem,
  reply: FastifyReply,
): Promise<undefined> {
  refuseRepeated(repeated)
  if (!isRecord(given)) throw invalid([{ field: '(body)', reason: `is ${kindOf(given)}, where an object is required` }])
  if (given.text !== undefined) return sendById(context, live, given, reply)
  const { key, value, ...filters } = given
  const reader = new QueryReader(filters, ['key', 'value', 'text'])
  const { keys = {} } = live.live.detector.transaction
  const names = Object.keys(keys).join(', ') || 'none'
  const isKey = typeof key === 'string' && Object.hasOwn(keys, key)
  if (!isKey) reader.errors.push({ field: 'key', reason: `must be one of ${names}` })
  const isValue = (typeof value === 'string' && value !== '') || typeof value === 'number'
  if (!isValue) reader.errors.push({ field: 'value', reason: 'must be text or a whole number' })
  const token = isKey && isValue ? live.keptValue(key, value) : undefined
  const query = reader.finish(isKey ? { column: keys[key], value: token ?? '' } : undefined)
  const found = token === undefined ? { records: [], next: null } : await live.page(query)
  const degraded = isKey && live.mayHoldInClear(key) ? '["plain-records-unsearched"]' : '[]'
  const first = `"key":${JSON.stringify(key)},"token":${JSON.stringify(token ?? null)},"degraded":${degraded},`
  sendPage(context, reply, first, found.records, found.next)
}

function sendById(
  context: HttpContext,
  live: LiveService,
  { text, ...others }: Readonly<Record<string, unknown>>,
  reply: FastifyReply,
): undefined {
  const errors = Object.keys(others).map((field) => ({ field, reason: 'does not go with text' }))
  if (typeof text !== 'string' || text === '') errors.push({ field: 'text', reason: 'must be the id of a transaction' })
  if (errors.length > 0) throw invalid(errors)
  const found = live.view(String(text))
  sendPage(context, reply, '"key":null,"token":null,"degraded":[],', found === undefined ? [] : [found], null)
}

function invalid(errors: readonly FieldError[]): FraudError {
  return new FraudError('INPUT_INVALID', 'Send { "key", "value" }, or { "text" }', { errors })
}
