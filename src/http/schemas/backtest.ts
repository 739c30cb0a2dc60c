import { outcomes } from '../../detector/detector-schema.ts'
import { object, time } from './decision.ts'

const text = { type: 'string' } as const
const number = { type: 'number' } as const
const whole = { type: 'integer', minimum: 0 } as const
const maybe = (type: string) => ({ type: [type, 'null'] })
const maybeTime = { type: ['string', 'null'], format: 'date-time' } as const
const outcome = { type: 'string', enum: outcomes } as const
const list = (items: object, description?: string) => ({ type: 'array', items, ...(description && { description }) })
const orNull = (schema: object) => ({ anyOf: [schema, { type: 'null' }] })
const byName = (names: readonly string[], schema: object) =>
  object(Object.fromEntries(names.map((name) => [name, schema])))

const share = {
  ...object({ value: maybe('number'), lower: number, upper: number, basis: text }),
  description: 'With its 95 % interval; without a value where only bounds are known.',
}
const value = {
  ...orNull(object({ caught: number, lost: number, unknown: number })),
  description: 'Money in major units of frauds, of legitimate transactions, and of those of which nothing is known.',
}
const known = { transactions: whole, frauds: whole, legitimate: whole, unknown: whole }
const set = { ...known, share: number, young: whole, precision: share, recall: share, value }
/** A set of transactions, and what is known of them. */
export const setSchema = object(set)
const cost = orNull(object({ known: number, atLeast: number, atMost: number, unpriced: whole }))
const trial = { type: 'string', enum: ['inForce', 'tested', 'compared'] } as const

const ruleResult = object({
  ...{ id: text, state: text, then: text, ...set },
  decisive: object({ ...known, value }),
  ...{ undrawn: whole, snoozed: whole, fused: whole, unknownConditions: whole },
})
const side = object({
  name: trial,
  outcomes: byName(outcomes, object(set)),
  ...{ focus: object(set), cost, rules: list(ruleResult), lists: list(object({ name: text, ...set })) },
})
const some = (names: readonly string[], schema: object) =>
  object(Object.fromEntries(names.map((name) => [name, schema])), names)
const example = object({
  ...{ id: text, sequence: whole, at: time, amount: maybe('number'), score: maybe('number'), truth: text },
  happened: { type: ['string', 'null'], enum: [...outcomes, null] },
  outcomes: some(trial.enum, outcome),
})
const truths = ['fraud', 'legitimate', 'unknown', 'young']
const counts = byName(outcomes, whole)
const day = object({
  ...{ day: text, transactions: whole, frauds: whole, hits: byName(truths, whole) },
  happened: orNull(counts),
  outcomes: some(trial.enum, counts),
})
export const testedBasisSchema = object({
  ...{ source: text, through: maybe('integer'), policy: maybe('integer'), matureUntil: maybeTime },
  ...{ recomputed: whole, recomputedFor: list(text), inOrder: { type: 'boolean' } },
})

/** What `shrike backtest --json` prints. */
export const backtestFiguresSchema = object({
  focus: object({ kind: { type: 'string', enum: ['rule', 'list', 'stopped'] }, id: text, name: text }, ['id', 'name']),
  ...{ all: object(set), from: maybeTime, to: maybeTime },
  happened: orNull(object({ outcomes: byName(outcomes, object(set)), cost })),
  sides: list(side),
  changes: list(
    object({
      from: { type: 'string', enum: ['happened', ...trial.enum] },
      to: trial,
      cells: list(object({ from: outcome, to: outcome, ...set })),
    }),
    'Outcome by outcome; only cells that have transactions.',
  ),
  overlap: list(object({ rule: text, other: text, both: whole, share: number })),
  days: list(day),
  examples: byName([...truths, 'changed'], list(example)),
  ...{ basis: testedBasisSchema, notes: list(text) },
})

export const comparedModelSchema = object({ id: text, threshold: maybe('number'), unscored: whole })
const truthCounts = { ...known, young: whole, amount: maybe('number') }
const both = (schema: object) => object({ a: schema, b: schema })
/** A metric of both models, and the second's less the first's with its 95 % interval; null where it is not defined. */
export const pairedFigureSchema = object({
  ...{ a: maybe('number'), b: maybe('number') },
  difference: orNull(object({ value: number, lower: number, upper: number })),
})
const calibration = object({
  ratio: number,
  bins: list(object({ predicted: number, observed: number, lower: number, upper: number, rows: whole })),
})

/** What `shrike models compare --json` prints. */
export const comparisonFiguresSchema = object({
  ...{
    a: comparedModelSchema,
    b: comparedModelSchema,
    basis: testedBasisSchema,
    from: maybeTime,
    to: maybeTime,
    transactions: whole,
  },
  scores: orNull(
    object({
      ...{ transactions: whole, pearson: maybe('number'), spearman: maybe('number') },
      quantiles: list(object({ share: number, difference: number })),
      tenths: list(
        object({ from: number, to: number, transactions: whole, meanA: number, meanB: number, frauds: whole }),
      ),
      points: list(object({ a: number, b: number, isFraud: { type: 'boolean' } })),
    }),
  ),
  outcomes: list(object({ a: outcome, b: outcome, ...truthCounts })),
  labels: orNull(
    object({
      ...{ transactions: whole, frauds: whole, unit: text, units: whole, replicates: whole, seed: number },
      metrics: { type: 'object', additionalProperties: pairedFigureSchema, description: 'By the name of the metric.' },
      calibration: both(calibration),
    }),
  ),
  contributions: orNull({ type: 'object', additionalProperties: true }),
  segments: list(
    object({
      ...{ name: text, differing: whole, ...truthCounts, stopped: both(whole) },
      averagePrecision: orNull(both(number)),
    }),
  ),
  notes: list(text),
})
