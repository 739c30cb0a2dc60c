import { createRandom, type Random } from '../src/core/random.ts'
import { PolicyProjection } from '../src/deciding/policy-projection.ts'
import { namesOf } from '../src/deciding/policy-vocabulary.ts'
import type { Change } from '../src/decisioning/index.ts'
import { policyOf } from '../src/decisioning/policy.ts'
import { type Detector, parseDetector } from '../src/detector/detector.ts'
import { compileDetector } from '../src/features/feature-set.ts'
import { MemoryHistories } from '../src/features/memory-histories.ts'
import { Replay } from '../src/features/replay.ts'
import { type ChangeRecord, type LogRecord, recordFormat } from '../src/log/log-record.ts'
import { dataDirectory, makeDataDirectory } from '../src/stores/data-directory.ts'
import { SqliteLog } from '../src/stores/sqlite/sqlite-log.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
export const startMs = Date.UTC(2026, 2, 1)

export const shopDetector = parseDetector({
  detector: 'shop',
  transaction: {
    id: 'ID',
    time: { field: 'AT', format: 'epoch-ms' },
    amount: { field: 'AMOUNT', digits: 2, currency: 'EUR' },
    keys: { card: 'CARD', device: 'DEVICE' },
    fields: { country: 'COUNTRY' },
    optionalKeys: ['device'],
    label: { field: 'FRAUD', delay: '7d' },
  },
  features: [
    'AMOUNT',
    { night: { untilHour: 5 } },
    { count: { by: 'card', over: ['1h', '1d', '7d'] } },
    { sum: { of: 'amount', by: 'card', over: ['1d'] } },
    { mean: { of: 'amount', by: 'card', over: ['7d'] } },
    { count: { by: 'device', over: ['1h', '1d'] } },
  ],
  policy: { review: 0.6, decline: 0.85 },
})

/** A transaction that was decided, and what it truly was, which a log does not tell of all. */
export interface MadeTransaction {
  readonly id: string
  readonly timestampMs: number
  readonly amount: number
  readonly card: string
  readonly device: string | undefined
  readonly country: string
  readonly isFraud: boolean
  readonly score: number | null
}

export interface MadeLog {
  readonly path: string
  readonly transactions: number
  readonly seed: number
  /** Changes of the policy, each before the transaction of its number. */
  readonly changes?: readonly { readonly before: number; readonly change: Change }[]
  /** Transactions a day; 2,000 by default. */
  readonly perDay?: number
  /** How many of 100 legitimate transactions get a label that says so; none by default. */
  readonly legitimateLabels?: number
  /** How many of 100 declined or reviewed ones are labelled, by people who look; none by default. */
  readonly heldLabels?: number
  /** Transactions before the one of this number are decided by a detector without features of devices; none by default. */
  readonly olderUntil?: number
  /** How the detector says that models are trained from it; the usual way by default. */
  readonly model?: Detector['model']
  /** What draws are made under, in hexadecimal. */
  readonly secret?: string
  readonly onDecided?: (made: MadeTransaction, record: Extract<LogRecord, { kind: 'decision' }>) => void
}

/** Draws transactions in the order of their times. */
function* drawTransactions({ transactions, seed, perDay = 2000 }: MadeLog): Generator<MadeTransaction> {
  const random = createRandom(seed)
  let timestampMs = startMs
  for (let i = 0; i < transactions; i++) {
    timestampMs += Math.ceil((-Math.log(1 - random.uniform()) * dayMs) / perDay)
    yield drawOne(random, `t-${seed}-${i}`, timestampMs, transactions)
  }
}

function drawOne(random: Random, id: string, timestampMs: number, transactions: number): MadeTransaction {
  const risk = 1 / (1 + Math.exp(3.5 - 2 * random.normal()))
  const isFraud = random.uniform() < risk
  const score = random.integer(200) === 0 ? null : Math.min(1, Math.max(0, risk + 0.1 * random.normal()))
  return {
    ...{ id, timestampMs, isFraud, score },
    amount: Math.round(100 * Math.exp(3 + random.normal() + (isFraud ? 1 : 0))) / 100,
    card: `c${random.integer(Math.max(10, transactions / 50))}`,
    device: random.integer(10) === 0 ? undefined : `d${random.integer(Math.max(5, transactions / 100))}`,
    country: ['DE', 'FR', 'US', 'NG', 'RO'][random.integer(5)],
  }
}

/** Writes a log of decisions and labels as a service would, by its own writer; a data directory that commands take. */
export async function writeDecidedLog(made: MadeLog): Promise<void> {
  makeDataDirectory(made.path)
  const log = await SqliteLog.open({ path: dataDirectory(made.path).logPath, makeToken: () => 'token' })
  const features = compileDetector(shopDetector)
  const policy = new PolicyProjection(namesOf({ detector: shopDetector, features }), policyOf(shopDetector))
  const replay = new Replay(features, new MemoryHistories(features.plan))
  const random = createRandom(made.seed, 1)
  const columns = ['AMOUNT', 'CARD', 'DEVICE', 'COUNTRY']
  let failure: Error | undefined
  const append = (record: LogRecord) => {
    const sequence = log.append(record, (error) => {
      failure ??= error
    })
    policy.take(record, sequence)
    return sequence
  }
  const define = (detector: Detector) =>
    append({
      ...{ kind: 'definition', format: recordFormat, model: 'made@0', columns },
      detector: { ...detector, ...(made.model && { model: made.model }) },
      ...{ policy: { ...policyOf(detector), version: 1 }, features: compileDetector(detector).names, runtime: 'test' },
    })
  const { olderUntil = 0 } = made
  const older = { ...shopDetector, features: shopDetector.features.slice(0, -1) }
  const olderLength = compileDetector(older).names.length
  let definition = define(olderUntil > 0 ? older : shopDetector)
  const labels: { id: string; of: number; isFraud: boolean; knownAtMs: number }[] = []
  const sayLabels = (untilMs: number) => {
    labels.sort((a, b) => b.knownAtMs - a.knownAtMs)
    while ((labels.at(-1)?.knownAtMs ?? Number.POSITIVE_INFINITY) <= untilMs) {
      const label = labels.pop()
      if (label !== undefined) append({ kind: 'label', ...label, source: 'issuer', receivedAtMs: label.knownAtMs })
    }
  }
  let number = 0
  let newestMs = startMs
  for (const each of drawTransactions(made)) {
    for (const { before, change } of made.changes ?? []) {
      if (before === number)
        append(
          changeRecord(change, each.timestampMs, policy.secret.length === 0 ? (made.secret ?? usualSecret) : undefined),
        )
    }
    if (number % 500 === 0) sayLabels(each.timestampMs)
    const { id, timestampMs, amount, card, device, country, score } = each
    newestMs = timestampMs
    const transaction = { timestampMs, amount: Math.round(amount * 100), texts: textsOf(features, each), numbers: [] }
    if (number === olderUntil && number > 0) definition = define(shopDetector)
    const row = replay.next(transaction)
    const fields = [amount, card, device, country]
    const input = { id, timestampMs, decidedAtMs: timestampMs + 1, amount: transaction.amount, fields, row, score }
    const { outcome, trace } = policy.inForce.judge(input, policy.secret)
    const record = {
      ...{ kind: 'decision' as const, id, timestampMs, outcome, score, decidedAtMs: timestampMs + 1, definition },
      ...{ degraded: [], fields, row: number < olderUntil ? row.slice(0, olderLength) : row },
      ...(policy.changed && { policy: trace }),
    }
    const of = append(record)
    made.onDecided?.(each, record)
    const isHeld = outcome !== 'approve' && random.integer(100) >= (made.heldLabels ?? 0)
    const isSaid = each.isFraud || random.integer(100) < (made.legitimateLabels ?? 0)
    if (!isHeld && isSaid) {
      const knownAtMs = timestampMs + Math.ceil(random.uniform() * 7 * dayMs)
      labels.push({ id, of, isFraud: each.isFraud, knownAtMs })
    }
    if (++number % 2000 === 0) await settled(log)
    if (failure !== undefined) throw failure
  }
  sayLabels(newestMs)
  await settled(log)
  await log.close()
}

/** The texts in the order of the layout. */
function textsOf({ layout }: ReturnType<typeof compileDetector>, { card, device }: MadeTransaction) {
  return layout.texts.map(({ column }) => (column === 'CARD' ? card : device))
}

async function settled(log: SqliteLog): Promise<void> {
  while (log.pending > 0) await new Promise((resolve) => setTimeout(resolve, 1))
  if (log.failure !== undefined) throw log.failure
}

const usualSecret = '07'.repeat(32)

function changeRecord(change: Change, atMs: number, drawSecret: string | undefined): ChangeRecord {
  const kind = change.kind === 'entries' || change.kind === 'list' ? 'list' : 'policy'
  const content = JSON.parse(JSON.stringify({ ...change, drawSecret }))
  return { kind, by: 'user:ann', why: 'a test', atMs, change: content }
}
