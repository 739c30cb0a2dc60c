import { readFile } from 'node:fs/promises'
import { FraudError } from '../core/errors.ts'
import { showValue } from '../core/show-value.ts'
import { unreadable } from './byte-source.ts'
import { mostColumns } from './columns.ts'
import { type JsonOptions, JsonRows } from './json-rows.ts'
import type { Table } from './table.ts'

type Package = typeof import('hucre/xlsx')
type Cell = string | number | boolean | Date | null

/** As npm is asked for it. */
const wantedPackage = 'hucre@1'
/** A workbook keeps 15 digits of a number. */
const mostDigits = 1e15

export interface WorkbookOptions extends JsonOptions {
  readonly path: string
  readonly rowsPerTable: number
  /** Called for each row, so that it may throw to stop. */
  readonly onRow: (rows: number) => void
  /** Says which sheet is read, where there are others. */
  readonly onNote: (note: string) => void
}

/**
 * The first sheet of an Excel workbook that is not hidden, as typed columns: the first row that is not empty names them.
 * Cells are what the workbook says that they are: a text that looks like a number is a text, a date has no zone.
 *
 * @throws FraudError FILE_UNREADABLE where the package that reads workbooks is not installed, which is optional.
 */
export async function* readWorkbook(options: WorkbookOptions): AsyncGenerator<Table, void> {
  const { path, file, badRows, rowsPerTable, onRow, onNote } = options
  const { readXlsx, streamXlsxRows } = await load(path)
  const bytes = await readFile(path)
  const rows = new JsonRows(options)
  let names: readonly string[] | undefined
  try {
    const sheet = await findSheet(readXlsx, bytes, path, onNote)
    for await (const { index, values } of streamXlsxRows(bytes, { sheet })) {
      const row = index + 1
      if (values.every((value) => value === null || value === '')) continue
      onRow(row)
      if (names === undefined) {
        names = namesOf(values, file, row)
        continue
      }
      const reason = whyBad(values, names)
      if (reason === undefined) rows.add(asJson(values, names), row)
      else {
        badRows.add({ line: row, ...reason.place }, reason.reason)
        rows.skip()
      }
      if (rows.rowCount >= rowsPerTable) yield { ...rows.take(), tellLine }
    }
  } catch (cause) {
    if (cause instanceof FraudError) throw cause
    throw unreadable(path, `the workbook is damaged, or locked (${String(cause)})`, cause)
  }
  if (names === undefined) throw new FraudError('DATA_INVALID', `${file}: the sheet is empty`)
  yield { ...rows.end(), tellLine }
}

function tellLine(row: number): string {
  return `row ${row}`
}

async function load(path: string): Promise<Package> {
  try {
    return await import('hucre/xlsx')
  } catch (cause) {
    const reason = 'Excel workbooks are read by the package hucre, which is not installed'
    const cure = `run "npm install ${wantedPackage}" beside Shrike, or save the sheet as CSV (Excel: Save As, CSV UTF-8)`
    throw unreadable(path, `${reason}: ${cure}`, cause)
  }
}

/** The first sheet that people see. */
async function findSheet(
  readXlsx: Package['readXlsx'],
  bytes: Uint8Array,
  path: string,
  onNote: WorkbookOptions['onNote'],
): Promise<number> {
  const sheets: { readonly name: string; readonly index: number; readonly isHidden: boolean }[] = []
  await readXlsx(bytes, {
    sheets({ name, index, hidden, veryHidden }) {
      sheets.push({ name, index, isHidden: hidden === true || veryHidden === true })
      return false
    },
  })
  const seen = sheets.filter(({ isHidden }) => !isHidden)
  const [first, ...others] = seen
  if (first === undefined) throw unreadable(path, 'the workbook has no sheet that is not hidden')
  if (others.length > 0) {
    const left = others.map(({ name }) => `"${showValue(name)}"`).join(', ')
    onNote(`the sheet "${showValue(first.name)}" alone, and not ${left}`)
  }
  return first.index
}

function namesOf(values: readonly Cell[], file: string, row: number): readonly string[] {
  const last = values.findLastIndex((value) => value !== null && value !== '')
  if (last >= mostColumns) {
    throw new FraudError('DATA_INVALID', `${file}, row ${row}: has over ${mostColumns} columns; no more can be read`)
  }
  const names = values.slice(0, last + 1).map((value, at) => {
    if (value instanceof Date) {
      throw new FraudError(
        'DATA_INVALID',
        `${file}, row ${row}: holds a date, and the first row has to name the columns`,
      )
    }
    return String(value ?? '').trim() || `unnamed_${at + 1}`
  })
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) {
    const places = names.flatMap((name, at) => (name === twice ? [at + 1] : []))
    const reason = `the name "${showValue(twice)}" is twice in the header, as column ${places[0]} and ${places[1]}`
    throw new FraudError('DATA_INVALID', `${file}, row ${row}: ${reason}`)
  }
  return names
}

function whyBad(values: readonly Cell[], names: readonly string[]) {
  if (values.some((value, at) => at >= names.length && value !== null && value !== '')) {
    return { place: {}, reason: `has a cell beyond the ${names.length} columns of the header` }
  }
  const at = values.findIndex((value) => typeof value === 'number' && Math.abs(value) >= mostDigits)
  if (at < 0) return undefined
  const reason = 'is a number of over 15 digits, of which a workbook loses the last ones; write it as text'
  return { place: { column: names[at], value: String(values[at]) }, reason }
}

function asJson(values: readonly Cell[], names: readonly string[]): Uint8Array {
  const cells = names.map((name, at) => [name, cellValue(values[at] ?? null)] as const)
  return Buffer.from(JSON.stringify(Object.fromEntries(cells)))
}

/** A workbook's dates are those of a clock on a wall. */
function cellValue(value: Cell): string | number | boolean | null {
  if (value instanceof Date) return value.toISOString().replace('Z', '')
  return value === '' ? null : value
}
