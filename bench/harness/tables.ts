import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { createGunzip } from 'node:zlib'
import { readTable } from '../../src/data/read-table.ts'
import { run } from './child.ts'
import { writeNpy } from './npy.ts'
import { cacheFolder } from './peers.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const ulbSource = `${root}../shared/data/ulb-creditcard-weighted.csv.gz`
const dayOneSeconds = 86_400

export const shrikeScript = `${root}bin/shrike.js`

/** How large a simulated card table is. */
export interface TableSize {
  readonly rows: number
  readonly frauds: number
}

/** The size of the well-known table, and one to try the benchmarks on. */
export const fullSize: TableSize = { rows: 284_807, frauds: 492 }
export const smokeSize: TableSize = { rows: 20_000, frauds: 100 }

/** A training part and a later one, which is all that learners need. */
export interface LearnerParts {
  /** .npy files that both sides read: a column per input, then label and weight. */
  readonly train: string
  readonly test: string
  readonly rows: number
  readonly frauds: number
  readonly testRows: number
  readonly testFrauds: number
}

/** The parts of a card table, which commands read as well. */
export interface Parts extends LearnerParts {
  /** Names the table and its content. */
  readonly name: string
  /** The whole table, and the `Time` at which its later part begins. */
  readonly csv: string
  readonly testFromSeconds: number
  /** What `shrike train` must be told about its columns. */
  readonly flags: readonly string[]
  readonly inputs: readonly string[]
}

/** Inputs, and of each row its time, label and weight. */
export interface LabelledColumns {
  readonly columns: readonly Float64Array[]
  readonly time: Float64Array
  readonly label: Float64Array
  readonly weight: Float64Array
}

interface CardTable extends LabelledColumns {
  readonly inputs: readonly string[]
}

// Tables are made again in every run, so that none outlives the simulator or the file that it came from, but only once.
const made = new Map<string, Promise<string>>()

export function makeOnce(name: string, make: (path: string) => Promise<unknown>): Promise<string> {
  mkdirSync(cacheFolder, { recursive: true })
  const path = `${cacheFolder}${name}`
  // A command would keep the table of an earlier run under another name.
  if (!made.has(name)) rmSync(path, { force: true })
  const making = made.get(name) ?? make(path).then(() => path)
  made.set(name, making)
  return making
}

/** The simulated flat table as CSV. */
export function simulatedCsv({ rows, frauds }: TableSize): Promise<string> {
  const size = ['--rows', String(rows), '--frauds', String(frauds)]
  return makeOnce(`simulated-${rows}.csv`, (path) =>
    run(process.execPath, [shrikeScript, 'simulate', '--shape', 'creditcard', ...size, '--seed', '1', '--out', path]),
  )
}

/** The real rows, unpacked, or undefined where they are not at hand. */
export async function ulbCsv(): Promise<string | undefined> {
  if (!existsSync(ulbSource)) return undefined
  return makeOnce('ulb.csv', (path) => pipeline(createReadStream(ulbSource), createGunzip(), createWriteStream(path)))
}

/**
 * The simulated table with a quarter more rows: its first `size.rows` are the training part, about `size.frauds` frauds
 * among them.
 */
export async function simulatedParts(size: TableSize): Promise<Parts> {
  const csv = await simulatedCsv({ rows: Math.round(size.rows * 1.25), frauds: Math.round(size.frauds * 1.25) })
  const table = await readCardTable(csv)
  return splitParts('simulated', csv, table, table.time.toSorted()[size.rows], [])
}

/** Day 1 of the real rows to learn from, what came later to judge by. */
export async function ulbParts(): Promise<Parts | undefined> {
  const csv = await ulbCsv()
  if (csv === undefined) return undefined
  const flags = ['--weight-column', 'weight', '--weights', 'evaluation']
  return splitParts('ulb', csv, await readCardTable(csv), dayOneSeconds, flags)
}

export async function readCardTable(path: string): Promise<CardTable> {
  const { table } = await readTable(path)
  const find = (name: string): Float64Array | undefined => {
    const found = table.columns.find((column) => column.name === name)
    return found === undefined || found.kind === 'text' ? undefined : found.values
  }
  const need = (name: string): Float64Array => {
    const values = find(name)
    if (values === undefined) throw new Error(`${path} has no numeric column ${name}`)
    return values
  }
  const inputs = [...Array.from({ length: 28 }, (_, index) => `V${index + 1}`), 'Amount']
  const weight = find('weight') ?? new Float64Array(table.rowCount).fill(1)
  return { inputs, columns: inputs.map(need), time: need('Time'), label: need('Class'), weight }
}

function splitParts(
  source: string,
  csv: string,
  table: CardTable,
  testFromSeconds: number,
  flags: readonly string[],
): Parts {
  const parts = writeParts(source, table, {
    train: (time) => time < testFromSeconds,
    test: (time) => time >= testFromSeconds,
  })
  const content = createHash('sha256').update(readFileSync(parts.train)).digest('hex').slice(0, 12)
  return { ...parts, name: `${source}-${content}`, csv, testFromSeconds, flags, inputs: table.inputs }
}

/** Writes the rows to learn from and those to judge by, each told by its time. */
export function writeParts(
  source: string,
  table: LabelledColumns,
  holds: Readonly<Record<'train' | 'test', (time: number) => boolean>>,
): LearnerParts {
  const write = (part: 'train' | 'test') => {
    const rows = [...table.time.keys()].filter((row) => holds[part](table.time[row]))
    const pick = (column: Float64Array) => Float64Array.from(rows, (row) => column[row])
    const label = pick(table.label)
    const path = `${cacheFolder}${source}-${part}.npy`
    writeNpy(path, [...table.columns.map(pick), label, pick(table.weight)])
    return { path, rows: rows.length, frauds: label.reduce((sum, isFraud) => sum + isFraud, 0) }
  }
  const train = write('train')
  const test = write('test')
  return {
    train: train.path,
    test: test.path,
    rows: train.rows,
    frauds: train.frauds,
    testRows: test.rows,
    testFrauds: test.frauds,
  }
}
