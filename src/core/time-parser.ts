import { fromLocalTime } from './zone.ts'

const minuteMs = 60_000
const dayMs = 86_400_000
const daysBefore = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]

/**
 * The ISO 8601 time written in bytes[start, end) as milliseconds since 1970 in UTC; NaN where it is none. A date alone is
 * its midnight, `T` may be a space, seconds and their fraction may be missing, digits past the millisecond are cut off,
 * and a time without an offset is UTC.
 */
export function parseIsoTime(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 10 || bytes[start + 4] !== 0x2d || bytes[start + 7] !== 0x2d) return Number.NaN
  const dateMs = startOfDay(digitsAt(bytes, start, 4), digitsAt(bytes, start + 5, 2), digitsAt(bytes, start + 8, 2))
  if (end - start === 10) return dateMs
  const separator = bytes[start + 10]
  if (end - start < 16 || (separator !== 0x54 && separator !== 0x74 && separator !== 0x20)) return Number.NaN
  return dateMs + timeOfDay(bytes, start + 11, end)
}

const encoder = new TextEncoder()
const offsetPattern = /\d{2}(:|\.).*(Z|[+-]\d{2}(:?\d{2})?)$/i

/** The same of a text, where a time without an offset is one of a zone that is `offsetAt` ahead of UTC. */
export function readIsoTime(text: string, offsetAt: (timestampMs: number) => number): number {
  const bytes = encoder.encode(text)
  const timestampMs = parseIsoTime(bytes, 0, bytes.length)
  if (Number.isNaN(timestampMs) || offsetPattern.test(text.slice(10))) return timestampMs
  return fromLocalTime(timestampMs, offsetAt)
}

// Many decisions are made in one millisecond, and formatting costs one microsecond of the twenty that each takes.
let formattedMs = Number.NaN
let formatted = ''

/** The time as this project writes it: to the millisecond, in UTC. */
export function formatIsoTime(timestampMs: number): string {
  if (timestampMs !== formattedMs) {
    formatted = new Date(timestampMs).toISOString()
    formattedMs = timestampMs
  }
  return formatted
}

function startOfDay(year: number, month: number, day: number): number {
  if (!(month >= 1 && month <= 12 && day >= 1)) return Number.NaN
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const length = month === 2 ? (isLeap ? 29 : 28) : 30 + ((month + (month >> 3)) & 1)
  if (day > length) return Number.NaN
  // Leap days before this year, counted from the year 0 of the Gregorian calendar, which has one itself.
  const past = year - 1
  const leapDays = year === 0 ? 0 : 1 + Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400)
  const leapDayOfThisYear = isLeap && month > 2 ? 1 : 0
  return (year * 365 + leapDays + daysBefore[month - 1] + leapDayOfThisYear + day - 1 - 719_528) * dayMs
}

/** `HH:MM`, then seconds, fraction and offset where they are written, as milliseconds; NaN where it is anything else. */
function timeOfDay(bytes: Uint8Array, start: number, end: number): number {
  const hour = digitsAt(bytes, start, 2)
  const minute = digitsAt(bytes, start + 3, 2)
  if (!(hour <= 23 && minute <= 59) || bytes[start + 2] !== 0x3a) return Number.NaN
  let at = start + 5
  let milliseconds = 0
  if (bytes[at] === 0x3a && at < end) {
    const second = at + 3 <= end ? digitsAt(bytes, at + 1, 2) : Number.NaN
    if (!(second <= 59)) return Number.NaN
    milliseconds = second * 1000
    at += 3
    if (at < end && (bytes[at] === 0x2e || bytes[at] === 0x2c)) {
      const fraction = ++at
      for (let unit = 100; at < end && isDigit(bytes[at]); at++, unit = Math.floor(unit / 10)) {
        milliseconds += (bytes[at] - 0x30) * unit
      }
      if (at === fraction) return Number.NaN
    }
  }
  return (hour * 60 + minute) * minuteMs + milliseconds - offset(bytes, at, end)
}

/** The offset from UTC written in bytes[start, end): nothing, `Z`, `+HH`, `+HHMM` or `+HH:MM`. */
function offset(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start
  if (length === 0) return 0
  const sign = bytes[start]
  if (length === 1) return sign === 0x5a || sign === 0x7a ? 0 : Number.NaN
  if (sign !== 0x2b && sign !== 0x2d) return Number.NaN
  const hour = length >= 3 ? digitsAt(bytes, start + 1, 2) : Number.NaN
  let minute = 0
  if (length === 5) minute = digitsAt(bytes, start + 3, 2)
  else if (length === 6 && bytes[start + 3] === 0x3a) minute = digitsAt(bytes, start + 4, 2)
  else if (length !== 3) return Number.NaN
  if (!(hour <= 23 && minute <= 59)) return Number.NaN
  return (sign === 0x2b ? 1 : -1) * (hour * 60 + minute) * minuteMs
}

function digitsAt(bytes: Uint8Array, start: number, count: number): number {
  let value = 0
  for (let at = start; at < start + count; at++) {
    if (!isDigit(bytes[at])) return Number.NaN
    value = value * 10 + bytes[at] - 0x30
  }
  return value
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}
