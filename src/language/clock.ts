import { showValue } from '../core/show-value.ts'
import { formatIsoTime, readIsoTime } from '../core/time-parser.ts'
import { zoneOffset } from '../core/zone.ts'
import type { NumberRange } from './declarations.ts'

/** Years 1 to 9999, in milliseconds since 1970, as CEL has them. */
const [firstMs, lastMs] = [-62_135_596_800_000, 253_402_300_799_999]
/** 292 years, as long as CEL's. */
const longestMs = 9_223_372_036_854

export function validTimestamp(valueMs: number): number {
  return valueMs >= firstMs && valueMs <= lastMs ? valueMs : Number.NaN
}

export function validDuration(valueMs: number): number {
  return Math.abs(valueMs) <= longestMs ? valueMs : Number.NaN
}

const times = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(?:Z|[+-]\d\d:\d\d)$/

/** Milliseconds of a time as RFC 3339 writes it; what is wrong with it otherwise. */
export function readTimestamp(text: string): number | string {
  const match = times.exec(text)
  if (match === null) return 'A timestamp is written like "2026-01-31T08:00:00Z", with Z or an offset such as +01:00'
  if (/[1-9]/.test(match[1]?.slice(4) ?? '')) return 'Timestamps are counted in milliseconds; this one is finer'
  const valueMs = validTimestamp(readIsoTime(text, () => 0))
  return Number.isNaN(valueMs) ? 'This is not a date and time of the calendar' : valueMs
}

const unitsMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}
const durationParts = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h|d|w)/g

/** Milliseconds of a length of time such as 1h30m, 90s, -5m or 7d; what is wrong with it otherwise. */
export function readDuration(text: string): number | string {
  const unsigned = text.replace(/^[+-]/, '')
  const parts = [...unsigned.matchAll(durationParts)]
  const isWhole = parts.map(([part]) => part).join('') === unsigned && unsigned !== ''
  if (unsigned === '0') return 0
  if (!isWhole) return 'A duration is written like "1h30m": numbers with the units ms, s, m, h, d or w'
  const exactly = parts.reduce((sum, [, count, unit]) => sum + Number(count) * unitsMs[unit], 0)
  const lengthMs = Math.round(exactly)
  // 8.2 is not a double, so 8.2 hours come out as 29,519,999.999999996 milliseconds.
  if (Math.abs(lengthMs - exactly) > lengthMs * Number.EPSILON * 4) {
    return 'Durations are counted in milliseconds; this one is finer'
  }
  if (Number.isNaN(validDuration(lengthMs))) return 'A duration is at most 292 years'
  return text.startsWith('-') ? -lengthMs + 0 : lengthMs
}

export function writeTimestamp(valueMs: number): string {
  return formatIsoTime(valueMs).replace(/\.?0*Z$/, 'Z')
}

/** The duration in seconds, as CEL writes it. */
export function writeDuration(lengthMs: number): string {
  return `${lengthMs / 1000}s`
}

const zones = new Map<string, (timestampMs: number) => number>()

/** How far a zone is ahead of UTC: of a name such as Europe/Berlin, or of an offset such as +05:30. */
export function readZone(zone: string): ((timestampMs: number) => number) | string {
  const fixed = /^([+-]?)(\d\d):(\d\d)$/.exec(zone)
  if (fixed !== null) {
    const [, sign, hours, minutes] = fixed
    if (Number(hours) > 14 || Number(minutes) > 59) return `"${showValue(zone)}" is not an offset from UTC`
    const offsetMs = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
    return () => offsetMs
  }
  const before = zones.get(zone)
  if (before !== undefined) return before
  const known = nameOfZone(zone)
  if (known === undefined) return 'A zone is a name such as "Europe/Berlin", or an offset such as "+01:00"'
  // Each remembers what it worked out, so rules share them.
  const shared = zones.get(known) ?? zoneOffset(known)
  zones.set(known, shared)
  // A zone has many spellings, since its case does not matter.
  if (zones.size > 1000) zones.clear()
  zones.set(zone, shared)
  return shared
}

function nameOfZone(zone: string): string | undefined {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone
  } catch {
    return undefined
  }
}

const dayMs = 86_400_000

/** The parts of the calendar that functions such as getHours tell, of a time given as if its zone were UTC. */
export const calendarParts: Readonly<Record<string, (localMs: number) => number>> = {
  getFullYear: (localMs) => new Date(localMs).getUTCFullYear(),
  getMonth: (localMs) => new Date(localMs).getUTCMonth(),
  getDate: (localMs) => new Date(localMs).getUTCDate(),
  getDayOfMonth: (localMs) => new Date(localMs).getUTCDate() - 1,
  // The first day of 1970 was a Thursday.
  getDayOfWeek: (localMs) => modulo(Math.floor(localMs / dayMs) + 4, 7),
  getDayOfYear: (localMs) => Math.round((localMs - new Date(localMs).setUTCMonth(0, 1)) / dayMs),
  getHours: (localMs) => Math.floor(modulo(localMs, dayMs) / 3_600_000),
  getMinutes: (localMs) => Math.floor(modulo(localMs, 3_600_000) / 60_000),
  getSeconds: (localMs) => Math.floor(modulo(localMs, 60_000) / 1000),
  getMilliseconds: (localMs) => Math.floor(modulo(localMs, 1000)),
}

const whole = (least: number, most: number) => ({ least, most, isWhole: true })

/** Where those parts are. */
export const calendarRanges: Readonly<Record<keyof typeof calendarParts, NumberRange>> = {
  getFullYear: whole(1, 9999),
  getMonth: whole(0, 11),
  getDate: whole(1, 31),
  getDayOfMonth: whole(0, 30),
  getDayOfWeek: whole(0, 6),
  getDayOfYear: whole(0, 365),
  getHours: whole(0, 23),
  getMinutes: whole(0, 59),
  getSeconds: whole(0, 59),
  getMilliseconds: whole(0, 999),
}

/** The parts of a duration; all but the milliseconds are the whole of it in that unit, as CEL has it. */
export const lengthParts: Readonly<Record<string, (lengthMs: number) => number>> = {
  getHours: (lengthMs) => Math.trunc(lengthMs / 3_600_000) + 0,
  getMinutes: (lengthMs) => Math.trunc(lengthMs / 60_000) + 0,
  getSeconds: (lengthMs) => Math.trunc(lengthMs / 1000) + 0,
  getMilliseconds: (lengthMs) => Math.trunc(lengthMs % 1000) + 0,
}

function modulo(value: number, by: number): number {
  return value - Math.floor(value / by) * by
}
