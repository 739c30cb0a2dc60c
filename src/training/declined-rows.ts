import type { TransactionRecord } from '../log/decision-log.ts'

/** The most that one row counts for, so that a few of a tiny control group do not outweigh all others. */
export const largestWeight = 100

/** What a control group had to do with a decision; undefined where it had no say. */
export type ControlPart = { readonly passed: true; readonly propensity: number } | { readonly passed: false }

export function controlPartOf(record: TransactionRecord): ControlPart | undefined {
  if (record.kind !== 'decision' || record.policy?.control === undefined) return undefined
  const { wouldBe, propensity } = record.policy.control
  return record.outcome === wouldBe ? { passed: false } : { passed: true, propensity }
}

/** Those that were declined, as far as a log can tell of them. */
export interface DeclinedRows {
  /** Rows that the control group let through, each in place of as many as it was one of. */
  passed: number
  /** What they count for together. */
  weight: number
  /** Those of them that would count for more than the largest weight. */
  capped: number
  readonly largestWeight: number
  /** Left out: declined beside the control group, which stands for them. */
  stoodFor: number
  /** Left out: declined without a label, and nothing stands for them. */
  unlabelled: number
}

/** Counts what was declined, and weighs what the control group let through. */
export class DeclinedCounts {
  readonly counts: DeclinedRows = { passed: 0, weight: 0, capped: 0, largestWeight, stoodFor: 0, unlabelled: 0 }

  /** What a row counts for. */
  weigh(part: ControlPart | undefined): number {
    if (part?.passed !== true) return 1
    const { counts } = this
    const weight = Math.min(1 / part.propensity, largestWeight)
    counts.passed++
    counts.weight += weight
    if (1 / part.propensity > largestWeight) counts.capped++
    return weight
  }
}

const show = (count: number) => Math.round(count).toLocaleString('en')

/** How rows were weighed, for people; undefined where no row was. */
export function tellWeights({ passed, weight, capped }: DeclinedRows): string | undefined {
  if (passed === 0) return undefined
  const most = capped === 0 ? '' : `; ${show(capped)} count for ${largestWeight}, the most that one may`
  return `${show(passed)} let through by the control group count for ${show(weight)}${most}`
}

/** What is missing from what is learned. */
export function warningsOfDeclined({ passed, stoodFor, unlabelled, capped }: DeclinedRows): readonly string[] {
  const warnings: string[] = []
  const rest = 'what is learned and all figures are without them'
  if (unlabelled > 0) {
    warnings.push(
      `${show(unlabelled)} declined transactions have no label, so ${rest}: ${passed + stoodFor > 0 ? 'the control group had no say in them (final, over its limit, or before it began)' : 'a control group in the policy would tell what they were'}`,
    )
  }
  if (stoodFor > 0 && passed === 0)
    warnings.push(
      `The control group has let none through whose label is known, in place of ${show(stoodFor)} declined transactions: ${rest}`,
    )
  if (capped > 0)
    warnings.push(
      `The control group is so small that ${show(capped)} rows would count for more than ${largestWeight}: they count for that, and frauds that are declined for too little`,
    )
  return warnings
}
