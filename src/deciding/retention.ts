import { durationMs } from '../core/duration.ts'
import { FraudError } from '../core/errors.ts'
import { option } from '../core/option.ts'
import { type DetectorInForce, longestSpanMs } from './detector-in-force.ts'

/** What the log has to keep at least: histories, and labels that are still to come. */
export function leastRetentionMs({ detector, features }: DetectorInForce): number {
  const { label } = detector.transaction
  const spanMs = longestSpanMs(features)
  const labelMs = durationMs(label.maturity ?? label.delay ?? '0s')
  return (spanMs === Number.POSITIVE_INFINITY ? 0 : spanMs) + labelMs
}

/** @throws FraudError OPTION_INVALID where records would be let go of that a detector still needs. */
export function checkRetention(inForce: DetectorInForce, retainMs: number | undefined): void {
  const leastMs = leastRetentionMs(inForce)
  if (retainMs === undefined || retainMs >= leastMs) return
  throw new FraudError(
    'OPTION_INVALID',
    `${option('retain')} must be at least ${Math.ceil(leastMs / 86_400_000)}d: the longest window and delay, and the labels' maturity`,
  )
}
