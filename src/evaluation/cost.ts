import { FraudError } from '../core/errors.ts'
import type { PredictionThreshold } from '../models/prediction-threshold.ts'
import { countAbove, rankScores, requireBothClasses, weighGroups } from '../models/ranking.ts'
import type { Confusion } from './evaluation.ts'

/** What mistakes cost, in any one currency. A caught fraud and an approved legitimate transaction cost nothing. */
export interface CostModel {
  /** The cost of one alert on a legitimate transaction: the review, the customer's annoyance. */
  readonly falsePositive: number
  /**
   * The cost of one missed fraud: the same for all, or one for each row, usually its amount. What is negative in a
   * column of amounts (a refund) costs 0.
   */
  readonly falseNegative: number | Float64Array
}

/** What alerting on every row from a threshold up would have done on the rows at hand; all weighted. */
export interface ThresholdOutcome extends Confusion {
  /** Alerts are rows whose probability is at or above it. */
  readonly threshold: number
  readonly alerts: number
  /** 0 where there is no alert. */
  readonly precision: number
  readonly recall: number
  /** Missing where no cost model was given, like `savings`. */
  readonly cost?: number
  /**
   * Cost of doing nothing, which is to miss every fraud, minus `cost`: negative where alerts cost more than they save.
   */
  readonly savings?: number
}

/** Every distinct probability as a threshold, with what it would have done: one sort, then each is a look-up. */
export interface ThresholdSweep {
  /** Distinct probabilities, descending. */
  readonly probabilities: Float64Array
  /** The outcome of alerting on the `groups` highest distinct probabilities, from 0 (none) to all of them. */
  outcome(groups: number): Omit<ThresholdOutcome, 'threshold'>
}

/** Throws DATA_INVALID on one class only or on an amount that is no number, OPTION_INVALID on a negative cost. */
export function sweepThresholds(
  labels: Uint8Array,
  probabilities: Float64Array,
  weights?: Float64Array,
  cost?: CostModel,
): ThresholdSweep {
  requireBothClasses('A threshold', labels, weights)
  const ranking = rankScores(probabilities)
  const groups = weighGroups(ranking, labels, weights)
  const tp = cumulate(groups.fraud)
  const fp = cumulate(groups.legitimate)
  const all = ranking.scores.length
  const losses = cost && cumulate(weighGroups(ranking, labels, lossesOf(cost, labels, weights)).fraud)

  const outcome = (count: number) => {
    const alerts = tp[count] + fp[count]
    const measured = {
      tn: fp[all] - fp[count],
      fp: fp[count],
      fn: tp[all] - tp[count],
      tp: tp[count],
      alerts,
      precision: alerts === 0 ? 0 : tp[count] / alerts,
      recall: tp[count] / tp[all],
    }
    if (cost === undefined || losses === undefined) return measured
    const spent = cost.falsePositive * fp[count]
    return { ...measured, cost: spent + losses[all] - losses[count], savings: losses[count] - spent }
  }
  return { probabilities: ranking.scores, outcome }
}

/** What missing each row would cost, times its weight; only frauds are looked at. */
function lossesOf({ falsePositive, falseNegative }: CostModel, labels: Uint8Array, weights?: Float64Array) {
  for (const [name, cost] of Object.entries({ falsePositive, falseNegative })) {
    if (typeof cost === 'number' && !(cost >= 0 && cost < Number.POSITIVE_INFINITY)) {
      throw new FraudError('OPTION_INVALID', `The cost ${name} is ${cost}; it must be a finite number from 0 up`)
    }
  }
  return Float64Array.from(labels, (label, row) => {
    if (label === 0) return 0
    const loss = typeof falseNegative === 'number' ? falseNegative : falseNegative[row]
    if (!Number.isFinite(loss)) {
      throw new FraudError('DATA_INVALID', `The amount of row ${row} is ${loss}, so the cost of missing it is unknown`)
    }
    return Math.max(loss, 0) * (weights === undefined ? 1 : weights[row])
  })
}

function cumulate(values: Float64Array): Float64Array {
  const sums = new Float64Array(values.length + 1)
  for (let i = 0; i < values.length; i++) sums[i + 1] = sums[i] + values[i]
  return sums
}

/** Alerts, precision, recall and cost at one threshold. */
export function outcomeAt(
  sweep: ThresholdSweep,
  { value: threshold, inclusive }: PredictionThreshold,
): ThresholdOutcome {
  const above = countAbove(sweep.probabilities, threshold)
  const isOneOfThem = sweep.probabilities[above] === threshold
  return { threshold, ...sweep.outcome(isOneOfThem && inclusive ? above + 1 : above) }
}

/**
 * The table and chart of threshold against alerts and cost: at most `count` of the distinct probabilities, descending,
 * spaced evenly in the logarithm of the alerts they raise, because a desk can work off the first permille only.
 */
export function thresholdTable(sweep: ThresholdSweep, count: number): readonly ThresholdOutcome[] {
  const all = sweep.probabilities.length
  const first = Math.log1p(sweep.outcome(1).alerts)
  const last = Math.log1p(sweep.outcome(all).alerts)
  const table: ThresholdOutcome[] = []
  for (let groups = 1; groups <= all; groups++) {
    const outcome = sweep.outcome(groups)
    const due = first + (table.length * (last - first)) / Math.max(count - 1, 1)
    const isDue = all <= count || Math.log1p(outcome.alerts) >= due - 1e-9
    if (isDue) table.push({ threshold: sweep.probabilities[groups - 1], ...outcome })
  }
  return table
}
