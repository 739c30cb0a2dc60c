import { FraudError } from '../../core/errors.ts'
import type { StoredRecord } from '../../log/frames.ts'
import { type LogRecord, recordKinds, type Sequenced } from '../../log/log-record.ts'
import type { SqliteLogReader } from './sqlite-log-reader.ts'
import { recordColumns, storedRecord } from './stored-record.ts'

const rowsAtOnce = 1000
const decisionKind = recordKinds.indexOf('decision')
const labelKind = recordKinds.indexOf('label')
const policyKinds = (['definition', 'rule', 'list', 'policy'] as const).map((kind) => recordKinds.indexOf(kind))

/** Decisions after a number and up to another, in groups, undecoded: arrays take half the time that objects do. */
export function* scanDecisions(
  { database }: SqliteLogReader,
  after: number,
  through: number,
): Generator<readonly StoredRecord[]> {
  const select = database.prepare(
    `SELECT sequence, kind, outcome, timestamp_ms, score, id, body FROM records
     WHERE sequence > ? AND sequence <= ? AND kind = ${decisionKind} ORDER BY sequence LIMIT ${rowsAtOnce}`,
  )
  select.setReturnArrays(true)
  for (let last = after; ; ) {
    const rows: unknown[] = select.all(last, through)
    if (rows.length === 0) return
    const records = rows.map(asRecord)
    last = records[records.length - 1].sequence
    yield records
  }
}

/** Labels up to a number that nobody had withdrawn by then and by a time, in the order in which they came. */
export function* scanLabels(reader: SqliteLogReader, through: number, knownByMs: number): Generator<Sequenced<Label>> {
  const { database } = reader
  const withdrawn = reader.withdrawn()
  const sql = `SELECT ${recordColumns} FROM records WHERE kind = ${labelKind} AND sequence > ? AND sequence <= ? ORDER BY sequence`
  for (const row of database.prepare(sql).iterate(reader.prunedThrough(), through)) {
    const record = reader.decode(storedRecord(row))
    const { sequence = Number.POSITIVE_INFINITY, atMs = 0 } = withdrawn.get(record.sequence) ?? {}
    const isWithdrawn = sequence <= through && atMs <= knownByMs
    if (record.kind === 'label' && !isWithdrawn && record.knownAtMs <= knownByMs) yield record
  }
}

type Label = Extract<LogRecord, { readonly kind: 'label' }>

/** What the policy is made of up to a number, in order: there is little of it among many decisions. */
export function scanPolicy(reader: SqliteLogReader, through: number): readonly Sequenced[] {
  const sql = `SELECT ${recordColumns} FROM records WHERE kind IN (${policyKinds.join()}) AND kind > 2 AND sequence > ? AND sequence <= ? ORDER BY sequence`
  return reader.database
    .prepare(sql)
    .all(reader.prunedThrough(), through)
    .map((row) => reader.decode(storedRecord(row)))
}

function asRecord(row: unknown): StoredRecord {
  if (!Array.isArray(row)) throw new TypeError('a row is an array')
  const [sequence, kind, outcome, timestampMs, score, id, body] = row
  const isSound =
    typeof outcome === 'number' &&
    typeof timestampMs === 'number' &&
    typeof id === 'string' &&
    body instanceof Uint8Array &&
    (score === null || typeof score === 'number')
  if (!isSound) throw new FraudError('LOG_INVALID', `Record ${sequence} of the log can't be read`)
  return { sequence: Number(sequence), kind: Number(kind), outcome, timestampMs, score, id, body }
}
