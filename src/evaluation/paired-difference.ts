import { rankScores, requireBothClasses, weighGroups } from '../models/ranking.ts'
import { rankingAreas } from './metrics.ts'
import { pairedReplicates } from './paired-bootstrap.ts'

export interface PairedScores {
  readonly labels: Uint8Array
  readonly weights?: Float64Array | undefined
  /** Of the same rows, by either model. */
  readonly first: Float64Array
  readonly second: Float64Array
}

export interface PairedDifference {
  readonly first: number
  readonly second: number
  /** Of the second over the first, with a 95 % interval. */
  readonly difference: number
  readonly lower: number
  readonly upper: number
}

/**
 * The average precision of two models on the same rows. Both are measured on the same draws with replacement (the paired
 * bootstrap), so that what makes rows hard for both falls out of the interval of the difference.
 */
export function pairedPrecision(
  { labels, weights, first, second }: PairedScores,
  { seed, replicates = 400 }: { readonly seed: number; readonly replicates?: number },
): PairedDifference {
  requireBothClasses('A comparison', labels, weights)
  const rankings = [rankScores(first), rankScores(second)] as const
  const measure = (drawn: Float64Array) =>
    rankings.map((ranking) => rankingAreas(weighGroups(ranking, labels, drawn)).averagePrecision)
  const [one, other] = measure(weights ?? new Float64Array(labels.length).fill(1))
  const rows = { labels, weights, unitOf: Uint32Array.from(labels.keys()), units: labels.length }
  const drawn = pairedReplicates(rows, measure, { seed, replicates })
  const differences = Float64Array.from(drawn, ([before, after]) => after - before).sort()
  const at = (share: number) => differences[Math.round(share * (replicates - 1))]
  return { first: one, second: other, difference: other - one, lower: at(0.025), upper: at(0.975) }
}
