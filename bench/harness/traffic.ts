import { once } from 'node:events'
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { run } from './child.ts'
import { handbookCsv } from './handbook.ts'
import { cacheFolder } from './peers.ts'
import { shrikeScript } from './tables.ts'

const dayMs = 86_400_000
/** Each transaction happens to so many populations that share nothing: about a million events within the windows. */
const populations = 2
/** The part of the table that is history, which spans the longest window and delay; what follows it is sent. */
const historyShare = { from: 0.33, to: 0.575 }
/** Of the history, the last part: its labels are not in the file, so that they can be sent. */
const unlabelledShare = 0.45
const labelsPerRequest = 50

/** What the columns of a table are to its detector. */
interface Shape {
  readonly detector: string
  readonly id: string
  readonly time: string
  readonly numbers: readonly string[]
  readonly texts: readonly string[]
  /** Among the texts, those that each population has of its own. */
  readonly keys: readonly string[]
  readonly label: string
  /** When the label became known; a week later where there is no such column. */
  readonly knownAt?: string
}

const handbookShape: Shape = {
  detector: detectorFile('handbook'),
  id: 'TRANSACTION_ID',
  time: 'TX_DATETIME',
  numbers: ['TX_AMOUNT'],
  texts: ['CUSTOMER_ID', 'TERMINAL_ID'],
  keys: ['CUSTOMER_ID', 'TERMINAL_ID'],
  label: 'TX_FRAUD',
}

const portfolioKeys = ['card_id', 'customer_id', 'terminal_id', 'merchant_id', 'device_id']
const portfolioShape: Shape = {
  detector: detectorFile('cards'),
  id: 'transaction_id',
  time: 'time',
  numbers: ['amount', 'latitude', 'longitude'],
  texts: [...portfolioKeys, 'category', 'country', 'channel'],
  keys: portfolioKeys,
  label: 'is_fraud',
  knownAt: 'label_known_at',
}

/** Transactions to send in time order, each id once, and what came before them. */
export interface Traffic {
  readonly name: string
  readonly detector: string
  readonly trainingCsv: string
  readonly historyCsv: string
  readonly historyRows: number
  /** The bodies of `count` transactions after the history, one a line; more than the table holds come from it again, later. */
  writeBodies(path: string, count: number): Promise<number>
  /** Bodies of 50 labels, one a line, each of another transaction of the history; how many lines there are. */
  writeLabels(path: string): Promise<number>
}

/** The handbook's transactions, or a simulated portfolio where they are not at hand. */
export async function readTraffic(smoke: boolean): Promise<Traffic> {
  const handbook = handbookCsv(smoke)
  if (handbook !== undefined) return openTraffic("the handbook's transactions", handbook, handbookShape, smoke)
  mkdirSync(cacheFolder, { recursive: true })
  const path = `${cacheFolder}portfolio${smoke ? '-smoke' : ''}.csv`
  const size = smoke ? ['--customers', '500', '--days', '90'] : ['--customers', '5000', '--days', '180']
  await run(process.execPath, [shrikeScript, 'simulate', '--shape', 'portfolio', ...size, '--out', path])
  return openTraffic('a simulated portfolio', path, portfolioShape, smoke)
}

function detectorFile(name: string): string {
  return fileURLToPath(new URL(`../../detectors/${name}.yaml`, import.meta.url))
}

async function openTraffic(name: string, csv: string, shape: Shape, smoke: boolean): Promise<Traffic> {
  const table = new Rows(csv)
  const first = Math.floor(table.count * historyShare.from)
  const end = Math.floor(table.count * historyShare.to)
  const unlabelledFrom = end - Math.floor((end - first) * unlabelledShare)
  const historyCsv = `${cacheFolder}history${smoke ? '-smoke' : ''}.csv`
  await writeLines(historyCsv, historyLines(table, shape, first, end, unlabelledFrom))
  return {
    name: `${name}, in ${populations} populations`,
    detector: shape.detector,
    trainingCsv: csv,
    historyCsv,
    historyRows: (end - first) * populations,
    writeBodies: (path, count) => writeLines(path, bodyLines(table, shape, end, count)),
    writeLabels: (path) => writeLines(path, labelLines(table, shape, unlabelledFrom, end)),
  }
}

/** A CSV file without quotes, in memory, row by row. */
class Rows {
  readonly #text: Buffer
  readonly #starts: number[] = []
  readonly #columns: ReadonlyMap<string, number>

  constructor(path: string) {
    this.#text = readFileSync(path)
    for (let at = this.#text.indexOf(10) + 1; at > 0 && at < this.#text.length; at = this.#text.indexOf(10, at) + 1) {
      this.#starts.push(at)
    }
    const header = this.#text.toString('latin1', 0, this.#text.indexOf(10)).trimEnd().split(',')
    this.#columns = new Map(header.map((column, index) => [column, index]))
  }

  get count(): number {
    return this.#starts.length
  }

  /** The values of one row by their columns. */
  at(row: number): (column: string) => string {
    const line = this.#text.toString('latin1', this.#starts[row], this.#text.indexOf(10, this.#starts[row])).trimEnd()
    const cells = line.split(',')
    return (column) => cells[this.#columns.get(column) ?? -1] ?? ''
  }
}

/** A digit at the end of each key and id says whose it is. */
function valueIn(population: number, shape: Shape, cell: (column: string) => string, column: string): string {
  const value = cell(column)
  return value !== '' && (column === shape.id || shape.keys.includes(column)) ? `${value}${population}` : value
}

function* historyLines(
  table: Rows,
  shape: Shape,
  first: number,
  end: number,
  unlabelledFrom: number,
): Generator<string> {
  const columns = [shape.id, shape.time, ...shape.numbers, ...shape.texts]
  const labels = shape.knownAt === undefined ? [shape.label] : [shape.label, shape.knownAt]
  yield [...columns, ...labels].join(',')
  for (let row = first; row < end; row++) {
    const cell = table.at(row)
    for (let population = 0; population < populations; population++) {
      const values = columns.map((column) => valueIn(population, shape, cell, column))
      yield [...values, ...labels.map((column) => (row < unlabelledFrom ? cell(column) : ''))].join(',')
    }
  }
}

function* bodyLines(table: Rows, shape: Shape, from: number, count: number): Generator<string> {
  const timeAt = (row: number) => Date.parse(table.at(row)(shape.time))
  // Again from the start, whole weeks later, so that the days of the week stay.
  const spanMs = Math.ceil((timeAt(table.count - 1) - timeAt(from) + 1) / (7 * dayMs)) * 7 * dayMs
  const length = table.count - from
  for (let index = 0; index < count; index++) {
    const turn = Math.floor(index / populations)
    const pass = Math.floor(turn / length)
    const cell = table.at(from + (turn % length))
    const value = (column: string) => valueIn(index % populations, shape, cell, column)
    const body: Record<string, string | number> = {
      [shape.id]: `${value(shape.id)}${pass === 0 ? '' : `-${pass}`}`,
      [shape.time]: new Date(Date.parse(cell(shape.time)) + pass * spanMs).toISOString().replace('.000', ''),
    }
    for (const column of shape.numbers) if (cell(column) !== '') body[column] = Number(cell(column))
    for (const column of shape.texts) if (cell(column) !== '') body[column] = value(column)
    yield JSON.stringify(body)
  }
}

function* labelLines(table: Rows, shape: Shape, from: number, end: number): Generator<string> {
  let labels: unknown[] = []
  for (let row = from; row < end; row++) {
    const cell = table.at(row)
    const knownAt =
      shape.knownAt === undefined
        ? new Date(Date.parse(cell(shape.time)) + 7 * dayMs).toISOString()
        : cell(shape.knownAt)
    for (let population = 0; population < populations; population++) {
      const transactionId = valueIn(population, shape, cell, shape.id)
      labels.push({ transactionId, isFraud: cell(shape.label) === '1', knownAt })
      if (labels.length < labelsPerRequest) continue
      yield JSON.stringify(labels)
      labels = []
    }
  }
}

/** Writes lines and says how many. */
async function writeLines(path: string, lines: Iterable<string>): Promise<number> {
  mkdirSync(cacheFolder, { recursive: true })
  const file = createWriteStream(path)
  let count = 0
  let text = ''
  for (const line of lines) {
    text += `${line}\n`
    count++
    if (text.length < 1 << 20) continue
    if (!file.write(text, 'latin1')) await once(file, 'drain')
    text = ''
  }
  file.end(text, 'latin1')
  await once(file, 'finish')
  return count
}
