import { FraudError } from '../../core/errors.ts'
import { averagePrecision, rocAuc } from '../metrics.ts'
import { type HandbookConfiguration, type HandbookFigures, handbookMetrics } from './book-figures.ts'
import { alertDaily, cardPrecisionAtK, dayMs } from './card-precision.ts'
import { countFrauds, describeExtent, type FoldRows, foldPeriod, isoTime, splitFold } from './fold-split.ts'
import { type ProtocolRows, pick, type TrainAndScore } from './protocol-rows.ts'
import { meanOf, populationDeviation } from './spread.ts'

/** Training begins then on chapter 3's fold, which is also the earliest of chapter 5's four. */
export const handbookBaseStart = Date.UTC(2018, 6, 25)
export const handbookStarts: readonly number[] = [21, 14, 7, 0].map((days) => handbookBaseStart + days * dayMs)

const lengths = { trainMs: 7 * dayMs, delayMs: 7 * dayMs, testMs: 7 * dayMs }
const k = 100

export interface HandbookFold extends HandbookFigures {
  readonly trainFrom: string
  readonly train: { readonly rows: number; readonly frauds: number }
  readonly test: { readonly rows: number; readonly frauds: number }
}

/** Ours minus the book's. */
type Difference = { readonly base?: HandbookFigures; readonly mean?: HandbookFigures }

export interface HandbookResult extends Omit<HandbookConfiguration, 'book'> {
  readonly seeds: readonly number[]
  readonly base: HandbookFigures
  /** The latest first, as in the book; each figure is the mean over the seeds. */
  readonly folds: readonly HandbookFold[]
  readonly mean: HandbookFigures
  /** Over the folds as a whole population. */
  readonly standardDeviation: HandbookFigures
  readonly book: HandbookConfiguration['book']
  readonly difference: Difference
}

/** The rows of a fold by the book: a label is known seven days after its transaction, whatever the detector says. */
export function handbookSplit(rows: ProtocolRows, trainFrom: number): FoldRows {
  const { times, labels, cards } = rows
  if (cards === undefined) {
    throw new FraudError('DATA_INVALID', 'The handbook judges alerts by customer, and the detector has no keys')
  }
  return splitFold({ times, labels, cards }, foldPeriod(trainFrom, lengths))
}

/** AUC ROC and average precision over all rows of the seven test days, and Card Precision@100. */
function judge(rows: ProtocolRows, test: Uint32Array, firstMs: number, scores: Float64Array): HandbookFigures {
  const labels = Uint8Array.from(test, (row) => rows.labels[row])
  const cards = Int32Array.from(test, (row) => rows.cards?.[row] ?? -1)
  const days = alertDaily({ labels, scores, cards, times: pick(rows.times, test) }, firstMs, k)
  return {
    rocAuc: rocAuc(labels, scores),
    averagePrecision: averagePrecision(labels, scores),
    cardPrecision: cardPrecisionAtK(days, k),
  }
}

export async function runHandbookFold(
  rows: ProtocolRows,
  trainFrom: number,
  seeds: readonly number[],
  trainAndScore: TrainAndScore,
): Promise<HandbookFold> {
  const { train, test } = handbookSplit(rows, trainFrom)
  const counts = {
    train: { rows: train.length, frauds: countFrauds(rows.labels, train) },
    test: { rows: test.length, frauds: countFrauds(rows.labels, test) },
  }
  const { testFrom, testTo } = foldPeriod(trainFrom, lengths)
  if (counts.train.frauds === 0 || counts.test.frauds === 0) {
    throw new FraudError(
      'DATA_INVALID',
      `The handbook's fold from ${isoTime(trainFrom)} to ${isoTime(testTo)} needs frauds to train and test on, and has ` +
        `${counts.train.frauds} and ${counts.test.frauds}: ${describeExtent(rows)}`,
    )
  }
  const bySeed: HandbookFigures[] = []
  for (const seed of seeds) bySeed.push(judge(rows, test, testFrom, await trainAndScore(train, test, seed)))
  return { trainFrom: isoTime(trainFrom), ...counts, ...summarise(bySeed, meanOf) }
}

/** One learner over the four folds, held against the book. */
export async function runHandbook(
  rows: ProtocolRows,
  { book, ...configuration }: HandbookConfiguration,
  seeds: readonly number[],
  trainAndScore: TrainAndScore,
): Promise<HandbookResult> {
  const folds: HandbookFold[] = []
  for (const start of handbookStarts) folds.push(await runHandbookFold(rows, start, seeds, trainAndScore))
  const base = summarise([folds[handbookStarts.indexOf(handbookBaseStart)]], meanOf)
  const mean = summarise(folds, meanOf)
  return {
    ...configuration,
    seeds,
    base,
    folds,
    mean,
    standardDeviation: summarise(folds, populationDeviation),
    book,
    difference: {
      ...(book.base && { base: subtract(base, book.base) }),
      ...(book.mean && { mean: subtract(mean, book.mean) }),
    },
  }
}

function summarise(
  all: readonly HandbookFigures[],
  summary: (values: readonly number[]) => number,
): HandbookFigures {
  const [auc, precision, card] = handbookMetrics.map((metric) => summary(all.map((figures) => figures[metric])))
  return { rocAuc: auc, averagePrecision: precision, cardPrecision: card }
}

function subtract(ours: HandbookFigures, theirs: HandbookFigures): HandbookFigures {
  return {
    rocAuc: ours.rocAuc - theirs.rocAuc,
    averagePrecision: ours.averagePrecision - theirs.averagePrecision,
    cardPrecision: ours.cardPrecision - theirs.cardPrecision,
  }
}
