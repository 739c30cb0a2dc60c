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
  /** How many of the very first are sent as fast as they are answered, so that there is something to look at. */
  readonly atOnce?: number
}

/** Frauds that are reported at once when the traffic goes on after a pause. */
const tickMs = 250

/**
 * Sends the transactions of files of the simulated portfolio to the service as a payment system would, a number of them
 * each second, and labels of fraud when event time has come to where they were known. Goes on where the log ends, and ends
 * where the service asks for a key that it does not have: from the first user on, say.
 */
export async function sendTraffic(
  files: AsyncIterable<string>,
  options: TrafficOptions,
  { terminal, signal }: Pick<Run, 'terminal' | 'signal'>,
): Promise<void> {
  const labels = new Reports()
  const refusal = new AbortController()
  const post = createPost(options, terminal, refusal)
  const ended = AbortSignal.any([signal, refusal.signal])
  let { atOnce = 0 } = options
  for await (const file of files) {
    const day = await readDay(file, options)
    const rows = day.first === 0 ? atOnce : 0
    await sendDay(day, labels, post, { ...options, atOnce: rows }, { terminal, signal: ended })
    atOnce = 0
    if (ended.aborted) return
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
  { perSecond, atOnce = 0 }: TrafficOptions,
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
    if (row < atOnce) continue
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

/** @param refusal aborted where nothing that follows would be taken either. */
function createPost({ url, apiKey }: TrafficOptions, terminal: Run['terminal'], refusal: AbortController) {
  const told = new Set<string>()
  const headers = {
    'content-type': 'application/json',
    ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
  }
  return async (path: string, body: unknown): Promise<unknown> => {
    try {
      const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
      const answer: unknown = await response.json()
      if (response.ok) return answer
      const code = isRecord(answer) ? String(answer.code) : String(response.status)
      const isFinal = response.status === 401 || response.status === 403
      if (!told.has(code)) terminal.warn(`${isFinal ? ended : refused} ${code}`)
      told.add(code)
      if (isFinal) refusal.abort()
      return undefined
    } catch {
      // The service is closing: what is not answered is sent again at the next start.
      return undefined
    }
  }
}

const refused = 'The service refuses some of the live traffic:'
const ended =
  'Live traffic has ended: the service asks for a key by now. Start it again with SHRIKE_API_KEYS=KEY, which the traffic uses, too.'

/** A line for each transaction that was not simply approved. */
function tell(decision: unknown, transaction: Readonly<Record<string, unknown>>, terminal: Run['terminal']): void {
  if (!isRecord(decision) || decision.outcome === 'approve' || typeof decision.outcome !== 'string') return
  const { transaction_id: id, amount, card_id: card, channel, country } = transaction
  const score = typeof decision.score === 'number' ? decision.score.toFixed(2) : 'none'
  terminal.say(
    `  ${decision.outcome.padEnd(9)} ${id}  score ${score}  ${Number(amount).toFixed(2)} EUR  card ${card}  ${channel} ${country}`,
  )
}
