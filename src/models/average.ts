import type { Model } from './model.ts'

/** Several models as one: the weighted mean of their probabilities. */
export interface AverageModel<Member extends Model = Model> extends Model {
  readonly kind: 'average'
  readonly members: readonly Member[]
  /** One each; they sum to 1. */
  readonly weights: Float64Array
}

export function createAverage<Member extends Model>(
  features: readonly string[],
  members: readonly Member[],
  weights: Float64Array,
): AverageModel<Member> {
  return {
    kind: 'average',
    features,
    members,
    weights,
    *makeReady() {
      for (const member of members) if (member.makeReady !== undefined) yield* member.makeReady()
    },
    predictProba(row) {
      let sum = 0
      for (let i = 0; i < members.length; i++) sum += weights[i] * members[i].predictProba(row)
      return Math.min(sum, 1)
    },
    predictProbaOfRows(rows) {
      const sums = new Float64Array(rows.length / features.length)
      members.forEach((member, i) => {
        member.predictProbaOfRows(rows).forEach((probability, row) => {
          sums[row] += weights[i] * probability
        })
      })
      return sums.map((sum) => Math.min(sum, 1))
    },
  }
}
