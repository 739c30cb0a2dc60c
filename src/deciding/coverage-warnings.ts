import type { Logger } from '../core/logger.ts'
import { isOfCalendar } from '../core/time-formats.ts'
import { formatIsoTime } from '../core/time-parser.ts'
import { type DetectorInForce, longestSpanMs } from './detector-in-force.ts'

/** In days, with one decimal, rounded down. */
export function daysOf(milliseconds: number): number {
  return Math.floor(milliseconds / 8_640_000) / 10
}

/** A log that does not reach back as far as the features look. */
export function warnIfShort(logger: Logger, { features }: DetectorInForce, coverageMs: number): void {
  const spanMs = longestSpanMs(features)
  if (spanMs === Number.POSITIVE_INFINITY || coverageMs >= spanMs) return
  logger.warn(
    { coveredDays: daysOf(coverageMs), wantedDays: daysOf(spanMs) },
    'the log is younger than the longest window: decisions are degraded by history-short; bring history in with `shrike replay FILE --as history`',
  )
}

/** Histories that end long before now are of no use to a transaction of now. */
export function warnIfEnded(
  logger: Logger,
  { detector, features }: DetectorInForce,
  newestMs: number,
  nowMs: number,
): void {
  const { time } = detector.transaction
  if (time === undefined || !isOfCalendar(time) || newestMs === Number.NEGATIVE_INFINITY) return
  if (nowMs - newestMs <= longestSpanMs(features)) return
  logger.warn(
    { newest: formatIsoTime(newestMs) },
    'the newest transaction of the log is older than the longest window, so histories of new transactions are empty: decisions are degraded by history-short',
  )
}
