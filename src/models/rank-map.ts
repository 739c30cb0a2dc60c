import { interpolate, type Knots } from './isotonic.ts'

/** How strange a raw score from 0 to 1 is, from 0 up; straight between the knots, and rising strictly. */
export type RankMap = Knots

/** Where a score begins to be flagged: a raw score, what it becomes, and what none exceeds. */
export interface FlagPoint {
  readonly rawScore: number
  readonly value: number
  readonly ceiling: number
}

/**
 * Ranks at which the map has a knot: each hundredth, and towards 1, where the strangest are, twenty for each power of ten
 * down to one in a hundred thousand.
 */
const ranks = [
  ...Array.from({ length: 90 }, (_, i) => (i + 1) / 100),
  ...Array.from({ length: 80 }, (_, i) => 1 - 0.1 * 10 ** (-(i + 1) / 20)),
]

/** Allocation-free. */
export function rankOf(map: RankMap, rawScore: number): number {
  return interpolate(map, 0, rawScore)
}

/**
 * The map from raw scores in (0, 1) to their ranks among these, on which the model was not trained. Ranks are stretched so
 * that what is flagged begins at a value of the policy's own: the share below it fills the room up to there, and the
 * strangest the room up to the ceiling. Distinct scores stay distinct.
 */
export function fitRanks(rawScores: Float64Array, flag: FlagPoint): RankMap {
  const sorted = rawScores.toSorted()
  const count = sorted.length
  const flaggedFrom = countBelow(sorted, flag.rawScore) / count
  const stretch = (rank: number) =>
    rank < flaggedFrom
      ? (rank / flaggedFrom) * flag.value
      : flag.value + ((rank - flaggedFrom) / (1 - flaggedFrom)) * (flag.ceiling - flag.value)
  const scores = ranks.map((rank) => sorted[Math.min(Math.floor(rank * count), count - 1)])
  const distinct = [...new Set([...scores, flag.rawScore])].filter((score) => score > 0 && score < 1)
  const knots = distinct.sort((one, other) => one - other)
  const values = knots.map((score) => {
    if (score === flag.rawScore) return flag.value
    const below = countBelow(sorted, score)
    // Among equal scores a rank is that of the middle one.
    const equal = sorted.subarray(below).findIndex((value) => value > score)
    return stretch((below + (equal < 0 ? count - below : equal) / 2) / count)
  })
  return { knots: [0, ...knots, 1], values: [0, ...values, flag.ceiling] }
}

function countBelow(sorted: Float64Array, score: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle] < score) low = middle + 1
    else high = middle
  }
  return low
}
