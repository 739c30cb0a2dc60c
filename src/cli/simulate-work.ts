import { FraudError } from '../core/errors.ts'
import { throwIfInterrupted } from '../core/progress.ts'
import { parseIsoTime } from '../core/time-parser.ts'
import { inSlices } from '../core/time-slices.ts'
import { numberColumn } from '../data/columns.ts'
import { simulateInSteps } from '../data/simulate/creditcard.ts'
import { scenario } from '../data/simulate/portfolio/scenario.ts'
import { simulatePortfolio } from '../data/simulate/portfolio.ts'
import type { Column, Table } from '../data/table.ts'
import { writeCsv } from '../data/write-csv.ts'
import { writeNdjson } from '../data/write-ndjson.ts'
import { type ForceRequest, replaceOutput } from '../training/replace-output.ts'
import { checkOutputs } from './output-paths.ts'
import type { Run } from './run.ts'

export interface SimulateFlags extends ForceRequest {
  readonly shape: 'creditcard' | 'portfolio'
  readonly rows?: number
  readonly frauds?: number
  readonly customers?: number
  readonly terminals?: number
  readonly start?: string
  readonly days?: number
  readonly seed: number
  readonly out: string
}

const rowsPerBatch = 20_000
const ownFlags = { creditcard: ['rows', 'frauds'], portfolio: ['customers', 'terminals', 'start'] } as const

/** Writes a simulated history; a shape's own flags are refused with the other one. */
export async function simulate(flags: SimulateFlags, run: Run): Promise<void> {
  const other = flags.shape === 'creditcard' ? 'portfolio' : 'creditcard'
  const stray = ownFlags[other].find((name) => flags[name] !== undefined)
  if (stray !== undefined) {
    throw new FraudError('OPTION_INVALID', `--${stray} is for --shape ${other}, and this is --shape ${flags.shape}`)
  }
  const writer = chooseWriter(flags.out)
  const write: Writer = (tables, path) => replaceOutput(path, flags, run, (place) => writer(tables, path, place))
  await checkOutputs({ '--out': flags.out })
  if (flags.shape === 'creditcard') await simulateFlatTable(flags, write, run)
  else await simulateHistory(flags, write, run)
}

type Writer = typeof writeCsv

function chooseWriter(out: string): Writer {
  const name = out.toLowerCase()
  if (name.endsWith('.csv') || name.endsWith('.csv.gz')) return writeCsv
  if (name.endsWith('.ndjson')) return writeNdjson
  throw new FraudError('OPTION_INVALID', `--out is ${out}, but its name must end in .csv, .csv.gz or .ndjson`)
}

async function simulateFlatTable(flags: SimulateFlags, write: Writer, { terminal, signal }: Run): Promise<void> {
  const { rows = 284_807, frauds = 492, days = 2, seed, out } = flags
  const making = terminal.begin('simulate')
  const onProgress = (done: number, total: number) => making.update(done, total)
  const steps = simulateInSteps({ rows, frauds, days, seed, onProgress })
  const table = await inSlices(steps, () => throwIfInterrupted(signal))
  making.end(`${table.rowCount.toLocaleString('en')} transactions, ${frauds} frauds`)
  const writing = terminal.begin('write')
  await write(inBatches(table, signal), out)
  writing.end(out)
  terminal.result({ rows: table.rowCount, frauds, out })
}

/** A table piece by piece, until Ctrl-C was pressed. */
function* inBatches({ rowCount, columns }: Table, signal: AbortSignal): Generator<Table> {
  for (let start = 0; start < rowCount; start += rowsPerBatch) {
    throwIfInterrupted(signal)
    const end = Math.min(rowCount, start + rowsPerBatch)
    const part = (column: Column): Column =>
      column.kind === 'text'
        ? { ...column, codes: column.codes.subarray(start, end) }
        : { ...column, values: column.values.subarray(start, end) }
    yield { rowCount: end - start, columns: columns.map(part) }
  }
}

/** Made and written batch by batch, so that a history of any length fits into memory. */
async function simulateHistory(flags: SimulateFlags, write: Writer, { terminal, signal }: Run): Promise<void> {
  const { customers, terminals, start, days, seed, out } = flags
  const progress = terminal.begin('simulate')
  const batches = simulatePortfolio({
    seed,
    ...(customers !== undefined && { customers }),
    ...(terminals !== undefined && { terminals }),
    ...(start !== undefined && { startMs: parseDay(start) }),
    ...(days !== undefined && { days }),
    onProgress: (done, total) => progress.update(done, total),
  })
  const counts = Object.values(scenario).map(() => 0)
  await write(counted(batches, counts, signal), out)
  const scenarios = Object.fromEntries(Object.entries(scenario).map(([name, number]) => [name, counts[number]]))
  const rows = counts.reduce((sum, count) => sum + count)
  const frauds = rows - counts[scenario.legitimate]
  progress.end(`${rows.toLocaleString('en')} transactions, ${frauds.toLocaleString('en')} frauds in ${out}`)
  terminal.result({ rows, frauds, scenarios, out })
}

/** Passes batches on, adds up their scenarios, and stops between two of them once Ctrl-C was pressed. */
function* counted(batches: Iterable<Table>, counts: number[], signal: AbortSignal): Generator<Table> {
  for (const batch of batches) {
    throwIfInterrupted(signal)
    for (const value of numberColumn(batch, 'scenario').values) counts[value]++
    yield batch
  }
}

function parseDay(text: string): number {
  const bytes = new TextEncoder().encode(text)
  const day = parseIsoTime(bytes, 0, bytes.length)
  if (!Number.isNaN(day)) return day
  throw new FraudError('OPTION_INVALID', `--start is "${text}", but it must be a day such as 2026-01-01`)
}
