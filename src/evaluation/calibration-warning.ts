import type { Evaluation } from './evaluation.ts'
import { showEstimate } from './supported-digits.ts'

/** So far off, up or down, probabilities still lead to the outcomes that were meant. */
const margin = 1.25

/**
 * One line about probabilities that are wrong on the test rows: undefined unless the whole interval of frauds expected over
 * frauds found lies further from 1 than the margin.
 */
export function warnOfCalibration({ calibrationRatio, confusion, intervals }: Evaluation): string | undefined {
  const { calibrationRatio: interval } = intervals
  if (interval === undefined || (interval.lower <= margin && interval.upper >= 1 / margin)) return undefined
  const found = confusion.tp + confusion.fn
  const count = (value: number) => value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 1 : 0 })
  const ratio = showEstimate({ value: calibrationRatio, ...interval })
  return (
    `Probabilities are too ${calibrationRatio < 1 ? 'low' : 'high'} on the test rows: ${count(calibrationRatio * found)} ` +
    `frauds were expected and ${count(found)} found, ${ratio.value} times as many expected as found (95 % from ${ratio.lower} to ` +
    `${ratio.upper}). Thresholds and costs depend on the probability: compare them with the policy's figures on these rows`
  )
}
