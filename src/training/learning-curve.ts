import { type Progress, quiet, throwIfInterrupted } from '../core/progress.ts'
import { createRandom } from '../core/random.ts'
import { averagePrecision } from '../evaluation/metrics.ts'
import { forecast, type Reached } from '../evaluation/power-law.ts'
import type { Estimate } from '../evaluation/supported-digits.ts'
import { createRowsScorer } from '../scoring/load-predictor.ts'
import { fitAll, weighOn } from './fit-models.ts'
import type { LabelledRows } from './labelled-rows.ts'
import { scoreRows } from './scored-rows.ts'
import type { TrainingPlan } from './training-plan.ts'
import type { TrainingOutcome } from './training-run.ts'

/** What was learned from a part of the training rows, and what it was worth on the same test rows. */
interface CurvePoint {
  readonly share: number
  readonly rows: number
  readonly frauds: number
  readonly averagePrecision: number
}

export interface Curve {
  readonly by: 'frauds' | 'history'
  readonly points: readonly CurvePoint[]
  /** What twice, and four times as much are expected to be worth; undefined where there are too few points. */
  readonly forecast?: readonly {
    readonly times: number
    readonly frauds: number
    readonly averagePrecision: Estimate
  }[]
  /** What the points up to a half lead to for the whole, beside what the whole is worth. */
  readonly check?: { readonly expected: Estimate; readonly measured: number; readonly isWithin: boolean }
}

const shares = [0.125, 0.25, 0.5]
/** Which frauds are left makes a difference: so many times others are. */
const drawsOfFrauds = 3
const ahead = [2, 4]
/** Of fewer frauds an eighth is none. */
const fewestFrauds = 16

/**
 * What more history, and more frauds, were worth so far on the same test rows, and where that leads. By frauds all
 * legitimate rows stay and a random part of the frauds does, three times another, each part within the next larger one; by
 * history the last part of the training period stays. The rest of the training is as it was, uncalibrated.
 */
export async function learningCurves(
  rows: LabelledRows,
  outcome: TrainingOutcome,
  plan: TrainingPlan,
  run: Progress,
): Promise<readonly Curve[]> {
  const { fit, calibration } = outcome.parts
  const weigh = weighOn(rows, calibration, plan)
  const whole = pointOf(rows, fit, 1, outcome.evaluation.averagePrecision)
  if (whole.frauds < fewestFrauds) {
    run.warn(`A learning curve needs ${fewestFrauds} frauds to learn from, and there are ${whole.frauds}`)
    return []
  }
  const progress = run.begin('learning curve')
  const byFrauds = Array.from({ length: drawsOfFrauds }, (_, draw) => shares.map((share) => ({ share, draw }))).flat()
  const byHistory = rows.times === undefined ? [] : shares
  const total = byFrauds.length + byHistory.length
  let done = 0
  const measure = async (part: Uint32Array, share: number): Promise<CurvePoint> => {
    throwIfInterrupted(run.signal)
    const { trained, scaling } = await fitAll(rows, part, plan, quiet(run), weigh)
    const score = createRowsScorer({ model: trained.model, ...(scaling && { scaling }) })
    const weights = plan.weightUse === 'training' ? undefined : rows.weights
    const test = await scoreRows(rows, outcome.parts.test, score, weights)
    progress.update(++done, total)
    return pointOf(rows, part, share, averagePrecision(test.labels, test.rawScores, test.weights))
  }
  const frauds: CurvePoint[] = []
  for (const { share, draw } of byFrauds)
    frauds.push(await measure(someFrauds(rows, fit, share, plan.seed + draw), share))
  const history: CurvePoint[] = []
  for (const share of byHistory) {
    const part = lastShare(rows, fit, share)
    if (countFrauds(rows, part) > 0) history.push(await measure(part, share))
  }
  progress.end(`${total} smaller trainings`)
  return [
    curveOf('frauds', frauds, whole, plan.seed),
    ...(history.length === 0 ? [] : [curveOf('history', history, whole, plan.seed)]),
  ]
}

function curveOf(by: Curve['by'], smaller: readonly CurvePoint[], whole: CurvePoint, seed: number): Curve {
  const reached = (points: readonly CurvePoint[]) =>
    points.map(
      ({ rows, frauds, averagePrecision: value }): Reached => ({ amount: by === 'frauds' ? frauds : rows, value }),
    )
  const amount = by === 'frauds' ? whole.frauds : whole.rows
  const points = [...smaller, whole].sort((a, b) => a.share - b.share)
  const expected = forecast(
    reached(points),
    ahead.map((times) => times * amount),
    seed,
  )
  const [fromHalf] = forecast(reached(smaller), [amount], seed) ?? []
  const measured = whole.averagePrecision
  return {
    by,
    points,
    ...(expected && {
      forecast: ahead.map((times, i) => ({ times, frauds: times * whole.frauds, averagePrecision: expected[i] })),
    }),
    ...(fromHalf && {
      check: { expected: fromHalf, measured, isWithin: fromHalf.lower <= measured && measured <= fromHalf.upper },
    }),
  }
}

function pointOf(rows: LabelledRows, part: Uint32Array, share: number, value: number): CurvePoint {
  return { share, rows: part.length, frauds: countFrauds(rows, part), averagePrecision: value }
}

function countFrauds({ labels }: LabelledRows, part: Uint32Array): number {
  return part.reduce((count, row) => count + labels[row], 0)
}

/** All legitimate rows, and of the frauds those that come first in an order that the seed gives: a share holds any smaller one. */
export function someFrauds(
  { labels }: Pick<LabelledRows, 'labels'>,
  part: Uint32Array,
  share: number,
  seed: number,
): Uint32Array {
  const random = createRandom(seed)
  const frauds = part.filter((row) => labels[row] === 1)
  for (let i = frauds.length - 1; i > 0; i--) {
    const other = random.integer(i + 1)
    ;[frauds[i], frauds[other]] = [frauds[other], frauds[i]]
  }
  const kept = new Set(frauds.subarray(0, Math.max(1, Math.round(share * frauds.length))))
  return part.filter((row) => labels[row] === 0 || kept.has(row))
}

/** The last rows by time. */
export function lastShare({ times }: Pick<LabelledRows, 'times'>, part: Uint32Array, share: number): Uint32Array {
  if (times === undefined) return part
  const ascending = Float64Array.from(part, (row) => times[row]).sort()
  const from = ascending[ascending.length - Math.max(1, Math.round(share * ascending.length))]
  return part.filter((row) => times[row] >= from)
}
