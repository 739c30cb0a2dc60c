import { notTimeOfDay, timeOfDayMs } from '../core/time-of-day.ts'
import { fromLocalTime } from '../core/zone.ts'
import { parseTime, whyAmbiguous } from './cell-format.ts'
import type { MissingWords } from './missing-words.ts'
import type { Column, TextColumn } from './table.ts'

type CellReader = (row: number) => number

/** What a file's reader knows of its cells. */
interface Cells {
  readonly missing: MissingWords
  offsetAt(timestampMs: number): number
  /** What each text of a column of text stands for; null for one that is refused with the reason. */
  parsed(column: TextColumn, values: readonly (number | null)[], whyNot: (text: string) => string): CellReader
  fail(row: number, field: string, reason: string, kind?: string): Error
}

const dayMs = 86_400_000
const encoder = new TextEncoder()

/** Times of days in one column and times of day in another, by the clocks of the reader's zone. */
export function joinedTimes(days: Column, clock: Column, cells: Cells): CellReader {
  const dayOf = daysOf(days, cells)
  const clockOf = clockTimesOf(clock, cells)
  return (row) => {
    const day = dayOf(row)
    if (Number.isNaN(day)) return day
    const sinceMidnight = clockOf(row)
    if (Number.isNaN(sinceMidnight)) throw cells.fail(row, clock.name, 'has no time of day')
    if (day % dayMs !== 0) throw cells.fail(row, days.name, `is not a day alone, and ${clock.name} has its time of day`)
    return fromLocalTime(day + sinceMidnight, cells.offsetAt)
  }
}

/** Days as clocks show them, in milliseconds as if they were of UTC. */
function daysOf(days: Column, { missing, parsed }: Cells): CellReader {
  if (days.kind !== 'text') return (row) => days.values[row]
  const { format } = days
  const values = days.dictionary.map((text) => {
    const bytes = encoder.encode(text.trim())
    if (missing.has(bytes, 0, bytes.length)) return Number.NaN
    const day = parseTime(bytes, 0, bytes.length, format)
    return Number.isNaN(day) ? null : day
  })
  return parsed(days, values, (text) => whyAmbiguous('time', text.trim(), format) ?? 'is not a day such as 2026-01-31')
}

function clockTimesOf(clock: Column, { parsed, fail }: Cells): CellReader {
  if (clock.kind === 'text') {
    const values = clock.dictionary.map((text) => {
      const sinceMidnight = timeOfDayMs(text.trim())
      return Number.isNaN(sinceMidnight) ? null : sinceMidnight
    })
    return parsed(clock, values, () => notTimeOfDay)
  }
  const { name, values } = clock
  return (row) => {
    if (Number.isNaN(values[row])) return Number.NaN
    throw fail(row, name, `is ${values[row]}, which ${notTimeOfDay}`, notTimeOfDay)
  }
}
