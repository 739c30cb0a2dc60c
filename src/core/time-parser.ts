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

// Rows that follow one another mostly have the same date.
let lastDate = Number.NaN
let lastDateMs = Number.NaN

/**
 * Reads a time of the most usual form, `2026-01-31T08:00:00`, perhaps with a fraction and `Z`, into `values[index]` and
 * returns where it stopped: at `start`, with NaN, where there is none. The bytes go on for 8 more after the last one.
 */
export function readPlainTime(bytes: Uint8Array, start: number, values: Float64Array, index: number): number {
  values[index] = Number.NaN
  // Whatever follows the content stops this before it looks further than those 8.
  if (bytes[start + 4] !== 0x2d || bytes[start + 7] !== 0x2d) return start
  const separator = bytes[start + 10]
  if ((separator !== 0x54 && separator !== 0x20) || bytes[start + 13] !== 0x3a || bytes[start + 16] !== 0x3a)
    return start
  const century = pairAt(bytes, start)
  const year = pairAt(bytes, start + 2)
  const month = pairAt(bytes, start + 5)
  const day = pairAt(bytes, start + 8)
  const hour = pairAt(bytes, start + 11)
  const minute = pairAt(bytes, start + 14)
  const second = pairAt(bytes, start + 17)
  if ((century | year | month | day | hour | minute | second) < 0 || hour > 23 || minute > 59 || second > 59)
    return start
  const date = ((century * 100 + year) * 100 + month) * 100 + day
  if (date !== lastDate) {
    lastDateMs = startOfDay(century * 100 + year, month, day)
    lastDate = date
  }
  let at = start + 19
  let milliseconds = 0
  if (bytes[at] === 0x2e) {
    const fraction = ++at
    for (let unit = 100; isDigit(bytes[at]); at++, unit = (unit / 10) | 0) milliseconds += (bytes[at] - 0x30) * unit
    if (at === fraction) return start
  }
  if (bytes[at] === 0x5a) at++
  values[index] = lastDateMs + ((hour * 60 + minute) * 60 + second) * 1000 + milliseconds
  return Number.isNaN(lastDateMs) ? start : at
}

/** The number of two digits; -1 where they are none. */
function pairAt(bytes: Uint8Array, at: number): number {
  const tens = bytes[at] - 0x30
  const ones = bytes[at + 1] - 0x30
  return tens >>> 0 <= 9 && ones >>> 0 <= 9 ? tens * 10 + ones : -1
}

const encoder = new TextEncoder()
const offsetPattern = /\d{2}(:|\.).*(Z|[+-]\d{2}(:?\d{2})?)$/i

/** Whether an ISO time says how far its clocks are ahead of UTC. */
export function hasOffset(text: string): boolean {
  return offsetPattern.test(text.slice(10))
}

/** A time that is written as it should be has no more characters than this. */
const usualLength = 40
const usual = new Uint8Array(usualLength)

/** The bytes of a text, valid until the next call. */
function bytesOf(text: string): Uint8Array {
  if (text.length > usualLength) return encoder.encode(text)
  usual.fill(0, text.length)
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 127) return encoder.encode(text)
    usual[i] = unit
  }
  return usual.subarray(0, text.length)
}

/** The same of a text, where a time without an offset is one of a zone that is `offsetAt` ahead of UTC. */
export function readIsoTime(text: string, offsetAt: (timestampMs: number) => number): number {
  const bytes = bytesOf(text)
  const timestampMs = parseIsoTime(bytes, 0, bytes.length)
  if (Number.isNaN(timestampMs) || hasOffset(text)) return timestampMs
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
