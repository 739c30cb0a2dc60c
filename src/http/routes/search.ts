import type { FastifyReply } from 'fastify'
import { type FieldError, FraudError } from '../../core/errors.ts'
import { type JsonItem, readJson } from '../../core/json-text.ts'
import { isRecord, kindOf } from '../../core/json-value.ts'
import { refuseRepeated } from '../../deciding/refuse-repeated.ts'
import { answerBody } from '../answer-body.ts'
import { smallBody } from '../body.ts'
import { QueryReader } from '../decision-query.ts'
import type { DecidingContext, Route } from '../route.ts'
import { jsonAnswer, jsonBody, ref } from '../schemas/parts.ts'
import { usual } from '../schemas/refused.ts'
import { sendDecisions } from '../send-decisions.ts'

const isCard = new FraudError('CARD_NUMBER_REFUSED', 'Card numbers are not accepted', {
  errors: [{ field: 'value', reason: 'holds digits that are a valid card number; send a token instead' }],
})

/**
 * `POST /v1/search`: the decisions of a key's value, or of a transaction's id. A card number or a person is in the body,
 * never in a URL, and is replaced as it is in a transaction before anything is looked for.
 */
export const searchDecisions: Route<DecidingContext> = {
  method: 'POST',
  path: '/v1/search',
  role: 'analyst',
  summary: "Find decisions by the value of a key or by a transaction's id",
  bounds: ['load', 'answers'],
  operationId: 'search',
  tag: 'decisions',
  details:
    'Card numbers and personal values are replaced as in a transaction before the search, and are never in a URL.',
  body: () => jsonBody({ oneOf: [ref('KeySearch'), ref('TextSearch')] }, { text: 't-1' }),
  answers: { ok: jsonAnswer('A page of decisions, newest first.', ref('SearchPage')), refusals: [...usual, isCard] },
  handle: (context) => {
    const bodyLimits = smallBody(context)
    return ({ raw }, reply) => {
      answerBody(bodyLimits, raw, reply, (body) => search(context, readJson(body, 'body', searchNames), reply))
    }
  },
}

/** Names of a body: two that say what is looked for, the filters, and a few misspelt ones. */
const searchNames = 16

async function search(
  context: DecidingContext,
  { value: given, repeated }: JsonItem,
  reply: FastifyReply,
): Promise<undefined> {
  const { decisions } = context
  refuseRepeated(repeated)
  if (!isRecord(given)) throw invalid([{ field: '(body)', reason: `is ${kindOf(given)}, where an object is required` }])
  if (given.text !== undefined) return sendById(context, given, reply)
  const { key, value, ...filters } = given
  const reader = new QueryReader(filters, ['key', 'value', 'text'])
  const { keys = {} } = decisions.inForce.detector.transaction
  const names = Object.keys(keys).join(', ') || 'none'
  const isKey = typeof key === 'string' && Object.hasOwn(keys, key)
  if (!isKey) reader.errors.push({ field: 'key', reason: `must be one of ${names}` })
  const isValue = (typeof value === 'string' && value !== '') || typeof value === 'number'
  if (!isValue) reader.errors.push({ field: 'value', reason: 'must be text or a whole number' })
  const token = isKey && isValue ? decisions.keptValue(key, value) : undefined
  const query = reader.finish(isKey ? { column: keys[key], value: token ?? '' } : undefined)
  const found = token === undefined ? { records: [], next: null } : await decisions.page(query)
  const degraded = isKey && decisions.mayHoldInClear(key) ? '["plain-records-unsearched"]' : '[]'
  const first = `"key":${JSON.stringify(key)},"token":${JSON.stringify(token ?? null)},"degraded":${degraded},`
  sendDecisions(context, reply, first, found.records, found.next)
}

async function sendById(
  context: DecidingContext,
  { text, ...others }: Readonly<Record<string, unknown>>,
  reply: FastifyReply,
): Promise<undefined> {
  const errors = Object.keys(others).map((field) => ({ field, reason: 'does not go with text' }))
  if (typeof text !== 'string' || text === '') errors.push({ field: 'text', reason: 'must be the id of a transaction' })
  if (errors.length > 0) throw invalid(errors)
  const found = await context.decisions.view(String(text))
  sendDecisions(context, reply, '"key":null,"token":null,"degraded":[],', found === undefined ? [] : [found], null)
}

function invalid(errors: readonly FieldError[]): FraudError {
  return new FraudError('INPUT_INVALID', 'Send { "key", "value" }, or { "text" }', { errors })
}
