import { wilsonInterval } from '../core/wilson-interval.ts'
import { type GroupWeights, rankScores, weighGroups } from '../models/ranking.ts'
import { rankingMetrics } from './metrics.ts'

/**
 * How well one feature alone tells the classes apart: by its values, their opposite, or the fraud rate of each value.
 */
export interface SingleFeature {
  readonly feature: string
  readonly rocAuc: number
  /** Where frauds are at most one in a hundred: more of them would lift any feature's. */
  readonly averagePrecision: number
  /** How many frauds the figures rest on. */
  readonly frauds: number
  /** Whether chance does not explain it: the lower end of a figure's 95 % interval is over the limit, too. */
  readonly isCertain: boolean
}

// No honest feature of card fraud comes near: docs/reference/cli.md has the best of the published tables.
const suspiciousRocAuc = 0.995
const suspiciousPrecision = 0.9
const mostFraud = 0.01
/** A column with more distinct values is a quantity, not a code. */
const mostCodes = 100

/**
 * The features that alone separate fraud almost perfectly, the most suspicious first. What is known only
 * after the fact (a chargeback's date, a scenario's number) shows up here. A missing value ranks under all others. Of
 * rows of one class alone nothing can be told.
 */
export function suspiciousFeatures(
  features: readonly string[],
  columns: readonly Float64Array[],
  labels: Uint8Array,
  weights: Float64Array | undefined,
): readonly SingleFeature[] {
  const frauds = labels.reduce((count, label) => count + label, 0)
  if (frauds === 0 || frauds === labels.length) return []
  const thinned = thinFrauds(labels, weights)
  return features
    .map((feature, i) => measureFeature(feature, columns[i], labels, thinned, frauds))
    .filter((each) => each.rocAuc >= suspiciousRocAuc || each.averagePrecision >= suspiciousPrecision)
    .sort((one, other) => other.averagePrecision - one.averagePrecision)
}

function measureFeature(
  feature: string,
  column: Float64Array,
  labels: Uint8Array,
  weights: Float64Array,
  frauds: number,
): SingleFeature {
  const groupsOf = (scores: Float64Array) => weighGroups(rankScores(scores), labels, weights)
  const byValue = groupsOf(column.map((value) => (Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value)))
  const byOpposite: GroupWeights = {
    fraud: byValue.fraud.toReversed(),
    legitimate: byValue.legitimate.toReversed(),
  }
  const rates = ratesOfCodes(column, labels)
  const figures = [byValue, byOpposite, ...(rates === undefined ? [] : [groupsOf(rates)])].map(rankingMetrics)
  const rocAuc = Math.max(...figures.map((each) => each.rocAuc))
  const averagePrecision = Math.max(...figures.map((each) => each.averagePrecision))
  // As if both were shares of the rarer class, which is what there is least of to rest them on.
  const rarer = Math.min(frauds, labels.length - frauds)
  const atLeast = (figure: number) => wilsonInterval(figure * rarer, rarer).lower
  const isCertain = atLeast(rocAuc) >= suspiciousRocAuc || atLeast(averagePrecision) >= suspiciousPrecision
  return { feature, rocAuc, averagePrecision, frauds, isCertain }
}

/**
 * Weights under which frauds are at most one in a hundred: in a table with as many frauds as others all looks precise.
 */
function thinFrauds(labels: Uint8Array, given: Float64Array | undefined): Float64Array {
  const weights = given ?? new Float64Array(labels.length).fill(1)
  let fraud = 0
  let legitimate = 0
  for (let row = 0; row < labels.length; row++) {
    if (labels[row] === 1) fraud += weights[row]
    else legitimate += weights[row]
  }
  const factor = Math.max(1, ((1 - mostFraud) * fraud) / (mostFraud * legitimate))
  return weights.map((weight, row) => (labels[row] === 1 ? weight : factor * weight))
}

/**
 * For a column of few distinct values, codes of a status say, whose order may mean nothing: in place of each the fraud
 * rate that its value has in the other half of the rows, since its own row would tell on itself.
 */
function ratesOfCodes(column: Float64Array, labels: Uint8Array): Float64Array | undefined {
  const halves = [0, 1].map(() => new Map<number, { rows: number; frauds: number }>())
  const counts = [0, 0]
  // Every other row of its class.
  const halfOf = labels.map((label) => counts[label]++ % 2)
  for (let row = 0; row < column.length; row++) {
    const half = halves[halfOf[row]]
    const seen = half.get(column[row])
    if (seen === undefined) {
      if (half.size === mostCodes) return undefined
      half.set(column[row], { rows: 1, frauds: labels[row] })
    } else {
      seen.rows += 1
      seen.frauds += labels[row]
    }
  }
  return column.map((value, row) => {
    const { rows, frauds } = halves[1 - halfOf[row]].get(value) ?? { rows: 0, frauds: 0 }
    return frauds / (rows + 1)
  })
}
