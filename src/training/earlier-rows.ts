import { FraudError } from '../core/errors.ts'
import { option } from '../core/option.ts'
import type { Progress } from '../core/progress.ts'
import { textReader } from '../data/columns.ts'
import type { Table } from '../data/table.ts'
import { TransactionReader } from '../data/transaction-reader.ts'
import { namesOfFile } from '../detector/field-names.ts'
import type { Replay } from '../features/replay.ts'
import type { FileReplay } from './file-replay.ts'
import { fileReading, type InputRequest, readFileTable, readOptions, warnOfBadRows } from './read-input.ts'
import { RepeatedIds } from './repeated-ids.ts'

/**
 * Reads the rows of `--history`. What it gives brings them into histories, in the order of their times. Rows that the file
 * itself has by id, or that are later than its first row, are left out, and that is said: the file's own rows tell the rest.
 */
export async function readEarlierRows(
  path: string,
  { located, features, kinds }: FileReplay,
  file: { readonly table: Table; readonly firstMs: number },
  given: InputRequest,
  run: Progress,
): Promise<(replay: Replay) => void> {
  const { id } = located.detector.transaction
  // Those of the file itself are written.
  const { rejects: _, ...request } = given
  const open = () => new TransactionReader(located, features.layout, fileReading(path, request))
  const reader = open()
  const options = readOptions(request, run)
  const { table } = await readFileTable(path, request, run, {
    columns: { ...options.columns, ...(id !== undefined && { [id]: 'text' as const }), ...kinds, ...reader.kinds },
    required: [],
    names: namesOfFile(located.detector, features.layout),
  })
  try {
    reader.open(table)
  } catch (cause) {
    if (!(cause instanceof FraudError)) throw cause
    // Else it would seem to be said of the file itself.
    throw new FraudError(cause.code, `${option('history')} ${path}: ${cause.message}`, { cause, hint: cause.hint })
  }
  const own = id === undefined ? undefined : idsOf(file.table, id)
  const idAt = own === undefined || id === undefined ? () => undefined : textReader(table, id)
  const repeats = new RepeatedIds(located.detector, features.layout)
  repeats.open(table, { isWhole: true })
  const times = new Float64Array(table.rowCount)
  const left = { inFile: 0, later: 0, repeated: 0 }
  const order: number[] = []
  for (let row = 0; row < table.rowCount; row++) {
    const taken = reader.take(row)
    if (taken === undefined) continue
    times[row] = taken.transaction.timestampMs
    if (own?.has(idAt(row) ?? '') === true) left.inFile++
    else if (times[row] > file.firstMs) left.later++
    else if (repeats.check(row)?.sameAs !== undefined) left.repeated++
    else order.push(row)
  }
  warnOfBadRows(reader.badRows(), path, run)
  tellLeft(left, path, run)
  if (order.length === 0) {
    throw new FraudError('DATA_INVALID', `${option('history')} ${path} has no row before the first one of the file`)
  }
  run.note(`  ${order.length.toLocaleString('en')} earlier rows of ${path} are used for histories only`)
  order.sort((one, other) => times[one] - times[other] || one - other)
  return (replay) => {
    const fresh = open()
    fresh.open(table)
    for (const row of order) {
      const taken = fresh.take(row)
      if (taken === undefined) continue
      replay.next(taken.transaction)
      if (taken.label === 1) replay.label(taken.transaction, { isFraud: true, knownAtMs: taken.knownAtMs })
    }
  }
}

function idsOf(table: Table, id: string): ReadonlySet<string> {
  const textOf = textReader(table, id)
  return new Set(Array.from({ length: table.rowCount }, (_, row) => textOf(row)).filter((text) => text !== undefined))
}

function tellLeft(
  { inFile, later, repeated }: { readonly inFile: number; readonly later: number; readonly repeated: number },
  path: string,
  run: Progress,
): void {
  const count = (rows: number) => rows.toLocaleString('en')
  if (inFile > 0) run.warn(`${count(inFile)} rows of ${path} have ids of rows in the file: they are left out`)
  if (later > 0) {
    run.warn(
      `${count(later)} rows of ${path} are later than the file's first row: they are left out; add them to the file instead`,
    )
  }
  if (repeated > 0) run.warn(`${count(repeated)} rows of ${path} repeat an earlier one: they are left out`)
}
