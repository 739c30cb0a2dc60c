import { wilsonInterval, z95 } from '../core/wilson-interval.ts'
import type { Interval } from './evaluation.ts'

/** Rows of one kind by their weights: the sum of these, and the sum of their squares. */
export interface Weighed {
  readonly sum: number
  readonly squares: number
}

/** How many rows of equal weight tell as much as these do (Kish, "Survey Sampling", 1965): all of them where weights are equal. */
export function effectiveRows({ sum, squares }: Weighed): number {
  return squares === 0 ? 0 : (sum * sum) / squares
}

export function addWeighed(one: Weighed, other: Weighed): Weighed {
  return { sum: one.sum + other.sum, squares: one.squares + other.squares }
}

/**
 * The 95 % interval of `part` over `part` and `rest`, both weighed. A sum of weights is as uncertain as a count of
 * `effectiveRows`, each of the weight that makes the sum (Bohm and Zech, NIM A 748, 2014), so this is Wilson's interval of
 * those counts, weighed again. With equal weights it is Wilson's of the rows.
 *
 * @param unseen what a row weighs of a kind that did not come: a single false alarm may stand for many rows.
 */
export function shareInterval(part: Weighed, rest: Weighed, unseen = { part: 1, rest: 1 }): Interval {
  const rows = effectiveRows(part) + effectiveRows(rest)
  if (rows === 0) return { lower: 0, upper: 1 }
  const { lower, upper } = wilsonInterval(effectiveRows(part), rows)
  const weightOf = ({ sum, squares }: Weighed, otherwise: number) => (squares === 0 ? otherwise : squares / sum)
  const heavier = weightOf(rest, unseen.rest) / weightOf(part, unseen.part)
  const weighed = (share: number) => share / (share + (1 - share) * heavier)
  const share = part.sum / (part.sum + rest.sum)
  return { lower: Math.min(share, weighed(lower)), upper: Math.max(share, weighed(upper)) }
}

/**
 * The 95 % score interval of what a count, or a sum of weights, would come to again, if rows came one by one: a count n is
 * Poisson's, and a sum of weights as uncertain as one of `effectiveRows`. Never empty: of no row it ends at 3.84 of them.
 *
 * @param unseen what a row weighs where none came.
 * @param spread how many times as much it varies as rows that come one by one.
 */
export function countInterval(counted: Weighed, unseen: number, spread = 1): Interval {
  const count = effectiveRows(counted) / spread
  const weight = count === 0 ? unseen : counted.sum / count
  const centre = count + (z95 * z95) / 2
  const half = z95 * Math.sqrt(count + (z95 * z95) / 4)
  return { lower: Math.max(0, weight * (centre - half)), upper: weight * (centre + half) }
}

/**
 * A mean over `rows`, if 3.84 rows more had come (the square of 1.96) that all have the lowest, or the highest, value:
 * what a resampling can't know of, since it only repeats what was seen. Of a share of none or all it is Wilson's bound.
 */
export function withUnseen(mean: number, rows: number, lowest: number, highest: number): Interval {
  const unseen = z95 * z95
  const mixed = (value: number) => (rows * mean + unseen * value) / (rows + unseen)
  return { lower: Math.min(mean, mixed(lowest)), upper: Math.max(mean, mixed(highest)) }
}

/** The smallest interval that holds all of these. */
export function hull(...intervals: readonly Interval[]): Interval {
  return {
    lower: Math.min(...intervals.map(({ lower }) => lower)),
    upper: Math.max(...intervals.map(({ upper }) => upper)),
  }
}
