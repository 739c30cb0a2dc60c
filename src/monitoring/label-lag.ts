import { lowerEnd, missingBin, upperEnd } from '../core/value-bins.ts'
import { type HourlyCounts, weekHours } from './hourly-counts.ts'
import { counters, slotOfLag } from './hours-projection.ts'
import { WindowCounts } from './window-counts.ts'

/** How long after its transaction a label was known. */
export interface LabelLag {
  readonly isFraud: boolean
  /** Labels that came in the last seven days, by the times of transactions then, and in the four weeks before. */
  readonly labels: number
  readonly pastLabels: number
  /** In hours, within a twelfth; null without any label. */
  readonly medianHours: number | null
  readonly ninetiethHours: number | null
  readonly pastMedianHours: number | null
}

/** A step looks at one hour. */
export function* labelLags(hours: HourlyCounts): Generator<undefined, readonly LabelLag[]> {
  const end = hours.newest + 1
  const lags: LabelLag[] = []
  for (const isFraud of [true, false]) {
    const slot = hours.slots.get(slotOfLag(isFraud))
    const recent = yield* sumOf(hours, end - weekHours, end, slot)
    const past = yield* sumOf(hours, end - 5 * weekHours, end - weekHours, slot)
    const name = counters.label(isFraud)
    lags.push({
      isFraud,
      labels: countOf(hours, end - weekHours, end, name),
      pastLabels: countOf(hours, end - 5 * weekHours, end - weekHours, name),
      medianHours: quantile(recent, 0.5),
      ninetiethHours: quantile(recent, 0.9),
      pastMedianHours: quantile(past, 0.5),
    })
  }
  return lags
}

function* sumOf(
  hours: HourlyCounts,
  from: number,
  to: number,
  slot: number | undefined,
): Generator<undefined, ArrayLike<number> | undefined> {
  if (slot === undefined || !Number.isFinite(from)) return undefined
  const counts = new WindowCounts()
  for (let hour = from; hour < to; hour++) {
    counts.add(hours, hour, (each) => each === slot)
    yield
  }
  return counts.of(slot)?.counts
}

function countOf(hours: HourlyCounts, from: number, to: number, name: string): number {
  let sum = 0
  for (let hour = from; Number.isFinite(from) && hour < to; hour++) sum += hours.counters(hour)?.get(name) ?? 0
  return sum
}

/** The middle of the bin in which it lies. */
function quantile(counts: ArrayLike<number> | undefined, share: number): number | null {
  if (counts === undefined) return null
  let all = 0
  for (let bin = missingBin + 1; bin < counts.length; bin++) all += counts[bin]
  let seen = 0
  for (let bin = missingBin + 1; bin < counts.length; bin++) {
    seen += counts[bin]
    if (all > 0 && seen >= share * all) return Math.max(0, (lowerEnd(bin) + upperEnd(bin)) / 2)
  }
  return null
}
