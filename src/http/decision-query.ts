import { type FieldError, FraudError } from '../core/errors.ts'
import { readNumber } from '../core/option-text.ts'
import { readIsoTime } from '../core/time-parser.ts'
import { outcomes } from '../detector/detector-schema.ts'
import type { DecisionQuery } from '../log/decision-pages.ts'
import { whyUnknown } from './known-query.ts'

const dayMs = 86_400_000
const mostPerPage = 500
const usualPerPage = 50
const filters = ['outcome', 'from', 'to', 'minScore', 'limit', 'cursor'] as const

/** Reads which decisions are asked for, from the parameters of a URL or the fields of a body. */
export class QueryReader {
  readonly errors: FieldError[] = []
  readonly #values = new Map<string, string>()

  /** @param names that may be given beside the filters. */
  constructor(given: object, names: readonly string[]) {
    const known: readonly string[] = [...names, ...filters]
    for (const [name, value] of Object.entries(given)) {
      const text = typeof value === 'number' ? String(value) : value
      if (!known.includes(name)) {
        this.errors.push({ field: name, reason: whyUnknown(name, known) })
      } else if (typeof text !== 'string' || text === '')
        this.errors.push({ field: name, reason: 'is empty, not text or a number, or given more than once' })
      else this.#values.set(name, text)
    }
  }

  /** What `parse` makes of a value; undefined where the value is missing or, with an error noted, bad. */
  read<Value>(name: string, parse: (text: string) => Value | undefined, reason: string): Value | undefined {
    const text = this.#values.get(name)
    const value = text === undefined ? undefined : parse(text)
    if (text !== undefined && value === undefined) this.errors.push({ field: name, reason })
    return value
  }

  /** @throws FraudError INPUT_INVALID with every bad value. */
  finish(field: DecisionQuery['field']): DecisionQuery {
    const outcome = this.read(
      'outcome',
      (text) => outcomes.find((name) => name === text),
      `is one of ${outcomes.join(', ')}`,
    )
    const fromMs = this.read('from', parseTime, 'is not an ISO 8601 time')
    const toMs = this.read('to', parseEnd, 'is not an ISO 8601 time')
    const minScore = this.read('minScore', (text) => within(readNumber(text), 0, 1), 'is a number from 0 to 1')
    const limitReason = `is a whole number from 1 to ${mostPerPage}`
    const limit = this.read('limit', (text) => wholeWithin(text, 1, mostPerPage), limitReason)
    const before = this.read('cursor', parseCursor, 'is not a value that this service returned')
    const { errors } = this
    if (errors.length > 0) throw new FraudError('INPUT_INVALID', 'The query is not valid for this route', { errors })
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
}

export function formatCursor(next: number | null): string | null {
  return next === null ? null : `before-${next}`
}

function parseCursor(text: string): number | undefined {
  const found = /^before-(\d{1,15})$/.exec(text)
  return found === null ? undefined : Number(found[1])
}

function parseTime(text: string): number | undefined {
  const timestampMs = readIsoTime(text, () => 0)
  return Number.isNaN(timestampMs) ? undefined : timestampMs
}

/** It is included, so a day alone is all of it. */
function parseEnd(text: string): number | undefined {
  const timestampMs = parseTime(text)
  return timestampMs !== undefined && text.length === 'YYYY-MM-DD'.length ? timestampMs + dayMs - 1 : timestampMs
}

function within(value: number, least: number, most: number): number | undefined {
  return value >= least && value <= most ? value : undefined
}

function wholeWithin(text: string, least: number, most: number): number | undefined {
  return /^\d+$/.test(text) ? within(Number(text), least, most) : undefined
}
