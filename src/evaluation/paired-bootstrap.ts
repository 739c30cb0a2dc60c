import { createRandom } from '../core/random.ts'
import { rankScores, weighGroups } from '../models/ranking.ts'
import { quantile } from './intervals.ts'
import { rankingAreas, squaredErrors, surprises } from './metrics.ts'
import { effectiveRows, hull, withUnseen } from './share-interval.ts'
import type { Estimate } from './supported-digits.ts'

/** What one model says of the rows that both have. */
interface PairedSide {
  readonly probabilities: Float64Array
  /** 1 where it flags. */
  readonly flags: Uint8Array
}

interface DrawnRows {
  /** Both classes must be there. */
  readonly labels: Uint8Array
  /** What is drawn together, numbered from 0: each row by itself, or all rows of a day. */
  readonly unitOf: Uint32Array
  readonly units: number
  /** What a row weighs; each 1 by default. */
  readonly weights?: Float64Array | undefined
}

export interface PairedInput extends DrawnRows {
  readonly sides: readonly [PairedSide, PairedSide]
  readonly seed: number
  readonly replicates: number
}

export const pairedMetrics = ['averagePrecision', 'recall', 'precision', 'logLoss', 'brier'] as const
export type PairedMetric = (typeof pairedMetrics)[number]

/** NaN where a model flags nothing, whose precision is not defined. */
type Figures = Readonly<Record<PairedMetric, number>>

/** A metric of both models, and the second's less the first's with its 95 % interval; null where it is not defined. */
export interface PairedFigure {
  readonly a: number | null
  readonly b: number | null
  readonly difference: Estimate | null
}

/**
 * Two models' metrics on the same rows, and 95 % percentile intervals of the differences: each replicate draws units with
 * replacement and puts both models on the same draw (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993,
 * chapter 8), so that what is hard about a row counts for neither. A draw with one class only is drawn again. As with the
 * intervals of one model, what rows of a kind that did not come could do is part of each (`withUnseen`).
 */
export function pairedFigures(input: PairedInput): Readonly<Record<PairedMetric, PairedFigure>> {
  const { labels, sides, units } = input
  const measures = sides.map((side) => measureOf(labels, side))
  const whole = measures.map((measure) => measure(input.weights ?? new Float64Array(labels.length).fill(1)))
  const drawn =
    units > 1 ? pairedReplicates(input, (weights) => measures.map((measure) => measure(weights)), input) : []
  const worst = worstDifferences(input)
  const figureOf = (metric: PairedMetric): PairedFigure => {
    const [a, b] = whole.map((figures) => figures[metric])
    const shown = { a: Number.isNaN(a) ? null : a, b: Number.isNaN(b) ? null : b }
    const ascending = Float64Array.from(drawn, ([first, second]) => second[metric] - first[metric])
      .filter((value) => !Number.isNaN(value))
      .sort()
    if (Number.isNaN(b - a) || ascending.length === 0) return { ...shown, difference: null }
    const percentiles = { lower: quantile(ascending, 0.025), upper: quantile(ascending, 0.975) }
    const { rows, most } = worst[metric]
    return { ...shown, difference: { value: b - a, ...hull(percentiles, withUnseen(b - a, rows, -most, most)) } }
  }
  return {
    ...{ averagePrecision: figureOf('averagePrecision'), recall: figureOf('recall'), precision: figureOf('precision') },
    ...{ logLoss: figureOf('logLoss'), brier: figureOf('brier') },
  }
}

/**
 * What is measured of rows that weigh as often as their units were drawn with replacement, times what they weigh by
 * themselves. The weights are lent. A draw with one class only is drawn again.
 */
function pairedReplicates<Measured>(
  { labels, unitOf, units, weights: own }: DrawnRows,
  measure: (weights: Float64Array) => Measured,
  { seed, replicates }: { readonly seed: number; readonly replicates: number },
): readonly Measured[] {
  const random = createRandom(seed)
  const times = new Float64Array(units)
  const weights = new Float64Array(labels.length)
  const draw = (): Measured => {
    times.fill(0)
    for (let drawn = 0; drawn < units; drawn++) times[random.integer(units)]++
    let [frauds, others] = [0, 0]
    for (let row = 0; row < labels.length; row++) {
      weights[row] = times[unitOf[row]] * (own?.[row] ?? 1)
      if (labels[row] === 1) frauds += weights[row]
      else others += weights[row]
    }
    return frauds === 0 || others === 0 ? draw() : measure(weights)
  }
  return Array.from({ length: replicates }, draw)
}

/**
 * On how many rows each difference rests, and how far one more row could move it: of a loss as far as the models were apart
 * on any row, whatever its label. Where they say the same throughout, they would of one more row.
 */
function worstDifferences({ labels, sides, weights }: PairedInput) {
  const [a, b] = sides
  const isSame = a.probabilities.every((value, i) => value === b.probabilities[i] && a.flags[i] === b.flags[i])
  const most = isSame ? 0 : 1
  // As many rows of equal weight as tell as much.
  const count = (isCounted: (row: number) => boolean) => {
    let [sum, squares] = [0, 0]
    for (let row = 0; row < labels.length; row++) {
      if (!isCounted(row)) continue
      const weight = weights?.[row] ?? 1
      sum += weight
      squares += weight * weight
    }
    return effectiveRows({ sum, squares })
  }
  const frauds = count((row) => labels[row] === 1)
  const flaggedBy = ({ flags }: PairedSide) => count((row) => flags[row] === 1)
  const flagged = Math.max(1, Math.min(flaggedBy(a), flaggedBy(b)))
  const all = count(() => true)
  const alike = [0, 1].map((label) => ({ labels: new Uint8Array(labels.length).fill(label), sides }))
  const apart = (lossesOf: typeof surprises) => Math.max(...alike.map((each) => furthestApart(each, lossesOf)))
  return {
    ...{ averagePrecision: { rows: frauds, most }, recall: { rows: frauds, most }, precision: { rows: flagged, most } },
    logLoss: { rows: all, most: apart(surprises) },
    brier: { rows: all, most: apart(squaredErrors) },
  }
}

function furthestApart({ labels, sides }: Pick<PairedInput, 'labels' | 'sides'>, lossesOf: typeof surprises): number {
  const [a, b] = sides.map(({ probabilities }) => lossesOf(labels, probabilities))
  return a.reduce((most, loss, row) => Math.max(most, Math.abs(loss - b[row])), 0)
}

/** The metrics of a model on rows that weigh as they are told to; the sort is done once. */
function measureOf(labels: Uint8Array, { probabilities, flags }: PairedSide): (weights: Float64Array) => Figures {
  const ranking = rankScores(probabilities)
  const losses = surprises(labels, probabilities)
  const squares = squaredErrors(labels, probabilities)
  return (weights) => {
    let [all, frauds, flagged, caught, surprised, squared] = [0, 0, 0, 0, 0, 0]
    for (let row = 0; row < labels.length; row++) {
      const weight = weights[row]
      if (weight === 0) continue
      all += weight
      frauds += weight * labels[row]
      flagged += weight * flags[row]
      caught += weight * labels[row] * flags[row]
      surprised += weight * losses[row]
      squared += weight * squares[row]
    }
    return {
      averagePrecision: rankingAreas(weighGroups(ranking, labels, weights)).averagePrecision,
      recall: caught / frauds,
      precision: caught / flagged,
      ...{ logLoss: surprised / all, brier: squared / all },
    }
  }
}
