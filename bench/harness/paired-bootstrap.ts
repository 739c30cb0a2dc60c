import { createRandom } from '../../src/core/random.ts'
import { rankingMetrics } from '../../src/evaluation/metrics.ts'
import { rankScores, weighGroups } from '../../src/models/ranking.ts'
import { mean } from './measure.ts'

/** A difference in average precision, with a 95 % percentile interval. */
export interface Difference {
  readonly value: number
  readonly lower: number
  readonly upper: number
}

/**
 * Average precision of one model less that of another, for each pair of scores and for their mean. Every draw of rows
 * serves both models of every pair, so what makes a draw hard for all cancels out.
 */
export function pairedDifferences(
  labels: Uint8Array,
  weights: Float64Array,
  pairs: readonly (readonly [ours: Float64Array, theirs: Float64Array])[],
  { replicates, seed }: { readonly replicates: number; readonly seed: number },
): { readonly pairs: readonly Difference[]; readonly mean: Difference } {
  const rankings = pairs.map(([ours, theirs]) => [rankScores(ours), rankScores(theirs)] as const)
  const differencesUnder = (drawn: Float64Array): number[] => {
    const apart = rankings.map((pair) => {
      const [ours, theirs] = pair.map((ranking) => rankingMetrics(weighGroups(ranking, labels, drawn)))
      return ours.averagePrecision - theirs.averagePrecision
    })
    return [...apart, mean(apart)]
  }
  const random = createRandom(seed)
  const draws = Array.from({ length: replicates }, () => {
    const drawn = new Float64Array(labels.length)
    for (let draw = 0; draw < drawn.length; draw++) {
      const row = random.integer(drawn.length)
      drawn[row] += weights[row]
    }
    return differencesUnder(drawn)
  })
  const all = differencesUnder(weights).map((value, index) => {
    const ascending = draws.map((draw) => draw[index]).sort((a, b) => a - b)
    const at = (share: number) => ascending[Math.round(share * (ascending.length - 1))]
    return { value, lower: at(0.025), upper: at(0.975) }
  })
  return { pairs: all.slice(0, -1), mean: all[all.length - 1] }
}
