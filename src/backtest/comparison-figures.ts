import { type Outcome, outcomes } from '../detector/detector-schema.ts'
import { calibrationCurve } from '../evaluation/curves.ts'
import { quantile } from '../evaluation/intervals.ts'
import { averagePrecision, calibrationRatio } from '../evaluation/metrics.ts'
import { type PairedFigure, type PairedMetric, pairedFigures } from '../evaluation/paired-bootstrap.ts'
import { type PredictionThreshold, predictsFraud } from '../models/prediction-threshold.ts'
import { rankScores } from '../models/ranking.ts'
import type { Truth } from './case.ts'
import type { PairedRow } from './paired-rows.ts'

/** Transactions by the tenths of the first model's scores; equal scores stay together. */
interface ScoreTenth {
  readonly from: number
  readonly to: number
  readonly transactions: number
  readonly meanA: number
  readonly meanB: number
  readonly frauds: number
}

export interface ScoreFigures {
  /** Transactions that both models score. */
  readonly transactions: number
  /** Null where a model gives all the same score. */
  readonly pearson: number | null
  readonly spearman: number | null
  /** Of the second's score less the first's. */
  readonly quantiles: readonly { readonly share: number; readonly difference: number }[]
  readonly tenths: readonly ScoreTenth[]
  /** Some of the transactions, evenly taken, and more of the frauds, for a picture. */
  readonly points: readonly ScorePoint[]
}

interface ScorePoint {
  readonly a: number
  readonly b: number
  readonly isFraud: boolean
}

/** What became of some transactions, as far as it is known. */
interface TruthCounts {
  readonly transactions: number
  /** In major units, of those with an amount; null where sums of amounts mean nothing. */
  readonly amount: number | null
  readonly frauds: number
  readonly legitimate: number
  readonly unknown: number
  readonly young: number
}

export interface OutcomeCell extends TruthCounts {
  readonly a: Outcome
  readonly b: Outcome
}

interface Calibration {
  /** Mean score over the share of fraud. */
  readonly ratio: number
  readonly bins: readonly {
    readonly predicted: number
    readonly observed: number
    readonly lower: number
    readonly upper: number
    readonly rows: number
  }[]
}

export interface LabelFigures {
  readonly transactions: number
  readonly frauds: number
  /** What they count for, where a control group let some of them pass in place of others that were declined. */
  readonly weighted?: { readonly transactions: number; readonly frauds: number }
  /** What is drawn together, and how many of these there are. */
  readonly unit: PairedUnit
  readonly units: number
  readonly replicates: number
  readonly seed: number
  readonly metrics: Readonly<Record<PairedMetric, PairedFigure>>
  readonly calibration: { readonly a: Calibration; readonly b: Calibration }
}

export type PairedUnit = 'transaction' | 'day'

export interface SegmentFigures extends TruthCounts {
  readonly name: string
  readonly differing: number
  /** Not approved. */
  readonly stopped: { readonly a: number; readonly b: number }
  /** Null where a segment does not have both classes. */
  readonly averagePrecision: { readonly a: number; readonly b: number } | null
}

const shares = [0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1]
const dayMs = 86_400_000

const isScored = ({ scores }: PairedRow) => !scores.some(Number.isNaN)
const isLabelled = (row: PairedRow) =>
  row.weight > 0 && isScored(row) && (row.truth === 'fraud' || row.truth === 'legitimate')
const scoresOf = (rows: readonly PairedRow[], side: 0 | 1) => Float64Array.from(rows, ({ scores }) => scores[side])
const labelsOf = (rows: readonly PairedRow[]) => Uint8Array.from(rows, ({ truth }) => (truth === 'fraud' ? 1 : 0))
const weightsOf = (rows: readonly PairedRow[]) =>
  rows.some(({ weight }) => weight !== 1) ? Float64Array.from(rows, ({ weight }) => weight) : undefined
const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length

/** Null where there is no transaction that both score. */
export function scoreFigures(all: readonly PairedRow[]): ScoreFigures | null {
  const rows = all.filter(isScored)
  if (rows.length === 0) return null
  const [a, b] = [scoresOf(rows, 0), scoresOf(rows, 1)]
  const differences = b.map((value, i) => value - a[i]).sort()
  return {
    ...{ transactions: rows.length, pearson: correlation(a, b), spearman: correlation(ranksOf(a), ranksOf(b)) },
    quantiles: shares.map((share) => ({ share, difference: quantile(differences, share) })),
    tenths: tenthsOf(rows),
    points: pointsOf(rows),
  }
}

const mostPoints = 600

function pointsOf(rows: readonly PairedRow[]): readonly ScorePoint[] {
  const frauds = rows.filter(({ truth }) => truth === 'fraud')
  const others = rows.filter(({ truth }) => truth !== 'fraud')
  const some = (all: readonly PairedRow[]) => {
    const step = Math.ceil(all.length / mostPoints)
    return all.filter((_, i) => i % step === 0)
  }
  return [...some(others), ...some(frauds)].map(({ scores: [a, b], truth }) => ({ a, b, isFraud: truth === 'fraud' }))
}

/** Pearson's; null where one does not vary. */
function correlation(a: Float64Array, b: Float64Array): number | null {
  const [meanA, meanB] = [mean(a), mean(b)]
  let [both, squaresA, squaresB] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    both += (a[i] - meanA) * (b[i] - meanB)
    squaresA += (a[i] - meanA) ** 2
    squaresB += (b[i] - meanB) ** 2
  }
  return squaresA === 0 || squaresB === 0 ? null : Math.min(1, Math.max(-1, both / Math.sqrt(squaresA * squaresB)))
}

/** Ranks, of equal values their mean. */
function ranksOf(values: Float64Array): Float64Array {
  const { scores, groupOf } = rankScores(values)
  const sizes = new Float64Array(scores.length)
  for (const group of groupOf) sizes[group]++
  let above = 0
  const ranks = sizes.map((size) => {
    above += size
    return above - (size - 1) / 2
  })
  return Float64Array.from(groupOf, (group) => ranks[group])
}

function tenthsOf(rows: readonly PairedRow[]): readonly ScoreTenth[] {
  const sorted = rows.toSorted((one, other) => one.scores[0] - other.scores[0])
  const tenths: PairedRow[][] = Array.from({ length: 10 }, () => [])
  let [tenth, last] = [0, Number.NaN]
  sorted.forEach((row, i) => {
    const [score] = row.scores
    if (score !== last) tenth = Math.floor((i * 10) / sorted.length)
    last = score
    tenths[tenth].push(row)
  })
  return tenths
    .filter(({ length }) => length > 0)
    .map((each) => ({
      ...{ from: each[0].scores[0], to: each[each.length - 1].scores[0], transactions: each.length },
      ...{ meanA: mean(scoresOf(each, 0)), meanB: mean(scoresOf(each, 1)), frauds: countOf(each, 'fraud') },
    }))
}

/** @param unit how many minor units are one major one; undefined where sums of amounts mean nothing. */
export function outcomeMatrix(rows: readonly PairedRow[], unit: number | undefined): readonly OutcomeCell[] {
  return outcomes.flatMap((a) =>
    outcomes.flatMap((b) => {
      const here = rows.filter((row) => row.outcomes[0] === a && row.outcomes[1] === b)
      return here.length === 0 ? [] : [{ a, b, ...truthCounts(here, unit) }]
    }),
  )
}

function truthCounts(rows: readonly PairedRow[], unit: number | undefined): TruthCounts {
  const sum = rows.reduce((all, { amount }) => all + (Number.isNaN(amount) ? 0 : amount), 0)
  return {
    ...{ transactions: rows.length, amount: unit === undefined ? null : sum / unit },
    ...{ frauds: countOf(rows, 'fraud'), legitimate: countOf(rows, 'legitimate') },
    ...{ unknown: countOf(rows, 'unknown'), young: countOf(rows, 'young') },
  }
}

function countOf(rows: readonly PairedRow[], truth: Truth): number {
  return rows.reduce((sum, row) => sum + (row.truth === truth ? 1 : 0), 0)
}

interface LabelRequest {
  readonly thresholds: readonly [PredictionThreshold, PredictionThreshold]
  readonly unit: PairedUnit
  readonly seed: number
  readonly replicates: number
}

/** Of matured transactions whose truth is known and that both score; null where these are not of both classes. */
export function labelFigures(all: readonly PairedRow[], request: LabelRequest): LabelFigures | null {
  const rows = all.filter(isLabelled)
  const labels = labelsOf(rows)
  const frauds = labels.reduce((sum, label) => sum + label, 0)
  if (frauds === 0 || frauds === rows.length) return null
  const { thresholds, unit, seed, replicates } = request
  const weights = weightsOf(rows)
  const days = [...new Set(rows.map(dayOf))]
  const placeOf = new Map(days.map((day, i) => [day, i]))
  const unitOf = Uint32Array.from(rows, (row, i) => (unit === 'day' ? (placeOf.get(dayOf(row)) ?? 0) : i))
  const units = unit === 'day' ? days.length : rows.length
  const sideOf = (side: 0 | 1) => {
    const probabilities = scoresOf(rows, side)
    return {
      probabilities,
      flags: Uint8Array.from(probabilities, (score) => (predictsFraud(thresholds[side], score) ? 1 : 0)),
    }
  }
  const sides = [sideOf(0), sideOf(1)] as const
  return {
    ...{ transactions: rows.length, frauds, unit, units, replicates, seed },
    ...(weights && {
      weighted: {
        transactions: weights.reduce((sum, weight) => sum + weight, 0),
        frauds: weights.reduce((sum, weight, row) => sum + weight * labels[row], 0),
      },
    }),
    metrics: pairedFigures({ labels, weights, sides, unitOf, units, seed, replicates }),
    calibration: {
      a: calibrationOf(labels, sides[0].probabilities, weights),
      b: calibrationOf(labels, sides[1].probabilities, weights),
    },
  }
}

function dayOf({ timestampMs }: PairedRow): number {
  return Math.floor(timestampMs / dayMs)
}

function calibrationOf(
  labels: Uint8Array,
  probabilities: Float64Array,
  weights: Float64Array | undefined,
): Calibration {
  const curve = calibrationCurve(labels, probabilities, weights, { bins: 10, strategy: 'quantile' })
  const { predicted, observed, intervals, rows } = curve
  return {
    ratio: calibrationRatio(labels, probabilities, weights),
    bins: intervals.map((interval, i) => ({
      ...{ predicted: predicted[i], observed: observed[i], rows: rows[i] },
      ...{ lower: interval.lower, upper: interval.upper },
    })),
  }
}

/**
 * By the segments of the policy, else by fifths of the amounts, in their order.
 *
 * @param measured the rows that metrics count.
 */
export function segmentFigures(
  rows: readonly PairedRow[],
  measured: ReadonlySet<PairedRow>,
  unit: number | undefined,
): readonly SegmentFigures[] {
  const hasSegments = rows.some(({ segment }) => segment !== undefined)
  const nameOf = hasSegments ? ({ segment }: PairedRow) => segment ?? 'no segment' : bandsOf(rows, unit)
  const groups = Map.groupBy(
    hasSegments ? rows : rows.toSorted((one, other) => sortable(one.amount) - sortable(other.amount)),
    nameOf,
  )
  return [...groups].map(([name, here]) => {
    const labelled = here.filter((row) => measured.has(row) && isLabelled(row))
    const labels = labelsOf(labelled)
    const hasBoth = labels.includes(0) && labels.includes(1)
    const stopped = (side: 0 | 1) => here.filter(({ outcomes }) => outcomes[side] !== 'approve').length
    const precisionOf = (side: 0 | 1) => averagePrecision(labels, scoresOf(labelled, side), weightsOf(labelled))
    return {
      ...{ name, ...truthCounts(here, unit) },
      differing: here.filter(({ outcomes: [a, b] }) => a !== b).length,
      stopped: { a: stopped(0), b: stopped(1) },
      averagePrecision: hasBoth ? { a: precisionOf(0), b: precisionOf(1) } : null,
    }
  })
}

/** What has no amount comes last. */
function sortable(amount: number): number {
  return Number.isNaN(amount) ? Number.MAX_VALUE : amount
}

function bandsOf(rows: readonly PairedRow[], unit = 1): (row: PairedRow) => string {
  const amounts = Float64Array.from(rows, ({ amount }) => amount)
    .filter((amount) => !Number.isNaN(amount))
    .sort()
  const edges = amounts.length === 0 ? [] : [0.2, 0.4, 0.6, 0.8].map((share) => Math.round(quantile(amounts, share)))
  const bounds = [...new Set(edges)].map((edge) => edge / unit)
  return ({ amount }) => {
    if (Number.isNaN(amount)) return 'without an amount'
    const at = bounds.findIndex((bound) => amount / unit <= bound)
    if (at < 0) return bounds.length === 0 ? 'all' : `amount above ${bounds[bounds.length - 1]}`
    return at === 0 ? `amount up to ${bounds[0]}` : `amount above ${bounds[at - 1]}, up to ${bounds[at]}`
  }
}
