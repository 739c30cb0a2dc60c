import { closestName } from '../../core/closest-name.ts'
import { type Detector, outcomes } from '../../core/detector-schema.ts'
import { type FieldError, FraudError } from '../../core/errors.ts'
import { readIsoTime } from '../../core/time-parser.ts'
import type { DecisionQuery } from '../../decisioning/decision-pages.ts'
import type { LiveService } from '../../scoring/live-service.ts'
import { readExplain } from '../explain-query.ts'
import type { App } from '../http-context.ts'

const mostPerPage = 500
const usualPerPage = 50
const filters = ['outcome', 'from', 'to', 'key', 'minScore', 'limit', 'cursor']

/** `GET /v1/decisions/{id}` and `GET /v1/decisions`: what was decided, one and many. */
export function decisionPageRoutes(app: App, live: LiveService): void {
  app.get<{ Params: { id: string } }>('/v1/decisions/:id', ({ params, query }, reply) => {
    const detail = live.find(params.id, readExplain(query))
    if (detail === undefined) {
      throw new FraudError('TRANSACTION_UNKNOWN', 'No decision of this id is in the log')
    }
    reply.header('cache-control', 'no-store').send(detail)
  })
  app.get('/v1/decisions', async ({ query }, reply) => {
    const { records, next } = await live.page(readQuery(query, live.live.detector, live))
    const cursor = next === null ? null : Buffer.from(`before:${next}`).toString('base64url')
    return reply.header('cache-control', 'no-store').send({ decisions: records, cursor })
  })
}

/** @throws FraudError INPUT_INVALID with every bad parameter. */
function readQuery(given: unknown, { transaction }: Detector, live: LiveService): DecisionQuery {
  const errors: FieldError[] = []
  const values = new Map<string, string>()
  for (const [name, value] of Object.entries(given ?? {})) {
    if (!filters.includes(name)) {
      const meant = closestName(name, filters)
      errors.push({
        field: name,
        reason: meant === undefined ? `is none of ${filters.join(', ')}` : `did you mean ${meant}?`,
      })
    } else if (typeof value !== 'string' || value === '')
      errors.push({ field: name, reason: 'is empty, or given more than once' })
    else values.set(name, value)
  }
  const read = <Value>(name: string, parse: (text: string) => Value | undefined, reason: string): Value | undefined => {
    const text = values.get(name)
    const value = text === undefined ? undefined : parse(text)
    if (text !== undefined && value === undefined) errors.push({ field: name, reason })
    return value
  }
  const outcome = read('outcome', (text) => outcomes.find((name) => name === text), `is one of ${outcomes.join(', ')}`)
  const fromMs = read('from', parseTime, 'is no ISO 8601 time')
  const toMs = read('to', parseTime, 'is no ISO 8601 time')
  const minScore = read('minScore', (text) => within(Number(text), 0, 1), 'is a number from 0 to 1')
  const limit = read('limit', (text) => wholeWithin(text, 1, mostPerPage), `is a whole number from 1 to ${mostPerPage}`)
  const before = read('cursor', parseCursor, 'is none that this service gave')
  const { keys = {} } = transaction
  const reason = `is written NAME:VALUE, and the names are ${Object.keys(keys).join(', ') || 'none'}`
  const field = read('key', (text) => parseKey(text, keys, live), reason)
  if (errors.length > 0) throw new FraudError('INPUT_INVALID', 'The query is not what this route takes', { errors })
  return {
    limit: limit ?? usualPerPage,
    ...(outcome !== undefined && { outcome }),
    ...(fromMs !== undefined && { fromMs }),
    ...(toMs !== undefined && { toMs }),
    ...(minScore !== undefined && { minScore }),
    ...(field !== undefined && { field }),
    ...(before !== undefined && { before }),
  }
}

function parseTime(text: string): number | undefined {
  const timestampMs = readIsoTime(text, () => 0)
  return Number.isNaN(timestampMs) ? undefined : timestampMs
}

function parseCursor(text: string): number | undefined {
  const found = /^before:(\d{1,15})$/.exec(Buffer.from(text, 'base64url').toString('latin1'))
  return found === null ? undefined : Number(found[1])
}

/** `customer:2765`; of a personal key the token is looked for. */
function parseKey(text: string, keys: Readonly<Record<string, string>>, live: LiveService): DecisionQuery['field'] {
  const end = text.indexOf(':')
  const name = text.slice(0, end)
  if (end < 1 || !Object.hasOwn(keys, name)) return undefined
  return { column: keys[name], value: live.keptValue(name, text.slice(end + 1)) }
}

function within(value: number, least: number, most: number): number | undefined {
  return value >= least && value <= most ? value : undefined
}

function wholeWithin(text: string, least: number, most: number): number | undefined {
  return /^\d+$/.test(text) ? within(Number(text), least, most) : undefined
}
