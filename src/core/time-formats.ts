import { formatIsoTime } from './time-parser.ts'
import { fromLocalTime } from './zone.ts'

/** What a time may be written as. Formats that end in `-since` count from a start. */
export const timeFormats = [
  'iso',
  'epoch-s',
  'epoch-ms',
  'epoch-us',
  'epoch-ns',
  'excel-days',
  'seconds-since',
  'hours-since',
  'days-since',
] as const
export type TimeFormat = (typeof timeFormats)[number]

/** Where a detector's transactions have their time, and how it is written. */
export interface DeclaredTime {
  readonly field: string
  readonly format: TimeFormat
  /** What formats that end in `-since` count from; 1970 by default. */
  readonly start?: string | undefined
  /** The field with the time of day, where `field` has the day alone. */
  readonly clock?: string | undefined
}

const dayMs = 86_400_000
/** Excel counts days from the end of 1899, as if 1900 were a leap year. */
const excelZeroMs = Date.UTC(1899, 11, 30)

const unitMs: Record<TimeFormat, number> = {
  iso: 1,
  'epoch-s': 1000,
  'epoch-ms': 1,
  'epoch-us': 1e-3,
  'epoch-ns': 1e-6,
  'excel-days': dayMs,
  'seconds-since': 1000,
  'hours-since': 3_600_000,
  'days-since': dayMs,
}

/** Turns numbers of a declared time into milliseconds since 1970; Excel's days are those of the zone's clocks. */
export function timeReader(
  { format, start }: DeclaredTime,
  offsetAt: (timestampMs: number) => number,
): (value: number) => number {
  const unit = unitMs[format]
  if (format === 'iso') return () => Number.NaN
  if (format === 'excel-days') return (value) => fromLocalTime(excelZeroMs + Math.round(value * unit), offsetAt)
  // Digits past the millisecond are cut off, as those of ISO times are.
  if (format === 'epoch-us') return (value) => Math.floor(value / 1e3)
  if (format === 'epoch-ns') return (value) => Math.floor(value / 1e6)
  const startMs = start === undefined ? 0 : Date.parse(start)
  return (value) => startMs + Math.round(value * unit)
}

/** A time as a number of a format; Excel's days by UTC's clocks. */
export function numberForTime(timestampMs: number, { format, start }: DeclaredTime): number {
  const zeroMs = format === 'excel-days' ? excelZeroMs : start === undefined ? 0 : Date.parse(start)
  return (timestampMs - zeroMs) / unitMs[format]
}

const earliestMs = Date.UTC(1990, 0, 1)
const furthestAheadMs = 731 * dayMs

/** Whether times are ones of the calendar. Without a start, those of `-since` only order transactions. */
export function isOfCalendar({ format, start }: Pick<DeclaredTime, 'format' | 'start'>): boolean {
  return start !== undefined || !format.endsWith('-since')
}

/** A moment as people read it; where times only order transactions, as a number of their format. */
export function showTime(timestampMs: number, time: DeclaredTime): string {
  return isOfCalendar(time) ? formatIsoTime(timestampMs) : `${time.field} ${numberForTime(timestampMs, time)}`
}

/** The first and last time that transactions may have. */
export function timeBounds(time: DeclaredTime, nowMs: number) {
  return {
    earliestMs: isOfCalendar(time) ? earliestMs : Number.NEGATIVE_INFINITY,
    latestMs: nowMs + furthestAheadMs,
  }
}

/** What is wrong with a time outside the bounds: mostly it is in another unit than is declared. */
export function whyOutOfBounds(time: DeclaredTime, value: number | undefined, nowMs: number): string {
  const better = value === undefined ? undefined : formatOf(value, value, nowMs)
  const hint = better === undefined || better === time.format ? '' : `; the format ${better} would fit`
  return `is outside 1990 to two years from now, read as ${time.format}${hint}`
}

/** The one format since a fixed date in which numbers from `least` to `most` are times that transactions may have. */
export function formatOf(least: number, most: number, nowMs: number): TimeFormat | undefined {
  return timeFormats.find((format) => {
    if (format === 'iso' || format.endsWith('-since')) return false
    const of = (ms: number) => numberForTime(ms, { field: '', format })
    return least >= of(earliestMs) && most <= of(nowMs + furthestAheadMs)
  })
}

/** What to add to what is told of a text that is not a time, where it has a year of two digits: 1926 and 2026 look alike. */
export function hintOfYear(text: string): string {
  const isShort = /^\s*(?:\d{1,2}[./-]\d{1,2}[./-]\d{2}|\d{2}-\d{2}-\d{2})(?!\d)/.test(text)
  return isShort ? '; its year has two digits, so write all four, as in 2026-01-31' : ''
}

/**
 * Suggests the format in which a number is a time of this century where an ISO time is required, as the rest of a
 * sentence.
 */
export function hintOfFormat(value: number): string {
  const better = formatOf(value, value, Date.UTC(2098, 0, 1))
  return better === undefined ? '' : `; the format ${better} would fit`
}

/** Whether numbers are hours since 1970, by their range. */
export function areHours(least: number, most: number, nowMs: number): boolean {
  return least >= earliestMs / 3_600_000 && most <= (nowMs + furthestAheadMs) / 3_600_000
}
