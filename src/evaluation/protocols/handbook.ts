import { FraudError } from '../../core/errors.ts'
import { option } from '../../core/option.ts'
import { type BookRow, bookRows, freeRow } from './book-figures.ts'
import { dayMs, type Fold, type FoldPlan, makeFold, type ProtocolRows, showDay } from './fold.ts'
import { type Figures, meanOf, measureFold, standardDeviationOf, type TrainAndScore } from './measure-fold.ts'

const week = 7 * dayMs
/** Training, delay and test last a week each. */
const plan: FoldPlan = { trainMs: week, delayMs: week, testMs: week, removesKnown: true }
const freeTrainMs = 8 * week
const alertsPerDay = 100
const baseStart = Date.UTC(2018, 6, 25)
/** The latest first; the base fold is the last of them. */
const foldStarts = [3, 2, 1, 0].map((weeks) => baseStart + weeks * week)

interface HandbookRow {
  readonly learner: string
  readonly seeds: readonly number[]
  /** One for each fold: the mean over the seeds. */
  readonly folds: readonly Figures[]
  readonly baseFold: Figures
  readonly mean: Figures
  readonly standardDeviation: Figures
  readonly book: Pick<BookRow, 'baseFold' | 'fourFolds'>
}

export interface HandbookResult {
  readonly protocol: 'handbook'
  readonly folds: readonly FoldSizes[]
  readonly learners: readonly HandbookRow[]
}

export interface FoldSizes {
  readonly start: string
  readonly trainingRows: number
  readonly trainingFrauds: number
  readonly testRows: number
  readonly testFrauds: number
}

/** The four folds of the book's model selection on test periods; the last is the base fold of chapter 3. */
export function handbookFolds(rows: ProtocolRows): readonly Fold[] {
  const { times, labels, cards } = rows
  const end = foldStarts[0] + plan.trainMs + plan.delayMs + plan.testMs
  if (cards === undefined || times[0] > baseStart || times[times.length - 1] < end - dayMs) {
    throw new FraudError(
      'DATA_INVALID',
      `The handbook's protocol needs its own data, transactions of customers from ${showDay(baseStart)} to ` +
        `${showDay(end - 1)} at least; these reach from ${showDay(times[0])} to ${showDay(times[times.length - 1])}. ` +
        `For others there is ${option('protocol')} prequential`,
    )
  }
  return foldStarts.map((start) => makeFold({ times, labels, cards }, start, plan))
}

/** The same tests, each with eight weeks of training that end when the book's week ends. */
function freeFolds(rows: ProtocolRows): readonly Fold[] {
  return handbookFolds(rows).map((fold) => {
    const trainEnd = fold.startMs + plan.trainMs
    const startMs = trainEnd - freeTrainMs
    const isTraining = (time: number) => time >= startMs && time < trainEnd
    return { ...fold, startMs, train: Uint32Array.from(rows.times.keys()).filter((row) => isTraining(rows.times[row])) }
  })
}

/** The handbook's tests without its limits on what may be learned from. */
export function runFree(
  rows: ProtocolRows,
  trainAndScore: TrainAndScore,
  seeds: readonly number[],
  onProgress: (done: number, total: number) => void,
): Promise<HandbookResult> {
  return measureLearners(rows, freeFolds(rows), [{ ...freeRow, trainAndScore }], seeds, onProgress)
}

/**
 * The protocol of the Fraud Detection Handbook, chapters 3 and 5, for the learners that it prints figures of.
 *
 * @param trainerFor the training function of a learner.
 * @param seeds of the models whose mean a figure is; trees draw among equal splits, too.
 */
export function runHandbook(
  rows: ProtocolRows,
  trainerFor: (row: BookRow) => TrainAndScore,
  seeds: readonly number[],
  onProgress: (done: number, total: number) => void,
): Promise<HandbookResult> {
  const contestants = bookRows.map((row) => ({ ...row, trainAndScore: trainerFor(row) }))
  return measureLearners(rows, handbookFolds(rows), contestants, seeds, onProgress)
}

interface Contestant extends Pick<BookRow, 'name' | 'baseFold' | 'fourFolds'> {
  readonly trainAndScore: TrainAndScore
}

async function measureLearners(
  rows: ProtocolRows,
  folds: readonly Fold[],
  contestants: readonly Contestant[],
  seeds: readonly number[],
  onProgress: (done: number, total: number) => void,
): Promise<HandbookResult> {
  const total = contestants.length * folds.length * seeds.length
  let done = 0
  const learners: HandbookRow[] = []
  for (const row of contestants) {
    const { trainAndScore } = row
    const figures: Figures[] = []
    for (const fold of folds) {
      const bySeed: Figures[] = []
      for (const seed of seeds) {
        const scores = await trainAndScore(fold.train, fold.test, seed)
        bySeed.push(measureFold(rows, fold, scores, plan.testMs, alertsPerDay).figures)
        onProgress(++done, total)
      }
      figures.push(meanOf(bySeed))
    }
    const { baseFold, fourFolds } = row
    learners.push({
      learner: row.name,
      seeds,
      folds: figures,
      baseFold: figures[figures.length - 1],
      mean: meanOf(figures),
      standardDeviation: standardDeviationOf(figures),
      book: { ...(baseFold && { baseFold }), ...(fourFolds && { fourFolds }) },
    })
  }
  return { protocol: 'handbook', folds: folds.map((fold) => sizesOf(rows, fold)), learners }
}

export function sizesOf({ labels }: ProtocolRows, { startMs, train, test }: Fold): FoldSizes {
  const frauds = (part: Uint32Array) => part.reduce((sum, row) => sum + labels[row], 0)
  return {
    start: new Date(startMs).toISOString(),
    trainingRows: train.length,
    trainingFrauds: frauds(train),
    testRows: test.length,
    testFrauds: frauds(test),
  }
}

/** A table for people: ours, the book's, and the difference. */
export function formatHandbook({ folds, learners }: HandbookResult): string {
  const base = folds[folds.length - 1]
  const count = (value: number) => value.toLocaleString('en')
  const lines = [
    `base fold: trained on ${count(base.trainingRows)} rows with ${base.trainingFrauds} frauds, tested on ` +
      `${count(base.testRows)} with ${base.testFrauds}`,
  ]
  const section = (title: string, pick: (row: HandbookRow) => readonly [Figures, Figures | undefined, Figures?]) => {
    lines.push('', title, `${''.padEnd(38)}ROC AUC                average precision      card precision@100`)
    for (const row of learners) {
      const [ours, book, spread] = pick(row)
      if (book === undefined) continue
      lines.push(`${row.learner.padEnd(38)}${cells(ours, spread)}`)
      lines.push(`${'  the book'.padEnd(38)}${cells(book)}`)
      lines.push(`${'  difference'.padEnd(38)}${cells(minus(ours, book))}`)
    }
  }
  if (learners.some(({ book }) => book.baseFold !== undefined))
    section('base fold (chapter 3)', ({ baseFold, book }) => [baseFold, book.baseFold])
  section('four folds, mean and standard deviation (chapter 5)', ({ mean, standardDeviation, book }) => [
    mean,
    book.fourFolds,
    standardDeviation,
  ])
  return lines.join('\n')
}

function minus(ours: Figures, book: Figures): Figures {
  return {
    rocAuc: ours.rocAuc - book.rocAuc,
    averagePrecision: ours.averagePrecision - book.averagePrecision,
    cardPrecision: ours.cardPrecision - book.cardPrecision,
  }
}

function cells(figures: Figures, spread?: Figures): string {
  const cell = (value: number, by: number | undefined) =>
    `${value.toFixed(4).padStart(7)}${by === undefined ? '' : ` ± ${by.toFixed(4)}`}`.padEnd(23)
  return [
    cell(figures.rocAuc, spread?.rocAuc),
    cell(figures.averagePrecision, spread?.averagePrecision),
    cell(figures.cardPrecision, spread?.cardPrecision),
  ]
    .join('')
    .trimEnd()
}
