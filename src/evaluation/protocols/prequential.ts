import { FraudError } from '../../core/errors.ts'
import { option, optionInvalid } from '../../core/option.ts'
import { wilsonInterval } from '../../core/wilson-interval.ts'
import type { Interval } from '../evaluation.ts'
import { bootstrapIntervals } from '../intervals.ts'
import { shareInterval } from '../share-interval.ts'
import { dayMs, type Fold, type FoldPlan, makeFold, type ProtocolRows, showDay } from './fold.ts'
import { sizesOf } from './handbook.ts'
import {
  type Figures,
  meanOf,
  measureFold,
  type ScoredTest,
  standardDeviationOf,
  type TrainAndScore,
} from './measure-fold.ts'

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
  /** NaN where the fraud amounts to nothing. */
  readonly shareCaught: number
  readonly interval: Interval
}

interface FoldIntervals {
  readonly rocAuc: Interval
  readonly averagePrecision: Interval
  /** Missing without cards. */
  readonly cardPrecision?: Interval
}

interface PrequentialFold extends Figures {
  readonly start: string
  readonly testStart: string
  readonly trainingRows: number
  readonly trainingFrauds: number
  readonly testRows: number
  readonly testFrauds: number
  /** 95 %: of the models of one seed each, the mean of their ends. */
  readonly intervals: FoldIntervals
  /** The figures of the first seed's model. */
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

/**
 * Folds that end with the data and step back by the length of a test; the latest first. OPTION_INVALID where they don't
 * fit.
 */
export function prequentialFolds(rows: ProtocolRows, plan: PrequentialPeriods): readonly Fold[] {
  const { times } = rows
  const first = times[0]
  const end = times[times.length - 1] + 1
  const { trainMs, delayMs, testMs, folds } = plan
  for (const [name, lengthMs] of [
    ['train', trainMs],
    ['test', testMs],
  ] as const) {
    if (!(lengthMs > 0)) throw optionInvalid(name, 'must be longer than 0')
  }
  const needed = trainMs + delayMs + testMs * folds
  if (end - first < needed) {
    const days = (ms: number) => `${Math.round(ms / 8_640_000) / 10} days`
    throw new FraudError(
      'OPTION_INVALID',
      `${option('train')}, ${option('delay')} and ${folds} tests need ${days(needed)}, and the data cover ${showDay(first)} to ` +
        `${showDay(end)}, ${days(end - first)}`,
    )
  }
  return Array.from({ length: folds }, (_, i) => makeFold(rows, end - testMs * (i + 1) - delayMs - trainMs, plan))
}

/**
 * Prequential evaluation: train, wait for labels, test, step on (Dal Pozzolo et al., 2018). Figures are the means over
 * seeds, and so are the ends of intervals; money is that of the first seed.
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
      tests.push(measureFold(rows, fold, scores, plan.testMs, plan.k))
      onProgress(results.length * plan.seeds.length + tests.length, folds.length * plan.seeds.length)
    }
    const money = countMoney(rows, fold, tests[0])
    results.push({
      ...sizesOf(rows, fold),
      testStart: new Date(fold.testStartMs).toISOString(),
      ...meanOf(tests.map(({ figures }) => figures)),
      intervals: meanIntervals(tests.map((test, i) => intervalsOf(test, plan, plan.seeds[i]))),
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

function intervalsOf(test: ScoredTest, { testMs, k }: PrequentialPlan, seed: number): FoldIntervals {
  const { labels, rawScores: scores, weights, figures, alerts } = test
  const { rocAuc, averagePrecision } = bootstrapIntervals({
    labels,
    rawScores: scores,
    probabilities: scores,
    weights,
    seed,
    replicates,
  })
  const checked = k * Math.ceil(testMs / dayMs)
  return {
    rocAuc,
    averagePrecision,
    ...(alerts && { cardPrecision: wilsonInterval(figures.cardPrecision * checked, checked) }),
  }
}

function meanIntervals(intervals: readonly FoldIntervals[]): FoldIntervals {
  const mean = (of: (each: FoldIntervals) => Interval | undefined): Interval => {
    const found = intervals.map(of).filter((interval) => interval !== undefined)
    const meanEnd = (end: keyof Interval) => found.reduce((sum, interval) => sum + interval[end], 0) / found.length
    return { lower: meanEnd('lower'), upper: meanEnd('upper') }
  }
  return {
    rocAuc: mean(({ rocAuc }) => rocAuc),
    averagePrecision: mean(({ averagePrecision }) => averagePrecision),
    ...(intervals[0].cardPrecision && { cardPrecision: mean(({ cardPrecision }) => cardPrecision) }),
  }
}

function countMoney({ amounts }: ProtocolRows, { test }: Fold, { labels, alerts }: ScoredTest): Money | undefined {
  if (amounts === undefined || alerts === undefined) return undefined
  const sums = { caught: 0, missed: 0 }
  const squares = { caught: 0, missed: 0 }
  test.forEach((row, i) => {
    // A refund that is fraud costs nobody its amount.
    const amount = labels[i] * Math.max(0, amounts[row])
    const shares = { caught: alerts.alerted[i], missed: 1 - alerts.alerted[i] }
    for (const part of ['caught', 'missed'] as const) {
      sums[part] += shares[part] * amount
      squares[part] += shares[part] * amount * amount
    }
  })
  const fraud = sums.caught + sums.missed
  const usual = (squares.caught + squares.missed) / fraud
  const interval = shareInterval(
    { sum: sums.caught, squares: squares.caught },
    { sum: sums.missed, squares: squares.missed },
    { part: usual, rest: usual },
  )
  return { fraud, caught: sums.caught, shareCaught: sums.caught / fraud, interval }
}

/** A table for people. */
export function formatPrequential({ folds, mean, standardDeviation, k, learner }: PrequentialResult): string {
  const figure = (value: number) => (Number.isNaN(value) ? '-' : value.toFixed(4))
  const interval = (of: Interval | undefined) =>
    of === undefined ? '' : ` (${of.lower.toFixed(3)} to ${of.upper.toFixed(3)})`
  const money = (fold: PrequentialFold) =>
    fold.money === undefined || fold.money.fraud === 0
      ? '-'
      : `${(100 * fold.money.shareCaught).toFixed(1)} % of ${Math.round(fold.money.fraud)}` +
        ` (${(100 * fold.money.interval.lower).toFixed(0)} to ${(100 * fold.money.interval.upper).toFixed(0)})`
  const lines = folds.map((fold) => [
    fold.testStart.slice(0, 10),
    `${fold.testRows.toLocaleString('en')} / ${fold.testFrauds}`,
    figure(fold.rocAuc) + interval(fold.intervals.rocAuc),
    figure(fold.averagePrecision) + interval(fold.intervals.averagePrecision),
    figure(fold.cardPrecision) + interval(fold.intervals.cardPrecision),
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
