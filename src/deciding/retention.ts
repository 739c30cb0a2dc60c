import { durationMs } from '../core/duration.ts'
import { FraudError } from '../core/errors.ts'
import { option } from '../core/option.ts'
import { longestSpanMs, type RowMaker } from './detector-in-force.ts'

/** What the log has to keep at least: histories, and labels that are still to come. */
export function leastRetentionMs({ detector, features }: RowMaker): number {
  const { label } = detector.transaction
  const spanMs = longestSpanMs(features)
  const labelMs = durationMs(label.maturity ?? label.delay ?? '0s')
  return (spanMs === Number.POSITIVE_INFINITY ? 0 : spanMs) + labelMs
}

/** @throws FraudError OPTION_INVALID where records would be let go of that a detector still needs. */
export function checkRetention(maker: RowMaker, retainMs: number | undefined): void {
  const reason = whyNotRetained(maker, retainMs)
  if (reason !== undefined) throw new FraudError('OPTION_INVALID', reason)
}

/** Why records are not kept for long enough; undefined where they are. */
export function whyNotRetained(maker: RowMaker, retainMs: number | undefined): string | undefined {
  const leastMs = leastRetentionMs(maker)
  if (retainMs === undefined || retainMs >= leastMs) return undefined
  return `${option('retain')} must be at least ${Math.ceil(leastMs / 86_400_000)}d: the longest window and delay, and the labels' maturity`
}
