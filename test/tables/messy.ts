import { createRandom, type Random } from '../../src/core/random.ts'
import type { MadeColumn, MadeTable } from './made-table.ts'

/** What people write where nothing is known. */
export const missingWords = ['NA', 'N/A', 'NULL', 'null', 'None', 'nan', '\\N', '-']
const missingShare = 0.01
/** One row in so many is bad. */
const badEvery = 100
/** A test number that is on no account; it passes Luhn's check. */
const cardNumber = '4539 1488 0343 6467'

type Cells = string[]
type Role = NonNullable<MadeColumn['role']>

/** The ways in which a row is spoilt, each by name; cells are those to be written, with their separators to come. */
const spoil: Readonly<Record<string, (cells: Cells, at: (role: Role | 'text') => number) => Cells>> = {
  'blank time': (cells, at) => cells.with(at('time'), ''),
  'unreadable time': (cells, at) => cells.with(at('time'), 'soon'),
  'blank amount': (cells, at) => cells.with(at('amount'), ''),
  'unreadable amount': (cells, at) => cells.with(at('amount'), 'about 20'),
  'wrong label': (cells, at) => cells.with(at('label'), 'maybe'),
  'too few cells': (cells) => cells.slice(0, -1),
  'too many cells': (cells) => [...cells, 'and more'],
  'text after a quote': (cells, at) => cells.with(at('text'), `"${cells[at('text')]}" or so`),
  'quote never closed': (cells, at) => cells.with(at('text'), `"${cells[at('text')]}`),
  'card number in a text': (cells, at) => cells.with(at('text'), `paid with ${cardNumber}`),
}

export const badKinds: readonly string[] = Object.keys(spoil)

/** Lines of CSV as data sets publish them: commas, points, in the order of time, nothing bad. */
export function* cleanLines(table: MadeTable): Generator<string> {
  yield line(
    table.columns.map(({ name }) => name),
    ',',
  )
  for (let row = 0; row < table.rowCount; row++) {
    const cells = table.cells(row).map((cell, column) => mark(cell, table, column))
    yield line(cells, ',')
  }
}

/**
 * The same rows as people send them: semicolons, decimals after a comma, days first, in no order, words where a value
 * is unknown, and one row in a hundred bad, each kind in turn. `tally` is told of each bad row's kind.
 */
export function* messyLines(table: MadeTable, seed: number, tally?: (kind: string) => void): Generator<string> {
  const random = createRandom(seed, 0xbad)
  const { columns } = table
  const at = (role: Role | 'text') =>
    columns.findIndex((column) => (role === 'text' ? column.kind === 'text' && column.mayMiss : column.role === role))
  yield line(
    columns.map(({ name }) => name),
    ';',
  )
  const order = shuffled(table.rowCount, random)
  for (const [index, row] of order.entries()) {
    const cells = table.cells(row).map((cell, column) => mark(cell, table, column))
    const written = cells.map((cell, column) => quote(asPeopleWrite(cell, columns[column], random), ';'))
    if (index % badEvery !== badEvery - 1) yield `${written.join(';')}\n`
    else {
      const kind = badKinds[Math.floor(index / badEvery) % badKinds.length]
      tally?.(kind)
      yield `${spoil[kind](written, at).join(';')}\n`
    }
  }
}

function asPeopleWrite(cell: string, { kind, role, mayMiss }: MadeColumn, random: Random): string {
  const isUnknown = role === undefined && (mayMiss || kind === 'decimal') && random.uniform() < missingShare
  if (isUnknown) return missingWords[random.integer(missingWords.length)]
  if (kind === 'decimal') return cell.replace('.', ',')
  if (kind !== 'date') return cell
  return cell.replace(
    /^(\d{4})-(\d\d)-(\d\d)(?: (\d\d:\d\d):\d\d)?$/,
    (_, year, month, day, time) => `${day}/${month}/${year}${time === undefined ? '' : ` ${time}`}`,
  )
}

function mark(cell: string, { columns, textMark }: MadeTable, column: number): string {
  return textMark !== undefined && columns[column].kind === 'text' ? textMark + cell + textMark : cell
}

function line(cells: readonly string[], separator: string): string {
  return `${cells.map((cell) => quote(cell, separator)).join(separator)}\n`
}

function quote(cell: string, separator: string): string {
  return cell.includes(separator) || cell.includes('"') ? `"${cell.replaceAll('"', '""')}"` : cell
}

function shuffled(count: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index)
  for (let last = count - 1; last > 0; last--) {
    const other = random.integer(last + 1)
    ;[order[last], order[other]] = [order[other], order[last]]
  }
  return order
}
