import { FraudError } from '../core/errors.ts'
import { option } from '../core/option.ts'
import { showValue } from '../core/show-value.ts'
import { areHours, type DeclaredTime, formatOf, type TimeFormat, timeFormats } from '../core/time-formats.ts'
import type { Column } from './table.ts'

/** Columns of well-known tables that count seconds from the first transaction. */
const secondsNames = new Set(['time', 'transactiondt'])

/**
 * How a detector declares a column of times: ISO 8601, or numbers whose range says what they count. Asks, by an error,
 * where it does not: windows of a guessed unit would be wrong without a word.
 */
export function inferTimeField(column: Column, format: TimeFormat | undefined, nowMs: number): DeclaredTime {
  const { name, kind } = column
  if (kind === 'time') return { field: name, format: 'iso' }
  if (kind === 'text') throw asText(column)
  if (format !== undefined) return { field: name, format }
  let least = Number.POSITIVE_INFINITY
  let most = Number.NEGATIVE_INFINITY
  let areWhole = true
  for (const value of column.values) {
    if (value < least) least = value
    if (value > most) most = value
    if (value % 1 !== 0 && !Number.isNaN(value)) areWhole = false
  }
  const absolute = formatOf(least, most, nowMs)
  // A part of a table that counts seconds may look like days or hours of our century.
  const countsSeconds = secondsNames.has(name.toLowerCase()) && most < 1e8
  if (countsSeconds && (absolute !== 'excel-days' || areWhole)) return { field: name, format: 'seconds-since' }
  if (absolute !== undefined) return { field: name, format: absolute }
  if (areHours(least, most, nowMs)) return { field: name, format: 'hours-since' }
  throw new FraudError(
    'DATA_INVALID',
    `The numbers in "${showValue(name)}", ${least} to ${most}, do not show what they count: ${cure(name)}`,
  )
}

function cure(name: string): string {
  const shown = showValue(name)
  return `use ${option('timeFormat')} with one of ${timeFormats.slice(1).join(', ')} (a detector's line is "time: { field: ${shown}, format: … }"), another column with ${option('time')}, or ${option('ignore')} ${shown} if it is not the time`
}

/** Nanoseconds are past 2^53, and are read as texts unless they are known to be times. */
function asText({ name }: Column): FraudError {
  const shown = showValue(name)
  return new FraudError(
    'DATA_INVALID',
    `The column "${shown}" holds texts or whole numbers past 2^53, not times; for nanoseconds write a detector with "time: { field: ${shown}, format: epoch-ns }", or use ${option('ignore')} ${shown} if it is not the time`,
  )
}

/** Whether a column of texts is one of whole numbers as large as nanoseconds since 1970 are. */
export function mayBeNanoseconds(column: Column): boolean {
  return (
    column.kind === 'text' &&
    column.dictionary.length > 0 &&
    column.dictionary.every((text) => /^\d{18,19}$/.test(text))
  )
}
