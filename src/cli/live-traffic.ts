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
 * Sends the transactions of a file of the simulated portfolio to the service as a payment system would, a number of them
 * each second, and labels of fraud when event time has come to where they were known. Goes on where the log ends.
 */
export async function sendTraffic(path: string, options: TrafficOptions, { terminal, signal }: Run): Promise<void> {
  const { table } = await readTable(path, { columns: {} })
  const post = createPost(options)
  const values = transactionsOf(table)
  const times = numberColumn(table, 'time').values
  const frauds = numberColumn(table, 'is_fraud').values
  const knownAt = numberColumn(table, 'label_known_at').values
  const labels = new LabelQueue()
  const first = firstUnknown(values.length, (row) => String(values[row].transaction_id), options)
  for (let row = 0; row < values.length && !signal.aborted; ) {
    const startMs = performance.now()
    const end =
      row < first ? first : Math.min(values.length, row + Math.max(1, Math.round((options.perSecond * tickMs) / 1000)))
    for (; row < end; row++) {
      for (let due = labels.due(times[row]); due !== undefined; due = labels.due(times[row])) {
        const transactionId = values[due.event.sequence].transaction_id
        const knownAtText = formatIsoTime(due.label.knownAtMs)
        await post('/v1/labels', { transactionId, isFraud: true, knownAt: knownAtText, source: 'chargeback' })
        if (row >= first) terminal.say(`  label     ${transactionId} was fraud`)
      }
      if (frauds[row] === 1) {
        const event = { timestampMs: times[row], texts: [], sequence: row }
        labels.add({ event, label: { isFraud: true, knownAtMs: knownAt[row] } })
      }
      if (row >= first) tell(await post('/v1/decisions', values[row]), values[row], terminal)
      if (signal.aborted) return
    }
    await sleep(Math.max(0, tickMs - (performance.now() - startMs)), undefined, { signal }).catch(() => {})
  }
  if (!signal.aborted) terminal.say('  all of the simulated traffic was sent')
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
