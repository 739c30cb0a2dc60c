import { option } from '../core/option.ts'
import { timeOfDayMs } from '../core/time-of-day.ts'
import type { Detector } from '../detector/detector.ts'
import { clockWords, plainNames } from './column-names.ts'
import { isQuasiPersonal } from './key-names.ts'
import type { Column, Table } from './table.ts'

type Place = { readonly latitude: string; readonly longitude: string }

/** A model learns from frauds and from others, and a file with neither still has columns to draft of. */
export function tellClasses({ rowCount, columns }: Table, field: string, unsure: string[]): void {
  const label = columns.find(({ name }) => name === field)
  if (rowCount === 0) unsure.unshift('rows: the file has none, so only the names of its columns were used')
  if (rowCount === 0 || label === undefined || label.kind === 'text') return
  const [frauds, others] = [1, 0].map((wanted) => label.values.reduce((n, each) => n + (each === wanted ? 1 : 0), 0))
  if (frauds > 0 && others > 0) return
  const found =
    frauds + others === 0 ? `no row has a ${field}` : `all rows with one are ${frauds > 0 ? 'fraud' : 'legitimate'}`
  unsure.unshift(`label: ${found}; training needs both kinds of rows`)
}

/** Places of homes and the like are kept as they come: what a person is not found by alone, but by a few together. */
export function tellQuasiPersonal(fields: readonly string[], home: Place | undefined, unsure: string[]): void {
  const names = [...fields.filter(isQuasiPersonal), ...(home === undefined ? [] : Object.values(home))]
  if (names.length === 0) return
  unsure.push(
    `privacy: ${names.join(', ')} may be personal data, and the log keeps them as they are; remove what decisions do not need, and keep records only as long as necessary (serve with ${option('retain')})`,
  )
}

/** What the table has no column for. */
export function tellGaps(
  { time, keys = {} }: Pick<Detector['transaction'], 'time' | 'keys'>,
  candidates: readonly string[],
  ids: { readonly id: string | undefined; readonly withoutId: number } | undefined,
  unsure: string[],
): void {
  if (time === undefined) {
    unsure.push(
      `time: none was found, so histories are not kept and the split is random; name it with ${option('time')}`,
    )
  } else if (time.format.endsWith('-since')) {
    const unit = time.format.replace('-since', '')
    unsure.push(
      `time: ${time.field} counts ${unit} from an unknown start, so hours of the day are counted from that start; add start: if you know it`,
    )
  }
  if (time !== undefined && Object.keys(keys).length === 0) {
    unsure.push(
      'keys: no column names a card, customer, account or merchant, so no histories are kept and nothing is decided on them; where one does, write it, as keys: { customer: COLUMN }' +
        (candidates.length === 0 ? '' : `; ${candidates.join(', ')} may be one, since its values come again`),
    )
  }
  if (ids?.id !== undefined && ids.withoutId > 0) {
    unsure.push(
      `id: ${ids.withoutId} rows have no ${ids.id}; these are known by their numbers in the file (replay with ${option('numberRows')})`,
    )
  } else if (ids !== undefined && ids.id === undefined) {
    unsure.push(
      `id: the table has none, and a decision needs one, so callers send transaction_id; rows of the file are known by their numbers (replay with ${option('numberRows')})`,
    )
  }
}

/** Whether times are those of days alone, which puts all of a day at midnight. */
export function areDays({ columns, rowCount }: Table, field: string | undefined): boolean {
  const times = columns.find(({ name }) => name === field)
  if (times?.kind !== 'time' || rowCount === 0) return false
  return times.values.every((value) => Number.isNaN(value) || value % 86_400_000 === 0)
}

/** A column of times of day beside one of days: all its texts are such, and its name says so where it is not alone. */
export function clockBeside({ columns }: Table): string | undefined {
  const clocks = columns.filter(({ name, ...column }) => column.kind === 'text' && areClocks(column.dictionary, name))
  const named = clocks.find(({ name }) => plainNames(name).some((plain) => clockWords.includes(plain)))
  return (named ?? (clocks.length === 1 ? clocks[0] : undefined))?.name
}

/** Digits alone are times of day only where the column says so. */
function areClocks(texts: readonly string[], name: string): boolean {
  const isNamed = plainNames(name).some((plain) => clockWords.includes(plain))
  const isClock = (text: string) => !Number.isNaN(timeOfDayMs(text)) && (isNamed || /\D/.test(text))
  return texts.length > 0 && texts.every((text) => isClock(text.trim()))
}

/** A service refuses what is ahead of its clock, and a file of what has been holds none. */
export function tellFuture(field: string, mostMs: number, nowMs: number, unsure: string[]): void {
  if (mostMs <= nowMs) return
  const day = new Date(mostMs).toISOString().slice(0, 10)
  unsure.push(
    `time: the newest ${field} is of ${day}, which is yet to come, and a service takes no such transaction: are its times read right (${option('dates')}, ${option('timeFormat')})?`,
  )
}

export function tellDays(field: string, clock: string | undefined, unsure: string[]): void {
  unsure.push(
    clock === undefined
      ? `time: ${field} has only days, so every transaction of a day is at midnight, in the order of the file, and no feature looks at hours`
      : `time: ${field} has the day and ${clock} the time of day; callers send them so, or the whole time in ${field}`,
  )
}

/** How many rows have no value. */
export function missingOf(column: Column): number {
  if (column.kind === 'text') return column.codes.reduce((sum, code) => sum + (code < 0 ? 1 : 0), 0)
  return column.values.reduce((sum, value) => sum + (Number.isNaN(value) ? 1 : 0), 0)
}
