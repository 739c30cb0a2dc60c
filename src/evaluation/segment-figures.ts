import { everyRow, pickBytes, pickNumbers } from '../core/rows.ts'
import { wilsonInterval } from '../core/wilson-interval.ts'
import type { PredictionThreshold } from '../models/prediction-threshold.ts'
import { averagePrecision, predictLabels } from './metrics.ts'
import { addWeighed, countInterval, effectiveRows, shareInterval, type Weighed } from './share-interval.ts'
import type { Estimate } from './supported-digits.ts'

/** Scored rows that the model was not trained on. */
export interface SegmentInput {
  readonly labels: Uint8Array
  readonly rawScores: Float64Array
  readonly probabilities: Float64Array
  readonly weights?: Float64Array | undefined
  readonly threshold: PredictionThreshold
}

/** Some of the rows, by their places. */
export interface Segment {
  readonly name: string
  readonly places: Uint32Array
}

/** What the model is worth on some of the rows; weighted but for `rows` and `frauds`, each with its 95 % interval. */
export interface SegmentFigures {
  readonly name: string
  readonly rows: number
  readonly frauds: number
  /** The share that alerts are; undefined without any row. */
  readonly alerts?: Estimate
  /** Undefined where there is no fraud, or nothing else. */
  readonly averagePrecision?: Estimate
  /** The share of the frauds that the threshold catches; undefined without fraud. */
  readonly recall?: Estimate
  /** Undefined without an alert. */
  readonly precision?: Estimate
  /** How many frauds the probabilities add up to, and how many came. */
  readonly expected: number
  readonly found: Estimate
  /** What is worse here than on all rows by more than chance explains. */
  readonly weakIn: readonly ('recall' | 'calibration')[]
}

/**
 * How many standard deviations a difference has to be to be told: so many that among fifty segments chance alone tells of
 * one in about twenty reports.
 */
const surely = 3.29

/** How far probabilities may be off, up or down, without being told: as in the warning of all rows. */
const margin = 1.25

/** Figures of each segment, from the order that they come in. */
export function segmentFigures(input: SegmentInput, segments: readonly Segment[]): SegmentFigures[] {
  const predictions = predictLabels(input.probabilities, input.threshold)
  const all = everyRow(input.labels.length)
  const whole = sumUp(input, predictions, all)
  const frauds = whole.tp.sum + whole.fn.sum
  const compared = { recall: whole.tp.sum / frauds, calibrationRatio: whole.expected / frauds }
  return segments.map(({ name, places }) => {
    const sums = sumUp(input, predictions, places)
    return {
      name,
      ...figuresOf(sums, usualWeights(whole)),
      ...rankingOf(input, places, sums),
      weakIn: weakIn(sums, compared),
    }
  })
}

/** What the same figures are on all rows. */
interface Whole {
  readonly recall: number
  readonly calibrationRatio: number
}

interface Sums {
  readonly rows: number
  readonly frauds: number
  readonly tn: Weighed
  readonly fp: Weighed
  readonly fn: Weighed
  readonly tp: Weighed
  readonly expected: number
}

function sumUp({ labels, probabilities, weights }: SegmentInput, predictions: Uint8Array, places: Uint32Array): Sums {
  const sums = new Float64Array(4)
  const squares = new Float64Array(4)
  let expected = 0
  let frauds = 0
  for (const place of places) {
    const weight = weights === undefined ? 1 : weights[place]
    const outcome = 2 * labels[place] + predictions[place]
    sums[outcome] += weight
    squares[outcome] += weight * weight
    expected += weight * probabilities[place]
    frauds += labels[place]
  }
  const [tn, fp, fn, tp] = Array.from(sums, (sum, outcome) => ({ sum, squares: squares[outcome] }))
  return { rows: places.length, frauds, tn, fp, fn, tp, expected }
}

/** What a row of each class weighs: so much may one that did not come. */
function usualWeights({ tn, fp, fn, tp }: Sums) {
  const usual = ({ sum, squares }: Weighed) => (sum === 0 ? 1 : squares / sum)
  return { legitimate: usual(addWeighed(tn, fp)), fraud: usual(addWeighed(fn, tp)) }
}

function figuresOf({ rows, frauds, tn, fp, fn, tp, expected }: Sums, usual: { legitimate: number; fraud: number }) {
  const fraud = addWeighed(fn, tp)
  const alerts = addWeighed(fp, tp)
  const quiet = addWeighed(tn, fn)
  const heavier = Math.max(usual.legitimate, usual.fraud)
  const estimate = (part: Weighed, rest: Weighed, unseen: { part: number; rest: number }): Estimate => ({
    value: part.sum / (part.sum + rest.sum),
    ...shareInterval(part, rest, unseen),
  })
  return {
    rows,
    frauds,
    ...(alerts.sum + quiet.sum > 0 && { alerts: estimate(alerts, quiet, { part: heavier, rest: heavier }) }),
    ...(fraud.sum > 0 && { recall: estimate(tp, fn, { part: usual.fraud, rest: usual.fraud }) }),
    ...(alerts.sum > 0 && { precision: estimate(tp, fp, { part: usual.fraud, rest: usual.legitimate }) }),
    expected,
    found: { value: fraud.sum, ...countInterval(fraud, usual.fraud) },
  }
}

/**
 * Average precision is a mean over the frauds, so its interval is that of a share of so many (Boyd, Eng and Page, "Area under
 * the Precision-Recall Curve: Point Estimates and Confidence Intervals", ECML PKDD 2013, whose binomial interval is taken in
 * Wilson's form, which is never empty).
 */
function rankingOf({ labels, rawScores, weights }: SegmentInput, places: Uint32Array, { tn, fp, fn, tp }: Sums) {
  const fraud = addWeighed(fn, tp)
  if (fraud.sum === 0 || tn.sum + fp.sum === 0) return {}
  const value = averagePrecision(
    pickBytes(labels, places),
    pickNumbers(rawScores, places),
    weights && pickNumbers(weights, places),
  )
  const count = effectiveRows(fraud)
  return { averagePrecision: { value, ...wilsonInterval(value * count, count) } }
}

function weakIn({ tn, fp, fn, tp, expected }: Sums, whole: Whole): SegmentFigures['weakIn'] {
  const weak: ('recall' | 'calibration')[] = []
  const caught = effectiveRows(tp)
  if (wilsonInterval(caught, caught + effectiveRows(fn), surely).upper < whole.recall) weak.push('recall')
  const fraud = addWeighed(fn, tp)
  const count = effectiveRows(fraud)
  const rows = count + effectiveRows(addWeighed(tn, fp))
  const { lower, upper } = wilsonInterval(count, rows, surely)
  const weight = count === 0 ? 1 : fraud.sum / count
  // Where the whole is too low, or too high, a part is told that is so by more.
  const most = margin * Math.max(1, whole.calibrationRatio) * weight * rows * upper
  const least = (Math.min(1, whole.calibrationRatio) / margin) * weight * rows * lower
  if (expected > most || expected < least) weak.push('calibration')
  return weak
}
