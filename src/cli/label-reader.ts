import { suggestion } from '../core/closest-name.ts'
import { FraudError } from '../core/errors.ts'
import { showValue } from '../core/show-value.ts'
import { timeReader } from '../core/time-formats.ts'
import { formatIsoTime, hasOffset, readIsoTime } from '../core/time-parser.ts'
import { zoneOffset } from '../core/zone.ts'
import { isColumnFault, parseNumber, whyAmbiguous } from '../data/cell-format.ts'
import { findColumn, textReader } from '../data/columns.ts'
import { labelOf } from '../data/label-column.ts'
import type { Table } from '../data/table.ts'
import { toIsoText } from '../data/written-time.ts'
import { idThatIsTold } from '../deciding/labels.ts'
import type { Detector } from '../detector/detector.ts'

/** What the data directory's detector says of its columns; undefined where there is none, or none can be known. */
export type Declared = Detector['transaction'] | undefined

/** Columns that somebody named. */
export interface NamedColumns {
  readonly id?: string
  readonly label?: string
  readonly knownAt?: string
}

export interface LabelColumns {
  readonly id: string
  readonly label: string
  readonly knownAt: string | undefined
}

/** The columns by flag, else by the names of a label, else by the detector's. */
export function labelColumns(
  names: readonly string[],
  file: string,
  flags: NamedColumns,
  declared: Declared,
): LabelColumns {
  const find = (flag: string | undefined, usual: string, other: string | undefined) => {
    if (flag !== undefined && !names.includes(flag))
      throw new FraudError('DATA_INVALID', `${file} has no column "${flag}"${suggestion(flag, names)}`)
    return flag ?? [usual, other].find((name) => name !== undefined && names.includes(name))
  }
  const id = find(flags.id, 'transactionId', declared?.id)
  const label = find(flags.label, 'isFraud', declared?.label.field)
  if (id === undefined || label === undefined) {
    const what = id === undefined ? "the transaction's id: name it with --id" : 'the label: name it with --label'
    throw new FraudError('DATA_INVALID', `${file} has no column for ${what}. It has ${names.join(', ')}`)
  }
  return { id, label, knownAt: find(flags.knownAt, 'knownAt', declared?.label.knownAt) }
}

/** Ids, labels and times are texts, however they look: `labelReader` says what they mean. */
export function labelKinds(flags: NamedColumns, declared: Declared): Record<string, 'text'> {
  const names = ['transactionId', flags.id, declared?.id, 'isFraud', flags.label, declared?.label.field]
  names.push('knownAt', flags.knownAt, declared?.label.knownAt, 'source')
  return Object.fromEntries(names.flatMap((name) => (name === undefined ? [] : [[name, 'text' as const]])))
}

export interface BadLabel {
  readonly id?: string
  readonly field: string
  readonly reason: string
  /** That leaving out the row would not help, as how the whole column is to be read is open. */
  readonly stops?: boolean
}

/** A row as a label is sent, or why it can't be. */
export type ReadLabel = { readonly label: object } | BadLabel

/** Reads rows; undefined where nothing is known of one. `onLocal` hears of times without an offset whose zone is not known. */
export function labelReader(
  table: Table,
  { id, label, knownAt }: LabelColumns,
  declared: Declared,
  sourceByDefault: string | undefined,
  onLocal: () => void,
): (row: number) => ReadLabel | undefined {
  const idOf = textReader(table, id)
  const wordOf = textReader(table, label)
  const knownOf = knownAt === undefined ? () => undefined : textReader(table, knownAt)
  const hasSource = table.columns.some(({ name }) => name === 'source')
  const sourceOf = hasSource ? textReader(table, 'source') : () => undefined
  const timeOf = knownAt === undefined ? () => Number.NaN : timeOfText(table, knownAt, declared, onLocal)
  const bad = (row: number, field: string, reason: string) => ({ field, reason, ...idThatIsTold(idOf(row)) })
  return (row) => {
    const word = wordOf(row)
    if (word === undefined || word.trim() === '') return undefined
    const value = labelOf(word)
    if (value !== 0 && value !== 1)
      return Number.isNaN(value)
        ? undefined
        : bad(row, 'isFraud', `"${showValue(word)}" does not say whether it was fraud`)
    const known = knownOf(row)
    const knownMs = known === undefined ? undefined : timeOf(known.trim())
    if (typeof knownMs === 'string') {
      const told = bad(row, 'knownAt', `"${showValue(known ?? '')}" ${knownMs}`)
      return isColumnFault(knownMs) ? { ...told, stops: true } : told
    }
    const read = {
      ...{ transactionId: idOf(row), isFraud: value === 1 },
      ...(knownMs !== undefined && { knownAt: formatIsoTime(knownMs) }),
      source: sourceOf(row) ?? sourceByDefault,
    }
    return { label: read }
  }
}

const encoder = new TextEncoder()

/** Times as people and programs write them, in the detector's zone, else as numbers of its format; or why one is none. */
function timeOfText(table: Table, name: string, declared: Declared, onLocal: () => void) {
  const column = findColumn(table, name)
  const format = column.kind === 'text' ? column.format : undefined
  const offsetAt = zoneOffset(declared?.zone ?? 'UTC')
  const ofNumber = declared?.time && timeReader(declared.time, offsetAt)
  return (text: string): number | string => {
    const isoMs = readIsoTime(text, offsetAt)
    const iso = Number.isNaN(isoMs) ? toIsoText(text, format?.dates) : text
    const bytes = encoder.encode(text)
    const ofIso = iso === undefined ? Number.NaN : readIsoTime(iso, offsetAt)
    const ms = iso === undefined ? ofNumber?.(parseNumber(bytes, 0, bytes.length, format)) : ofIso
    if (ms === undefined || !(Math.abs(ms) <= 8.64e15)) return whyAmbiguous('time', text, format) ?? 'is not a time'
    if (declared === undefined && iso !== undefined && !hasOffset(iso)) onLocal()
    return ms
  }
}
