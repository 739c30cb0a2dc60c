import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { throwIfInterrupted } from '../core/progress.ts'
import { numberColumn } from '../data/columns.ts'
import { readTable } from '../data/read-table.ts'
import { type PortfolioOptions, simulatePortfolio } from '../data/simulate/portfolio.ts'
import type { Column, Table } from '../data/table.ts'
import { writeCsv } from '../data/write-csv.ts'
import { readBundle } from '../scoring/load-predictor.ts'
import { dataDirectory, makeDataDirectory, refuseInUse } from '../stores/data-directory.ts'
import { usualTraining } from '../training/plan-training.ts'
import { digestOf, FinishedSteps } from './finished-steps.ts'
import { replay } from './replay-work.ts'
import type { Run } from './run.ts'
import { sendableRows } from './sendable-rows.ts'
import { train } from './train-work.ts'

const dayMs = 86_400_000
const historyDays = 90
const liveDays = 30
/** As many days as the simulation allows: what is sent live goes on after the file, day by day. */
const mostDays = 36_500
const size = { customers: 500, terminals: 1000 } as const
const detectorPath = fileURLToPath(new URL('../../detectors/cards.yaml', import.meta.url))

export interface DemoPortfolio {
  readonly bundle: string
  readonly report: string
  /** The transactions that come after the history. */
  readonly live: string
}

/** A portfolio's history, a model of it, and the history in the data directory; what is there already is used again. */
export async function preparePortfolio(data: string, seed: number, nowMs: number, run: Run): Promise<DemoPortfolio> {
  const { terminal, signal } = run
  makeDataDirectory(data)
  refuseInUse(dataDirectory(data))
  const history = join(data, 'history.csv')
  const live = join(data, 'live.csv')
  const bundle = dataDirectory(data).bundlePath
  const report = join(data, 'report.html')
  if (existsSync(history) && existsSync(live)) terminal.say(`Going on with the portfolio in ${data}`)
  else {
    terminal.say(
      'No file was given, so a portfolio of cards is simulated (your own: npm start -- path/to/creditcard.csv)',
    )
    await simulate(history, live, seed, nowMs, run)
  }
  throwIfInterrupted(signal)
  if (!(await isOfCards(bundle)) || !existsSync(report)) {
    await train(
      history,
      {
        ...{ out: bundle, report, data, detector: detectorPath, seed, force: true },
        ...usualTraining,
      },
      run,
    )
  }
  throwIfInterrupted(signal)
  const steps = new FinishedSteps(data)
  const inputs = await digestOf(history, { detector: (await readBundle(bundle)).detector })
  if (!steps.isReplayed(inputs)) {
    await replay(history, { as: 'history', data, bundle, onConflict: 'fail' }, run)
    await steps.replayed(inputs)
  }
  return { bundle, report, live }
}

/**
 * The files of a portfolio's live traffic, in order: the one that was made first, then one for each further day of the same
 * simulation, which replaces the one before. None follow where the seed is not that of the first.
 */
export async function* liveFiles(
  live: string,
  shape: Omit<PortfolioOptions, 'days' | 'onProgress'> & { readonly startMs: number },
  { terminal }: Pick<Run, 'terminal'>,
): AsyncGenerator<string> {
  yield live
  const { table } = await readTable(live, { columns: {} })
  const last = table.rowCount - 1
  const lastMs = numberColumn(table, 'time').values[last]
  const readLast = sendableRows(table.columns)(last)
  const path = join(dirname(live), 'live-day.csv')
  let isSame = false
  for (const batch of simulatePortfolio({ ...shape, days: mostDays })) {
    const times = numberColumn(batch, 'time').values
    if (times[0] <= lastMs) {
      const found = sendableRows(batch.columns)(batch.rowCount - 1)
      isSame = found.transaction_id === readLast.transaction_id && found.amount === readLast.amount
      continue
    }
    if (!isSame) {
      terminal.warn(`${live} was simulated with another seed, so no further day follows it`)
      return
    }
    await writeCsv([withoutScenario(batch)], path)
    yield path
  }
}

/** How the portfolio of a data directory was simulated. */
export async function shapeOf(live: string, seed: number) {
  const { table } = await readTable(live, { columns: {} })
  const firstDay = Math.floor(numberColumn(table, 'time').values[0] / dayMs)
  return { ...size, seed, startMs: (firstDay - historyDays) * dayMs }
}

async function isOfCards(bundle: string): Promise<boolean> {
  return existsSync(bundle) && (await readBundle(bundle)).detector.detector === 'cards'
}

/** All of it lies in the past, so that none of what is sent live is ahead of the clock. */
async function simulate(history: string, live: string, seed: number, nowMs: number, { terminal }: Run): Promise<void> {
  const progress = terminal.begin('simulate')
  const days = historyDays + liveDays
  const startMs = Math.floor(nowMs / dayMs) * dayMs - days * dayMs
  const liveFromMs = startMs + historyDays * dayMs
  const onProgress = (done: number) => progress.update(done, days)
  const batches = [...simulatePortfolio({ ...size, days, startMs, seed, onProgress })]
  const isLive = (batch: Table) => numberColumn(batch, 'time').values[0] >= liveFromMs
  await writeCsv(batches.filter((batch) => !isLive(batch)).map(withoutScenario), history)
  await writeCsv(batches.filter(isLive).map(withoutScenario), live)
  const rows = batches.reduce((sum, { rowCount }) => sum + rowCount, 0)
  progress.end(`${rows.toLocaleString('en')} transactions of ${days} days, the last ${liveDays} to be sent live`)
}

/** A real file does not say how each fraud was done. */
function withoutScenario({ rowCount, columns }: Table): Table {
  return { rowCount, columns: columns.filter(({ name }: Column) => name !== 'scenario') }
}
