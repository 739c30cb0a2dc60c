import { timeReader } from '../core/time-formats.ts'
import { policyOf } from '../decisioning/policy.ts'
import type { Detector } from '../detector/detector.ts'
import { type PolicyFigures, policyFigures } from '../evaluation/policy-figures.ts'
import { testDays } from '../evaluation/test-days.ts'
import type { LabelledRows } from './labelled-rows.ts'
import type { ScoredRows } from './training-run.ts'

/** How the rows that a policy is measured on were chosen among all. */
export interface Choice {
  /** Drawn at random: of a day's transactions only some are there. */
  readonly isSample: boolean
  /** A stretch of time whose rows were left out, in the time column's own unit. */
  readonly gap?: { readonly from: number; readonly to: number } | undefined
}

/** What the detector's policy would have done with the rows; money only where the amounts have one currency. */
export function measurePolicy(
  rows: LabelledRows,
  detector: Detector,
  scored: ScoredRows,
  { isSample, gap }: Choice,
): PolicyFigures {
  const { amount } = detector.transaction
  const { amounts, times } = rows
  const isOneCurrency = typeof amount?.currency !== 'object' || amount.conversion !== undefined
  const toMs = millisecondsOf(rows)
  const days =
    isSample || times === undefined
      ? undefined
      : testDays(
          Float64Array.from(scored.rows, (row) => toMs(times[row])),
          gap && { fromMs: toMs(gap.from), toMs: toMs(gap.to) },
        )
  const figures = policyFigures({
    policy: policyOf(detector),
    labels: scored.labels,
    probabilities: scored.probabilities,
    weights: scored.weights,
    amounts: amounts && isOneCurrency ? Float64Array.from(scored.rows, (row) => amounts[row]) : undefined,
    digits: amount?.digits,
    days,
  })
  return { ...figures, ...(typeof amount?.currency === 'string' && { currency: amount.currency }) }
}

/** From the time column's own unit. */
function millisecondsOf({ detector, isoTimes }: LabelledRows): (time: number) => number {
  const { time } = detector.transaction
  if (isoTimes || time === undefined || time.format === 'iso') return (each) => each
  return timeReader(time, () => 0)
}
