import type { Detector } from '../detector/detector.ts'
import { labelAt } from './label-column.ts'
import type { Table } from './table.ts'

type Transaction = Detector['transaction']

export interface DraftedKnownAt {
  readonly field: string
  /** Why it can't be used. */
  readonly left?: string
  /** Where only frauds have a time: within this long nearly all of them were known. */
  readonly maturity?: string
}

const what = `(?:(?:is_?)?fraud|label|charge_?back|dispute)`
const when = `(?:at|on|date|time|ts|datetime|timestamp)`
const knownNames = new RegExp(
  `^(?:${what}_?)?(?:known|reported)_?${when}$|^${what}_?(?:(?:flagged|confirmed|filed|opened|received)_?)?${when}$`,
  'i',
)
const dayMs = 86_400_000
const mostOfFrauds = 0.95

/** The column that says when a label became known, if it says so of each fraud and never is before the transaction. */
export function draftKnownAt(table: Table, { time, label }: Transaction): DraftedKnownAt | undefined {
  const named = table.columns.find(({ name }) => knownNames.test(name))
  const own = table.columns.find(({ name }) => name === time?.field)
  const given = table.columns.find(({ name }) => name === label.field)
  if (named === undefined || named === own || named === given) return undefined
  const leave = (why: string) => ({ field: named.name, left: `says when the label became known, but ${why}` })
  if (named.kind !== 'time' || own?.kind !== 'time' || given === undefined)
    return leave('not in a way that can be read')
  const delays: number[] = []
  let [early, lacking, blank] = [0, 0, 0]
  for (let row = 0; row < table.rowCount; row++) {
    const value = labelAt(given, row)
    const delayMs = named.values[row] - own.values[row]
    if (Number.isNaN(value)) continue
    if (delayMs < 0) early++
    else if (!Number.isNaN(delayMs)) {
      if (value === 1) delays.push(delayMs)
    } else if (value === 1) lacking++
    else blank++
  }
  if (lacking > 0) return leave(`not of ${lacking} frauds`)
  if (early > 0) return leave(`in ${early} rows it is before the transaction`)
  if (blank === 0) return { field: named.name }
  if (delays.length === 0) return leave('not of any fraud')
  const sorted = Float64Array.from(delays).sort()
  const days = Math.ceil(sorted[Math.ceil(mostOfFrauds * sorted.length) - 1] / dayMs)
  return { field: named.name, maturity: `${Math.max(1, days)}d` }
}
