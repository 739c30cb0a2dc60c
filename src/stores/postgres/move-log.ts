import { FraudError } from '../../core/errors.ts'
import type { SqliteLogReader } from '../sqlite/sqlite-log-reader.ts'
import { recordColumns, storedRecord } from '../sqlite/stored-record.ts'
import { catchUp } from './catch-up.ts'
import { connect, unusable } from './connect.ts'
import { inUse } from './hold-database.ts'
import { Lead } from './lead.ts'
import { LogCopy } from './log-copy.ts'
import type { ProvenPerson } from './log-table.ts'
import { sendAccess } from './move-access.ts'
import { migrate } from './schema.ts'
import { placeOf } from './server-address.ts'
import type { Session } from './session.ts'

const recordsAtOnce = 1000
/** What moves in comes at once and not by the day, so that partitions end by number. */
const recordsPerPartition = 500_000

export interface Moved {
  readonly records: number
  readonly persons: number
}

interface Move {
  readonly url: string
  readonly holder: string
  readonly today: string
  readonly reader: SqliteLogReader
  readonly accessPath: string
  /** Where a copy is made of what arrived. */
  readonly checkPath: string
  /** Throws where the copy is not the log that was sent. */
  readonly check: (copyPath: string) => Promise<void>
  /** Called again and again; what it throws ends the move. */
  readonly afterRecords: () => void
}

/**
 * Moves a log with its persons and users into an empty database, all of it or nothing: what arrived is read back and checked
 * before it is kept.
 *
 * @throws FraudError DATABASE_UNUSABLE, DIRECTORY_IN_USE
 */
export async function moveIntoDatabase(move: Move): Promise<Moved> {
  const client = await connect(move.url)
  try {
    await migrate(client)
    const lead = await Lead.take(client, move.holder, move.today, true)
    if (!(lead instanceof Lead)) throw inUse(lead, move.url)
    await refuseFull(client, move.url)
    await client.query('BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0')
    const records = await sendRecords(lead, move)
    await sendAccess(client, move.accessPath)
    const persons = await checkArrived(client, move)
    await client.query('COMMIT')
    return { records, persons }
  } catch (cause) {
    throw unusable(move.url, cause)
  } finally {
    await client.end()
  }
}

async function refuseFull(client: Session, url: string): Promise<void> {
  const { rows } = await client.query(
    'SELECT EXISTS (SELECT 1 FROM shrike.records) OR EXISTS (SELECT 1 FROM shrike.users) AS is_full',
  )
  if (rows[0].is_full === true)
    throw new FraudError('DATABASE_UNUSABLE', `${placeOf(url)} holds a log already: name an empty database`)
}

async function sendRecords(lead: Lead, { reader, today, afterRecords }: Move): Promise<number> {
  const { database } = reader
  const select = database.prepare(
    `SELECT ${recordColumns} FROM records WHERE sequence > ? ORDER BY sequence LIMIT ${recordsAtOnce}`,
  )
  const persons = database.prepare('SELECT key, value, token, mac FROM persons').all().map(readPerson).values()
  const count = Math.max(1, reader.lastSequence() - reader.prunedThrough())
  const total = Number(database.prepare('SELECT count(*) AS count FROM persons').get()?.count)
  const personsAtOnce = Math.ceil((total * recordsAtOnce) / count) + 1
  let sent = 0
  for (let last = reader.prunedThrough(); ; ) {
    const records = select.all(last).map(storedRecord)
    if (records.length === 0) return sent
    if (sent > 0 && sent % recordsPerPartition === 0) await lead.splitPartition(last + 1, today)
    last = records[records.length - 1].sequence
    const isLast = records.length < recordsAtOnce
    const some = [...take(persons, isLast ? Number.POSITIVE_INFINITY : personsAtOnce)]
    await lead.append({ records, persons: some, forgotten: [], prunedThrough: 0 })
    sent += records.length
    afterRecords()
  }
}

function* take<Value>(values: Iterator<Value>, most: number): Generator<Value> {
  for (let i = 0; i < most; i++) {
    const { value, done } = values.next()
    if (done === true) return
    yield value
  }
}

function readPerson({ key, value, token, mac }: Readonly<Record<string, unknown>>): ProvenPerson {
  const proof = mac instanceof Uint8Array ? mac : null
  return { key: String(key), value: String(value), token: String(token), mac: proof }
}

/** @returns how many persons arrived. */
async function checkArrived(client: Session, { reader, checkPath, check, afterRecords }: Move): Promise<number> {
  const copy = new LogCopy(checkPath)
  try {
    await catchUp(client, copy, async () => afterRecords())
    const sql = 'SELECT count(*) AS count FROM persons'
    const [sent, arrived] = [reader.database, copy.database].map((each) => Number(each.prepare(sql).get()?.count))
    if (sent !== arrived) throw new Error(`${sent} persons were sent, and ${arrived} arrived`)
    await check(checkPath)
    return arrived
  } finally {
    copy.close()
  }
}
