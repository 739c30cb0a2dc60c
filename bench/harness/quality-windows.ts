import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { createRandom } from '../../src/core/random.ts'
import { run } from './child.ts'
import { handbookCsv } from './handbook.ts'
import { writeNpy } from './npy.ts'
import { cacheFolder } from './peers.ts'
import { readReplayed } from './replayed-tables.ts'
import { type LabelledColumns, makeOnce, readCardTable, shrikeScript, simulatedCsv, ulbCsv } from './tables.ts'

/** Rows to learn from and later ones to judge by. */
export interface QualityWindow {
  readonly table: string
  readonly name: string
  /** Whether it holds all its rows to learn from. */
  readonly isWhole: boolean
  /** What a window is for: none both chooses a preset and accepts it. */
  readonly use: 'choose' | 'accept'
  /** The time of the rows that judge: [from, to). */
  readonly judged: readonly [from: number, to: number]
  readonly train: string
  readonly test: string
  readonly frauds: number
  readonly testFrauds: number
}

/** Bounds of a window in the table's own time: [from, to) to learn from, [testFrom, testTo) to judge by. */
interface Bounds {
  readonly name: string
  readonly use: QualityWindow['use']
  readonly train: readonly [from: number, to: number]
  readonly test: readonly [from: number, to: number]
}

const dayMs = 86_400_000
const daySeconds = 86_400
const fewFrauds = 100

/**
 * The windows of all tables at hand, each with all its rows to learn from and with as many as hold a hundred frauds. Written
 * down before anything was measured on them: the second day of the ULB rows and the last 14 days of the e-commerce table
 * accept, all others choose.
 */
export async function qualityWindows(smoke: boolean, log: (line: string) => void): Promise<QualityWindow[]> {
  const byTable: QualityWindow[][] = []
  for (const [table, read, bounds] of tables(smoke)) {
    log(`rows of ${table}`)
    const columns = await read()
    if (columns === undefined) log(`${table} is not at hand`)
    else byTable.push(bounds.flatMap((each) => writeWindow(table, columns, each)))
  }
  return byTable
    .flatMap((windows) => windows.map((window, i) => ({ window, turn: turnOf(window, i < 2) })))
    .sort((one, other) => one.turn - other.turn)
    .map(({ window }) => window)
}

/** A run that was stopped knows something of every table, and whether what it chose is accepted. */
function turnOf({ isWhole, use }: QualityWindow, isFirst: boolean): number {
  if (isFirst) return isWhole ? 0 : 1
  if (!isWhole) return 4
  return use === 'accept' ? 2 : 3
}

type Read = () => Promise<LabelledColumns | undefined>

function tables(smoke: boolean): readonly (readonly [string, Read, readonly Bounds[]])[] {
  const simulated = { rows: smoke ? 20_000 : 80_000, frauds: smoke ? 100 : 492 }
  const made: ReturnType<typeof tables> = [
    ['simulated table', async () => readCardTable(await simulatedCsv(simulated)), flatBounds],
    ['simulated portfolio', () => portfolioRows(smoke), portfolioBounds],
  ]
  if (smoke) return made
  return [
    ['ULB', ulbRows, ulbBounds],
    ['e-commerce', ecommerceRows, ecommerceBounds],
    ['handbook', handbookRows, handbookBounds],
    ...made,
  ]
}

/** Seconds of the table's 40 hours: parts of the first day choose, the second day accepts. */
const ulbBounds: readonly Bounds[] = [
  { name: 'to 14 h, then 5 h', use: 'choose', train: [0, 50_400], test: [50_400, 68_400] },
  { name: 'to 19 h, then 5 h', use: 'choose', train: [0, 68_400], test: [68_400, daySeconds] },
  { name: 'day 1, then day 2', use: 'accept', train: [0, daySeconds], test: [daySeconds, 2 * daySeconds] },
]

/** From day 14 the rows that judge would be partly those that accept. */
const ecommerceBounds: readonly Bounds[] = [0, 7, 21].map((day) => {
  const start = Date.UTC(2009, 0, 1) + day * dayMs
  return {
    name: `28 days from day ${day}, 7 left out, 14 days`,
    use: day === 21 ? 'accept' : 'choose',
    train: [start, start + 28 * dayMs],
    test: [start + 35 * dayMs, start + 49 * dayMs],
  }
})

/** Two of the handbook's validation folds. */
const handbookBounds: readonly Bounds[] = ['2018-06-27', '2018-07-11'].map((day) => {
  const start = Date.parse(day)
  return {
    name: `a week from ${day}, a week left out, a week`,
    use: 'choose',
    train: [start, start + 7 * dayMs],
    test: [start + 14 * dayMs, start + 21 * dayMs],
  }
})

const flatBounds: readonly Bounds[] = [
  { name: 'a day, then half a day', use: 'choose', train: [0, daySeconds], test: [daySeconds, 1.5 * daySeconds] },
  {
    name: 'from 12 h a day, then half a day',
    use: 'choose',
    train: [daySeconds / 2, 1.5 * daySeconds],
    test: [1.5 * daySeconds, 2 * daySeconds],
  },
]

const portfolioBounds: readonly Bounds[] = [10, 22].map((day) => {
  const start = Date.UTC(2026, 0, 1) + day * dayMs
  return {
    name: `two weeks from day ${day}, a week left out, 12 days`,
    use: 'choose',
    train: [start, start + 14 * dayMs],
    test: [start + 21 * dayMs, start + 33 * dayMs],
  }
})

async function ulbRows(): Promise<LabelledColumns | undefined> {
  const csv = await ulbCsv()
  return csv === undefined ? undefined : readCardTable(csv)
}

async function ecommerceRows(): Promise<LabelledColumns | undefined> {
  const source = fileURLToPath(new URL('../../../shared/data/ucsd-ecommerce.csv.gz', import.meta.url))
  if (!existsSync(source)) return undefined
  mkdirSync(cacheFolder, { recursive: true })
  const csv = await makeOnce('ecommerce.csv', async (path) => writeFileSync(path, gunzipSync(readFileSync(source))))
  return readReplayed('bench/configurations/quality-ecommerce.yaml', csv)
}

async function handbookRows(): Promise<LabelledColumns | undefined> {
  const csv = handbookCsv(false)
  return csv === undefined ? undefined : readReplayed('detectors/handbook.yaml', csv)
}

async function portfolioRows(smoke: boolean): Promise<LabelledColumns> {
  const size = smoke ? ['--customers', '300', '--terminals', '600'] : ['--customers', '1200', '--terminals', '2400']
  const flags = ['simulate', '--shape', 'portfolio', ...size, '--seed', '2', '--out']
  const csv = await makeOnce('portfolio-of-quality.csv', (path) =>
    run(process.execPath, [shrikeScript, ...flags, path]),
  )
  return readReplayed('bench/configurations/quality-cards.yaml', csv)
}

function writeWindow(table: string, rows: LabelledColumns, bounds: Bounds): QualityWindow[] {
  const within = ([from, to]: Bounds['test']) =>
    Uint32Array.from(rows.time.keys().filter((row) => rows.time[row] >= from && rows.time[row] < to))
  const test = writeRows(`${table} ${bounds.name} test`, rows, within(bounds.test))
  const all = within(bounds.train)
  const frauds = countFrauds(rows, all)
  const sizes = frauds > 1.5 * fewFrauds ? [1, fewFrauds / frauds] : [1]
  return sizes.map((share) => {
    const kept = share === 1 ? all : thinned(all, share)
    const name = share === 1 ? bounds.name : `${bounds.name}, a share of ${share.toFixed(2)}`
    const train = writeRows(`${table} ${name} train`, rows, kept)
    return {
      table,
      name,
      isWhole: share === 1,
      use: bounds.use,
      judged: bounds.test,
      train,
      test,
      frauds: countFrauds(rows, kept),
      testFrauds: countFrauds(rows, within(bounds.test)),
    }
  })
}

function thinned(rows: Uint32Array, share: number): Uint32Array {
  const random = createRandom(1)
  return rows.filter(() => random.uniform() < share)
}

function countFrauds({ label }: LabelledColumns, rows: Uint32Array): number {
  return rows.reduce((sum, row) => sum + label[row], 0)
}

function writeRows(name: string, { columns, label, weight }: LabelledColumns, rows: Uint32Array): string {
  const path = `${cacheFolder}quality-${name.replace(/\W+/g, '-')}.npy`
  const pick = (column: Float64Array) => Float64Array.from(rows, (row) => column[row])
  writeNpy(path, [...columns.map(pick), pick(label), pick(weight)])
  return path
}
