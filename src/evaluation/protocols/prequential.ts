import { FraudError } from '../../core/errors.ts'
import type { Interval } from '../evaluation.ts'
import { bootstrapIntervals } from '../intervals.ts'
import { type Fold, type FoldPlan, makeFold, type ProtocolRows, showDay } from './fold.ts'
import { sizesOf } from './handbook.ts'
import { type Figures, judgeFold, meanOf, type ScoredTest, standardDeviationOf, type TrainAndScore } from './judge.ts'

export interface PrequentialPeriods extends FoldPlan {
  readonly folds: number
}

export interface PrequentialPlan extends PrequentialPeriods {
  /** Cards that are checked each day. */
  readonly k: number
  readonly seeds: readonly number[]
}

/** Money in major units: what the fraud of the test amounts to, and how much of it the daily alerts stopped. */
interface Money {
  readonly fraud: number
  readonly caught: number
  readonly shareCaught: number
}

interface PrequentialFold extends Figures {
  readonly start: string
  readonly testStart: string
  readonly trainingRows: number
  readonly trainingFrauds: number
  readonly testRows: number
  readonly testFrauds: number
  /** Of the first seed's model. */
  readonly intervals: { readonly rocAuc: Interval; readonly averagePrecision: Interval }
  readonly money?: Money
}

export interface PrequentialResult {
  readonly protocol: 'prequential'
  readonly learner: string
  readonly k: number
  readonly seeds: readonly number[]
  readonly folds: readonly PrequentialFold[]
  readonly mean: Figures
  readonly standardDeviation: Figures
}

const replicates = 200

/** Folds that end with the data and step back by the length of a test; the latest first. OPTION_INVALID where they don't fit. */
export function prequentialFolds(rows: ProtocolRows, plan: PrequentialPeriods): readonly Fold[] {
  const { times } = rows
  const first = times[0]
  const end = times[times.length - 1] + 1
  const { trainMs, delayMs, testMs, folds } = plan
  for (const [flag, lengthMs] of [
    ['--train', trainMs],
    ['--test', testMs],
  ] as const) {
    if (!(lengthMs > 0)) throw new FraudError('OPTION_INVALID', `${flag} must be longer than 0`)
  }
  const needed = trainMs + delayMs + testMs * folds
  if (end - first < needed) {
    const days = (ms: number) => `${Math.round(ms / 8_640_000) / 10} days`
    throw new FraudError(
      'OPTION_INVALID',
      `--train, --delay and ${folds} tests need ${days(needed)}, and the data reach from ${showDay(first)} to ` +
        `${showDay(end)}, ${days(end - first)}`,
    )
  }
  return Array.from({ length: folds }, (_, i) => makeFold(rows, end - testMs * (i + 1) - delayMs - trainMs, plan))
}

/**
 * Prequential evaluation: train, wait for labels, test, step on (Dal Pozzolo et al., 2018). Figures are the means over
 * seeds; intervals and money are those of the first seed.
 */
export async function runPrequential(
  rows: ProtocolRows,
  learner: string,
  trainAndScore: TrainAndScore,
  plan: PrequentialPlan,
  onProgress: (done: number, total: number) => void,
): Promise<PrequentialResult> {
  const folds = prequentialFolds(rows, plan)
  const results: PrequentialFold[] = []
  for (const fold of folds) {
    const tests: ScoredTest[] = []
    for (const seed of plan.seeds) {
      const scores = await trainAndScore(fold.train, fold.test, seed)
      tests.push(judgeFold(rows, fold, scores, plan.testMs, plan.k))
      onProgress(results.length * plan.seeds.length + tests.length, folds.length * plan.seeds.length)
    }
    const money = countMoney(rows, fold, tests[0])
    results.push({
      ...sizesOf(rows, fold),
      testStart: new Date(fold.testStartMs).toISOString(),
      ...meanOf(tests.map(({ figures }) => figures)),
      intervals: intervalsOf(tests[0], plan.seeds[0]),
      ...(money && { money }),
    })
  }
  return {
    protocol: 'prequential',
    learner,
    k: plan.k,
    seeds: plan.seeds,
    folds: results,
    mean: meanOf(results),
    standardDeviation: standardDeviationOf(results),
  }
}

function intervalsOf({ labels, scores, weights }: ScoredTest, seed: number): PrequentialFold['intervals'] {
  const predictions = new Uint8Array(labels.length)
  const input = { labels, scores, probabilities: scores, predictions, weights, seed, replicates }
  const { rocAuc, averagePrecision } = bootstrapIntervals(input)
  return { rocAuc, averagePrecision }
}

function countMoney({ amounts }: ProtocolRows, { test }: Fold, { labels, alerts }: ScoredTest): Money | undefined {
  if (amounts === undefined || alerts === undefined) return undefined
  let fraud = 0
  let caught = 0
  test.forEach((row, i) => {
    // A refund that is fraud costs nobody its amount.
    const amount = labels[i] * Math.max(0, amounts[row])
    fraud += amount
    caught += alerts.alerted[i] * amount
  })
  return { fraud, caught, shareCaught: caught / fraud }
}

/** A table for people. */
export function formatPrequential({ folds, mean, standardDeviation, k, learner }: PrequentialResult): string {
  const figure = (value: number) => (Number.isNaN(value) ? '-' : value.toFixed(4))
  const interval = ({ lower, upper }: Interval) => ` (${lower.toFixed(3)} to ${upper.toFixed(3)})`
  const money = (fold: PrequentialFold) =>
    fold.money === undefined ? '-' : `${(100 * fold.money.shareCaught).toFixed(1)} % of ${Math.round(fold.money.fraud)}`
  const lines = folds.map((fold) => [
    fold.testStart.slice(0, 10),
    `${fold.testRows.toLocaleString('en')} / ${fold.testFrauds}`,
    figure(fold.rocAuc) + interval(fold.intervals.rocAuc),
    figure(fold.averagePrecision) + interval(fold.intervals.averagePrecision),
    figure(fold.cardPrecision),
    money(fold),
  ])
  const summary = ['mean', '', ...Object.values(mean).map(figure), '']
  const spread = ['standard deviation', '', ...Object.values(standardDeviation).map(figure), '']
  const header = ['test from', 'rows / frauds', 'ROC AUC', 'average precision', `card precision@${k}`, 'fraud stopped']
  const rows = [header, ...lines, summary, spread]
  const widths = header.map((_, column) => Math.max(...rows.map((row) => row[column].length)) + 2)
  const body = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('')
      .trimEnd(),
  )
  return [learner, '', ...body].join('\n')
}
