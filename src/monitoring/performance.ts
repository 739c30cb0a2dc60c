import { wilsonInterval, z95 } from '../core/wilson-interval.ts'
import { outcomes } from '../detector/detector-schema.ts'
import type { Figure } from './divergence.ts'
import { type PerformanceProjection, weekMs } from './performance-projection.ts'
import type { Bins, WeekFigures } from './week-figures.ts'

/** Labels are taken to be complete after so long where the detector does not say. */
const usualDelayMs = 30 * 86_400_000

/** Why a figure is not known. */
export type NotKnown = 'no-labels' | 'no-scores' | 'only-frauds-labelled' | 'no-one-currency'

export interface Performance {
  readonly week: number
  readonly model: string | null
  /** When the labels of all of its decisions are known, and whether that is past: before, figures are too good or too bad. */
  readonly maturesAtMs: number
  readonly isMature: boolean
  readonly decisions: number
  readonly frauds: number
  /** Of what was not approved and has a label, how much is fraud. */
  readonly precision: Figure | null
  /** Of all fraud, how much was not approved. */
  readonly recall: Figure | null
  /** Whether frauds that were declined are estimated from the control group, or those that have a label. */
  readonly recallBy: 'control-group' | 'labels'
  readonly averagePrecision: Figure | null
  /** The sum of scores over the frauds: above 1 there was less fraud than scores say. */
  readonly calibration: Figure | null
  /** In minor units; null where amounts can't be added up. */
  readonly money: { readonly stoppedMinor: number; readonly lostMinor: number; readonly heldMinor: number } | null
  readonly notKnown: Readonly<Record<string, NotKnown>>
  readonly rules: readonly {
    readonly rule: string
    readonly fired: number
    readonly frauds: number
    readonly legitimate: number
    readonly precision: Figure | null
  }[]
}

/** What each week came to, the newest first. Of labels that are not there yet nothing is assumed but that time tells. */
export function performanceOf(projection: PerformanceProjection): readonly Performance[] {
  const delayMs = projection.labelDelayMs ?? usualDelayMs
  return projection.weeks
    .map(({ startMs, model, figures }) => {
      const maturesAtMs = startMs + weekMs + delayMs
      const isMature = projection.newestMs >= maturesAtMs
      return {
        week: startMs,
        model: model === '' ? null : model,
        maturesAtMs,
        isMature,
        ...measure(figures, projection.hasMoney(model)),
      }
    })
    .reverse()
}

function measure(
  figures: WeekFigures,
  hasMoney: boolean,
): Omit<Performance, 'week' | 'model' | 'maturesAtMs' | 'isMature'> {
  const { approve } = figures.outcomes
  const flagged = outcomes.filter((outcome) => outcome !== 'approve').map((outcome) => figures.outcomes[outcome])
  const sum = (name: keyof typeof approve) => flagged.reduce((total, sums) => total + sums[name], 0)
  const { control, labelled } = figures
  const isByControl = control.decisions > 0
  // Those of the control group would have been stopped. What they stand for is not counted by its labels, too.
  const passed = isByControl ? control.fraudRows : 0
  const missed = approve.frauds - passed
  const known = sum('frauds') - (isByControl ? control.declinedFrauds : 0)
  // Without a row there is nothing but what sums of weights have lost to rounding.
  const [estimated, squares] = passed > 0 ? [control.frauds, control.fraudSquares] : [0, 0]
  const stopped = known + estimated
  const rows = kish(stopped, known + squares)
  const others = addedBins(labelled, isByControl ? control.bins : control.declined)
  // So many rows of equal weight is a fraud worth on average.
  const worth = kish(stopped + missed, known + squares + missed) / (stopped + missed || 1)
  const notKnown: Record<string, NotKnown> = {}
  const tell = <Value>(name: string, value: Value | NotKnown): Value | null => {
    if (typeof value !== 'string') return value
    notKnown[name] = value as NotKnown
    return null
  }
  return {
    decisions: approve.decisions + sum('decisions'),
    frauds: approve.frauds + sum('frauds'),
    precision: tell('precision', precisionOf(sum('frauds'), figures.flaggedLegitimate, sum('decisions'))),
    recall: tell('recall', recallOf(stopped, missed, rows)),
    recallBy: isByControl ? 'control-group' : 'labels',
    averagePrecision: tell('averagePrecision', averagePrecisionOf(figures.approved, others, worth)),
    calibration: tell('calibration', calibrationOf(figures.approved, others, worth)),
    money: tell('money', hasMoney ? moneyOf(sum, approve.fraudMinor) : 'no-one-currency'),
    notKnown,
    rules: Object.entries(figures.rules).map(([rule, { fired, frauds, legitimate }]) => {
      const precision = precisionOf(frauds, legitimate, fired)
      return { rule, fired, frauds, legitimate, precision: typeof precision === 'string' ? null : precision }
    }),
  }
}

function moneyOf(stopped: (name: 'fraudMinor' | 'amountMinor') => number, lostMinor: number) {
  return { stoppedMinor: stopped('fraudMinor'), lostMinor, heldMinor: stopped('amountMinor') }
}

/** How many rows of equal weight a sum of weights is worth, of which this is the sum of the squares. */
function kish(sum: number, squares: number): number {
  return squares === 0 ? 0 : (sum * sum) / squares
}

/** Where frauds alone are reported it would always be 1. */
function precisionOf(frauds: number, legitimate: number, decisions: number): Figure | NotKnown {
  if (frauds + legitimate === 0) return 'no-labels'
  if (legitimate === 0 && frauds < decisions) return 'only-frauds-labelled'
  return { value: frauds / (frauds + legitimate), ...wilsonInterval(frauds, frauds + legitimate) }
}

/** @param rows how many rows of equal weight the stopped ones are worth. */
function recallOf(stopped: number, missed: number, rows: number): Figure | NotKnown {
  if (stopped + missed === 0) return 'no-labels'
  const value = stopped / (stopped + missed)
  // Wilson's interval of rows, at what they stand for.
  const weight = rows === 0 ? 1 : stopped / rows
  const { lower, upper } = wilsonInterval(rows, rows + missed)
  const weighed = (share: number) => (share * weight) / (share * weight + 1 - share)
  return { value, lower: Math.min(value, weighed(lower)), upper: Math.max(value, weighed(upper)) }
}

/**
 * The sum over bins, from the highest score, of precision times what recall gains; rows of one bin are ties.
 *
 * @param worth how many rows of equal weight a fraud is worth.
 */
function averagePrecisionOf(approved: Bins, others: Bins, worth: number): Figure | NotKnown {
  const { rows, frauds } = addedBins(approved, others)
  const all = sumOf(frauds)
  const bins = Object.keys(rows).map(Number)
  if (bins.length === 0) return 'no-scores'
  if (all < leastFraud) return 'no-labels'
  let [seen, found, value] = [0, 0, 0]
  for (const bin of bins.sort((a, b) => b - a)) {
    const here = frauds[bin] ?? 0
    seen += rows[bin] ?? 0
    found += here
    if (here > 0) value += (here / all) * (found / seen)
  }
  return { value, ...logitInterval(value, all * worth) }
}

/** A fraud weighs 1 at least; what is less is what sums of weights have lost to rounding. */
const leastFraud = 0.5

/** Boyd, Eng and Page, ECML 2013: normal on the scale of log-odds. */
function logitInterval(value: number, frauds: number): { lower: number; upper: number } {
  // Half a fraud is what can't be seen.
  const least = 0.5 / (frauds + 1)
  const bounded = Math.min(1 - least, Math.max(least, value))
  const half = z95 / Math.sqrt(frauds * bounded * (1 - bounded))
  const odds = Math.log(bounded / (1 - bounded))
  const share = (logOdds: number) => 1 / (1 + Math.exp(-logOdds))
  return { lower: Math.min(value, share(odds - half)), upper: Math.max(value, share(odds + half)) }
}

function calibrationOf(approved: Bins, others: Bins, worth: number): Figure | NotKnown {
  const { frauds: byBin, scores } = addedBins(approved, others)
  const frauds = sumOf(byBin)
  if (scores === 0) return 'no-scores'
  if (frauds < leastFraud) return 'no-labels'
  // The score interval of a Poisson count.
  const count = frauds * worth
  const centre = count + z95 ** 2 / 2
  const half = z95 * Math.sqrt(count + z95 ** 2 / 4)
  const lower = (scores * worth) / (centre + half)
  return {
    value: scores / frauds,
    lower,
    upper: (scores * worth) / Math.max(centre - half, Number.MIN_VALUE),
  }
}

function addedBins(one: Bins, other: Bins): Bins {
  return {
    rows: added(one.rows, other.rows),
    frauds: added(one.frauds, other.frauds),
    scores: one.scores + other.scores,
  }
}

function added(one: Bins['rows'], other: Bins['rows']): Record<string, number> {
  const sum = { ...one }
  for (const [bin, count] of Object.entries(other)) sum[bin] = (sum[bin] ?? 0) + count
  return sum
}

function sumOf(counts: Bins['rows']): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}
