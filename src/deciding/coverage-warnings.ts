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

/** Of two clocks, or one that is set again and again, a minute is nothing to speak of. */
const smallLagMs = 60_000

/** No decision is dated before another, so those to come stand at the time of the newest until the clock is there. */
export function warnIfSetBack(logger: Logger, newestDecidedMs: number, nowMs: number): void {
  if (newestDecidedMs - nowMs <= smallLagMs) return
  logger.warn(
    { newestDecision: formatIsoTime(newestDecidedMs), now: formatIsoTime(nowMs) },
    "the clock is behind the newest decision: until it has caught up, decisions bear that one's time, by which caps, fuses, snoozes and entries of lists begin and end",
  )
}
