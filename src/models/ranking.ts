import assert from 'node:assert/strict'
import { FraudError } from '../core/errors.ts'
import { sortWithPlaces } from '../core/sort-numbers.ts'

/** Rows gathered by score: equal scores are one group, and groups run from the highest score down. */
export interface Ranking {
  /** The distinct scores, descending. */
  readonly scores: Float64Array
  /** The group of each row, an index into `scores`. */
  readonly groupOf: Uint32Array
}

/** What each group of a ranking weighs, by class. */
export interface GroupWeights {
  readonly fraud: Float64Array
  readonly legitimate: Float64Array
}

/**
 * The one sort that every curve and ranking metric shares. Groups in place of sorted rows make ties right by
 * construction, and a bootstrap replicate a pass over groups: a forest of 100 full-depth trees has at most 101.
 */
export function rankScores(scores: Float64Array): Ranking {
  assert(!scores.includes(Number.NaN), 'a score is NaN')
  const ascending = scores.slice()
  const rows = sortWithPlaces(ascending)
  const distinct = new Float64Array(scores.length)
  const groupOf = new Uint32Array(scores.length)
  let groups = 0
  for (let i = ascending.length - 1; i >= 0; i--) {
    if (groups === 0 || ascending[i] !== distinct[groups - 1]) distinct[groups++] = ascending[i]
    groupOf[rows[i]] = groups - 1
  }
  return { scores: distinct.slice(0, groups), groupOf }
}

/** How many of the descending distinct scores are above `score`: its group's index, where it is one of them. */
export function countAbove(descending: Float64Array, score: number): number {
  let low = 0
  let high = descending.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (descending[middle] > score) low = middle + 1
    else high = middle
  }
  return low
}

/** What the frauds and the legitimate rows of each group of equal scores weigh; 1 each without weights. */
export function weighGroups(ranking: Ranking, labels: Uint8Array, weights?: Float64Array): GroupWeights {
  const fraud = new Float64Array(ranking.scores.length)
  const legitimate = new Float64Array(ranking.scores.length)
  for (let row = 0; row < labels.length; row++) {
    const byGroup = labels[row] === 1 ? fraud : legitimate
    byGroup[ranking.groupOf[row]] += weights === undefined ? 1 : weights[row]
  }
  return { fraud, legitimate }
}

/** What the rows of each class weigh together; throws DATA_INVALID on a weight that is negative or not finite. */
export function classWeights(
  labels: Uint8Array,
  weights?: Float64Array,
): { readonly fraud: number; readonly legitimate: number } {
  assert(weights === undefined || weights.length === labels.length, 'weights and labels differ in length')
  let fraud = 0
  let legitimate = 0
  for (let row = 0; row < labels.length; row++) {
    const weight = weights === undefined ? 1 : weights[row]
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) {
      throw new FraudError(
        'DATA_INVALID',
        `The weight of row ${row} is ${weight}; it must be a finite number from 0 up`,
      )
    }
    if (labels[row] === 1) fraud += weight
    else legitimate += weight
  }
  return { fraud, legitimate }
}

/**
 * Throws DATA_INVALID unless rows of both classes have weight. An error and not a NaN, because a figure that a user
 * asked for and can't have needs a reason, and NaN becomes a silent null in JSON.
 */
export function requireBothClasses(what: string, labels: Uint8Array, weights?: Float64Array): void {
  const { fraud, legitimate } = classWeights(labels, weights)
  if (fraud > 0 && legitimate > 0) return
  const missing = fraud > 0 ? 'legitimate one' : legitimate > 0 ? 'fraud' : 'row that weighs anything'
  const rows = labels.length === 1 ? 'the one row is none' : `among the ${labels.length} rows there is none`
  throw new FraudError('DATA_INVALID', `${what} needs at least one ${missing}, and ${rows}`)
}
