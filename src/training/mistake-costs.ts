import { option, optionInvalid } from '../core/option.ts'
import type { CostModel } from '../evaluation/cost.ts'
import type { LabelledRows } from './labelled-rows.ts'
import { moneyOf } from './measure-policy.ts'

/** What is said of what mistakes cost. */
export interface CostRequest {
  readonly costFalsePositive?: number
  readonly costFalseNegative?: number | 'amount'
}

/** What mistakes cost before the rows are known: a missed fraud may cost its row's amount. */
export interface MistakeCosts {
  readonly falsePositive: number
  readonly falseNegative: number | 'amount'
}

/** Undefined where neither cost is given. Throws OPTION_INVALID where one is. */
export function readMistakeCosts({ costFalsePositive, costFalseNegative }: CostRequest): MistakeCosts | undefined {
  if (costFalsePositive === undefined && costFalseNegative === undefined) return undefined
  if (costFalsePositive === undefined || costFalseNegative === undefined) {
    const missing = costFalsePositive === undefined ? 'costFalsePositive' : 'costFalseNegative'
    const given = costFalsePositive === undefined ? 'costFalseNegative' : 'costFalsePositive'
    throw optionInvalid(missing, `is missing: it and ${option(given)} belong together`)
  }
  return { falsePositive: costFalsePositive, falseNegative: costFalseNegative }
}

/** The costs on these rows. Throws OPTION_INVALID where amounts are wanted and there are none, or of several currencies. */
export function costModelOn(rows: LabelledRows, part: Uint32Array, costs: MistakeCosts): CostModel {
  const { falsePositive, falseNegative } = costs
  if (falseNegative !== 'amount') return { falsePositive, falseNegative }
  if (rows.amounts === undefined) {
    throw optionInvalid('costFalseNegative', '"amount" needs an amount, but the detector declares none')
  }
  const amounts = moneyOf(rows, part)
  if (amounts === undefined) {
    throw optionInvalid('costFalseNegative', '"amount" needs amounts of one currency, or a conversion')
  }
  return { falsePositive, falseNegative: amounts }
}
