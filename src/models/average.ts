import { betaLogOdds } from './beta-log-odds.ts'
import { logOddsOf, probabilityOf } from './log-odds.ts'
import type { Model } from './model.ts'

/** What is averaged: the members' probabilities, or their log-odds. */
export type AverageOf = 'probability' | 'log-odds'

/** Several models as one: the weighted mean of what they say. */
export interface AverageModel<Member extends Model = Model> extends Model {
  readonly kind: 'average'
  readonly of: AverageOf
  readonly members: readonly Member[]
  /** One each; they sum to 1. */
  readonly weights: Float64Array
}

/** Keeps a member that says 0 or 1 from outvoting all others: log-odds stay within 9.21 of 0. */
const epsilon = 1e-4
const most = logOddsOf(1, epsilon)

/** What a member's probability counts as in an average of log-odds. */
export function averagedLogOdds(probability: number): number {
  return logOddsOf(probability, epsilon)
}

/** Their mean where only the mean and the variance of the probability are known. */
export function meanAveragedLogOdds(mean: number, variance: number): number {
  const scale = 1 - 2 * epsilon
  const logOdds = betaLogOdds(epsilon + scale * Math.min(1, Math.max(0, mean)), scale * scale * variance)
  return Math.min(most, Math.max(-most, logOdds))
}

/**
 * A model whose raw score is the weighted sum of its members' raw scores, or the probability of the weighted sum of their
 * log-odds.
 *
 * @param weights one for each member; they add up to 1.
 */
export function createAverage<Member extends Model>(
  features: readonly string[],
  members: readonly Member[],
  weights: Float64Array,
  of: AverageOf = 'probability',
): AverageModel<Member> {
  const isOfLogOdds = of === 'log-odds'
  const finish = (sum: number) => (isOfLogOdds ? probabilityOf(sum) : Math.min(sum, 1))
  return {
    kind: 'average',
    of,
    features,
    members,
    weights,
    *makeReady() {
      for (const member of members) if (member.makeReady !== undefined) yield* member.makeReady()
    },
    predictProba(row) {
      let sum = 0
      for (let i = 0; i < members.length; i++) {
        const probability = members[i].predictProba(row)
        sum += weights[i] * (isOfLogOdds ? averagedLogOdds(probability) : probability)
      }
      return finish(sum)
    },
    predictProbaOfRows(rows) {
      const sums = new Float64Array(rows.length / features.length)
      members.forEach((member, i) => {
        member.predictProbaOfRows(rows).forEach((probability, row) => {
          sums[row] += weights[i] * (isOfLogOdds ? averagedLogOdds(probability) : probability)
        })
      })
      return sums.map(finish)
    },
  }
}
