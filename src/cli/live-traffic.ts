import { setTimeout as sleep } from 'node:timers/promises'
import { isRecord } from '../core/json-value.ts'
import { formatIsoTime } from '../core/time-parser.ts'
import { numberColumn } from '../data/columns.ts'
import { readTable } from '../data/read-table.ts'
import type { Table } from '../data/table.ts'
import { LabelQueue } from '../features/label-queue.ts'
import { openLog } from './log-files.ts'
import type { Run } from './run.ts'
import { sendableRows } from './sendable-rows.ts'

export interface TrafficOptions {
  readonly url: string
  readonly data: string
  readonly apiKey: string | undefined
  readonly perSecond: number
}

/** Frauds that are reported at once when the traffic goes on after a pause. */
const tickMs = 250

/**
 * Sends the transactions of files of the simulated portfolio to the service as a payment system would, a number of them
 * each second, and labels of fraud when event time has come to where they were known. Goes on where the log ends.
 */
export async function sendTraffic(
  files: AsyncIterable<string>,
  options: TrafficOptions,
  { terminal, signal }: Pick<Run, 'terminal' | 'signal'>,
): Promise<void> {
  const labels = new Reports()
  const post = createPost(options)
  for await (const file of files) {
    const day = await readDay(file, options)
    await sendDay(day, labels, post, options, { terminal, signal })
    if (signal.aborted) return
    const { times, first } = day
    const lastDay = formatIsoTime(times[times.length - 1]).slice(0, 10)
    if (first < times.length) {
      terminal.say(`  all simulated traffic up to ${lastDay} was sent; the next simulated day begins`)
    }
  }
  terminal.say('  no more traffic is simulated')
}

interface Day {
  readonly values: readonly Readonly<Record<string, unknown>>[]
  readonly times: Float64Array
  readonly frauds: Float64Array
  readonly knownAt: Float64Array
  /** Before this row the log knows all. */
  readonly first: number
}

async function readDay(file: string, options: TrafficOptions): Promise<Day> {
  const { table } = await readTable(file, { columns: {} })
  const values = transactionsOf(table)
  return {
    values,
    times: numberColumn(table, 'time').values,
    frauds: numberColumn(table, 'is_fraud').values,
    knownAt: numberColumn(table, 'label_known_at').values,
    first: firstUnknown(values.length, (row) => String(values[row].transaction_id), options),
  }
}

/** Frauds of all days that are still to be reported. */
class Reports {
  readonly #queue = new LabelQueue()
  readonly #ids: unknown[] = []

  add(id: unknown, timestampMs: number, knownAtMs: number): void {
    const sequence = this.#ids.push(id) - 1
    const event = { timestampMs, amount: Number.NaN, texts: [], numbers: [], sequence }
    this.#queue.add({ event, label: { isFraud: true, knownAtMs } })
  }

  *due(timestampMs: number) {
    for (let due = this.#queue.due(timestampMs); due !== undefined; due = this.#queue.due(timestampMs)) {
      yield { transactionId: this.#ids[due.event.sequence], knownAt: formatIsoTime(due.label.knownAtMs) }
    }
  }
}

async function sendDay(
  { values, times, frauds, knownAt, first }: Day,
  reports: Reports,
  post: ReturnType<typeof createPost>,
  { perSecond }: TrafficOptions,
  { terminal, signal }: Pick<Run, 'terminal' | 'signal'>,
): Promise<void> {
  for (let row = 0; row < values.length && !signal.aborted; ) {
    const startMs = performance.now()
    const end =
      row < first ? first : Math.min(values.length, row + Math.max(1, Math.round((perSecond * tickMs) / 1000)))
    for (; row < end; row++) {
      for (const report of reports.due(times[row])) {
        await post('/v1/labels', { ...report, isFraud: true, source: 'chargeback' })
        if (row >= first) terminal.say(`  label     ${report.transactionId} was fraud`)
      }
      if (frauds[row] === 1) reports.add(values[row].transaction_id, times[row], knownAt[row])
      if (row >= first) tell(await post('/v1/decisions', values[row]), values[row], terminal)
      if (signal.aborted) return
    }
    await sleep(Math.max(0, tickMs - (performance.now() - startMs)), undefined, { signal }).catch(() => {})
  }
}

/** Before this row the log knows all. */
function firstUnknown(rows: number, idOf: (row: number) => string, { data }: TrafficOptions): number {
  const reader = openLog({ data })
  try {
    let row = 0
    while (row < rows && reader.find(idOf(row)) !== undefined) row++
    return row
  } finally {
    reader.close()
  }
}

function transactionsOf(table: Table): readonly Readonly<Record<string, unknown>>[] {
  const columns = table.columns.filter(({ name }) => name !== 'is_fraud' && name !== 'label_known_at')
  const read = sendableRows(columns)
  return Array.from({ length: table.rowCount }, (_, row) => read(row))
}

function createPost({ url, apiKey }: TrafficOptions) {
  const headers = {
    'content-type': 'application/json',
    ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
  }
  return async (path: string, body: unknown): Promise<unknown> => {
    try {
      const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
      return await response.json()
    } catch {
      // The service is closing: what is not answered is sent again at the next start.
      return undefined
    }
  }
}

/** A line for each transaction that was not simply approved. */
function tell(decision: unknown, transaction: Readonly<Record<string, unknown>>, terminal: Run['terminal']): void {
  if (!isRecord(decision) || decision.outcome === 'approve' || typeof decision.outcome !== 'string') return
  const { transaction_id: id, amount, card_id: card, channel, country } = transaction
  const score = typeof decision.score === 'number' ? decision.score.toFixed(2) : 'none'
  terminal.say(
    `  ${decision.outcome.padEnd(9)} ${id}  score ${score}  ${Number(amount).toFixed(2)} EUR  card ${card}  ${channel} ${country}`,
  )
}
