import { recordBy } from '../core/record-by.ts'
import { truths } from './case.ts'

/**
 * What is counted of a set of transactions, side by side in one array, so that sets are added up by adding numbers. Amounts
 * are those that features see: whole minor units, whose sums are exact in any order.
 */
const fields = [
  ...truths,
  ...truths.map((truth) => `${truth}Amount` as const),
  /** Without an amount that can be added. */
  'withoutAmount',
  /** Those that the control group may let pass and that are mature, in the order of truths. */
  'drawnFraud',
  'drawnLegitimate',
  'drawnUnknown',
  /** Of those that it let pass: how many, and sums of weights, of their squares, and of the weights of frauds. */
  'passed',
  'weights',
  'squaredWeights',
  'fraudWeights',
  /** Of frauds that it may let pass and that have a label; of those that passed weighed, and the variance of that sum. */
  'drawnFraudAmount',
  'fraudAmountWeights',
  'fraudAmountVariance',
] as const
type Field = (typeof fields)[number]

const [fraud, young] = [truths.indexOf('fraud'), truths.indexOf('young')]

export const tallySize = fields.length
const at = recordBy(fields, (_, i) => i)

/** One set's counts, by name. */
export type Tally = Readonly<Record<Field, number>>

/** What is counted of one transaction, worked out once for all sets that it is in. */
export interface CountedCase {
  /** The place in `truths`. */
  truth: number
  amount: number
  /** As of the case. */
  passed: number
}

export function addCase(values: Float64Array, tally: number, { truth, amount, passed }: CountedCase): void {
  const start = tally * tallySize
  values[start + truth]++
  if (Number.isNaN(amount)) values[start + at.withoutAmount]++
  else values[start + at.fraudAmount + truth] += amount
  if (Number.isNaN(passed) || truth === young) return
  values[start + at.drawnFraud + truth]++
  const isPriced = truth === fraud && !Number.isNaN(amount)
  if (isPriced) values[start + at.drawnFraudAmount] += amount
  if (passed === 0) return
  const weight = 1 / passed
  values[start + at.passed]++
  values[start + at.weights] += weight
  values[start + at.squaredWeights] += weight * weight
  if (truth === fraud) values[start + at.fraudWeights] += weight
  if (!isPriced) return
  values[start + at.fraudAmountWeights] += amount * weight
  values[start + at.fraudAmountVariance] += amount * amount * weight * (weight - 1)
}

export function readTally(values: Float64Array, tally: number): Tally {
  const start = tally * tallySize
  return recordBy(fields, (_, i) => values[start + i])
}

/** What is in one set and not in a part of it. */
export function without(all: Tally, part: Tally): Tally {
  return recordBy(fields, (field) => all[field] - part[field])
}

export function countOf({ fraud, legitimate, unknown, young }: Tally): number {
  return fraud + legitimate + unknown + young
}
