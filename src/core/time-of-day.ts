import type { FieldError } from './errors.ts'

/** 08:30, 8h30, 08:30:15.5, 8:30 PM, 0830 and 083015, perhaps behind the day that a program puts before a clock's time. */
const pattern =
  /^(?:(?:1899-12-30|1900-01-0[01])[T ])?(?:(\d{1,2})[:hH](\d{2})(?::(\d{2}(?:[.,]\d+)?))?(?:\s?([AaPp])\.?[Mm]\.?)?|(\d{2})(\d{2})(\d{2})?)$/
const hourMs = 3_600_000

/** What a clock's time has to look like, as the end of a sentence. */
export const notTimeOfDay = 'is not a time of day such as 08:30:00'

/** How far a time of day is from midnight, in milliseconds; NaN where the text is none. */
export function timeOfDayMs(text: string): number {
  const found = pattern.exec(text)
  if (found === null) return Number.NaN
  const [, hour = found[5], minute = found[6], second = found[7] ?? '0', half] = found
  const hours = hourOfDay(Number(hour), half)
  const seconds = Number(second.replace(',', '.'))
  if (!(hours <= 23 && Number(minute) <= 59 && seconds < 60)) return Number.NaN
  return hours * hourMs + Number(minute) * 60_000 + Math.floor(seconds * 1000)
}

function hourOfDay(hour: number, half: string | undefined): number {
  if (half === undefined) return hour
  if (hour < 1 || hour > 12) return Number.NaN
  return (hour % 12) + (half.toLowerCase() === 'p' ? 12 : 0)
}

/** The time of a transaction that may come as a day and a clock's time apart; what is wrong with them where it can't be told. */
export function joinTime(
  time: { readonly field: string; readonly clock: string },
  value: Readonly<Record<string, unknown>>,
): FieldError | { readonly text: unknown } {
  const { field, clock } = time
  const day = value[field]
  const given = value[clock] ?? ''
  if (typeof day !== 'string') return { text: day }
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(day)
  if (given === '') return isDay ? { field: clock, reason: `is missing, and ${field} is a day alone` } : { text: day }
  const sinceMidnight = typeof given === 'string' ? timeOfDayMs(given.trim()) : Number.NaN
  if (Number.isNaN(sinceMidnight)) return { field: clock, reason: notTimeOfDay }
  if (!isDay) return { field, reason: `is not a day alone, and ${clock} has its time of day` }
  return { text: `${day}T${new Date(sinceMidnight).toISOString().slice(11, -1)}` }
}
