import { FraudError } from '../core/errors.ts'
import type { CostModel } from '../evaluation/cost.ts'
import type { LabelledRows } from './labelled-rows.ts'

/** The flags of `train` and `evaluate` that say what mistakes cost. */
export interface CostFlags {
  readonly costFalsePositive?: number
  readonly costFalseNegative?: number | 'amount'
}

/** What mistakes cost before the rows are known: a missed fraud may cost its row's amount. */
export interface MistakeCosts {
  readonly falsePositive: number
  readonly falseNegative: number | 'amount'
}

/** Undefined where neither flag is given. Throws OPTION_INVALID where one is. */
export function readMistakeCosts({ costFalsePositive, costFalseNegative }: CostFlags): MistakeCosts | undefined {
  if (costFalsePositive === undefined && costFalseNegative === undefined) return undefined
  if (costFalsePositive === undefined || costFalseNegative === undefined) {
    throw new FraudError('OPTION_INVALID', '--cost-false-positive and --cost-false-negative belong together')
  }
  return { falsePositive: costFalsePositive, falseNegative: costFalseNegative }
}

/** The costs on these rows. Throws OPTION_INVALID where amounts are wanted and there are none. */
export function costModelOn({ amounts }: LabelledRows, part: Uint32Array, costs: MistakeCosts): CostModel {
  const { falsePositive, falseNegative } = costs
  if (falseNegative !== 'amount') return { falsePositive, falseNegative }
  if (amounts === undefined) {
    throw new FraudError('OPTION_INVALID', '--cost-false-negative amount needs an amount, and the detector names none')
  }
  return { falsePositive, falseNegative: Float64Array.from(part, (row) => amounts[row]) }
}
