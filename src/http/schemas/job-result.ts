import { comparedModelSchema, pairedFigureSchema, setSchema, testedBasisSchema } from './backtest.ts'
import { object } from './decision.ts'

const text = { type: 'string' } as const
const number = { type: 'number' } as const
const whole = { type: 'integer', minimum: 0 } as const
const texts = { type: 'array', items: text } as const
const file = { ...text, description: 'In the data directory.' } as const
const open = { type: 'object', additionalProperties: true } as const
const interval = object({ lower: number, upper: number })

/** A result of a kind has more than these where its command prints more. */
const resultOf = (properties: Readonly<Record<string, unknown>>, optional: readonly string[] = []) => ({
  ...object(properties, optional),
  additionalProperties: true,
})

const training = resultOf(
  {
    ...{ bundle: text, out: file, report: file, warnings: texts },
    ...{ rows: whole, frauds: whole, averagePrecision: number, rocAuc: number, brier: number, threshold: number },
    intervals: { type: 'object', additionalProperties: interval, description: '95 %, by the name of the metric.' },
  },
  ['rows', 'frauds', 'averagePrecision', 'rocAuc', 'brier', 'threshold', 'intervals'],
)
const imported = resultOf(
  { bundle: text, out: file, library: text, features: texts, trees: whole, treesInFile: whole, unexplained: text },
  ['trees', 'treesInFile', 'unexplained'],
)
const optimised = resultOf({ out: file, rows: whole, frauds: whole, days: number, policy: open })
const tested = resultOf(
  {
    focus: object({ kind: text, id: text, name: text }, ['id', 'name']),
    ...{ basis: testedBasisSchema, all: setSchema, tested: setSchema, notes: texts, out: file, report: file },
  },
  ['tested'],
)
const compared = resultOf({
  ...{ a: comparedModelSchema, b: comparedModelSchema, basis: testedBasisSchema, transactions: whole, notes: texts },
  metrics: {
    type: ['object', 'null'],
    additionalProperties: pairedFigureSchema,
    description: 'By the name of the metric; null where a side has no scores, or no labels are known.',
  },
  ...{ out: file, report: file },
})

/** What a job of each kind leaves: what its command prints as JSON, of a backtest and a comparison what decides. */
export const jobResultSchemas = {
  TrainingResult: training,
  ImportResult: imported,
  OptimisationResult: optimised,
  BacktestResult: tested,
  ComparisonResult: compared,
} as const
