import type { StoredRecord } from '../../log/frames.ts'
import type { Person } from '../../log/personal-values.ts'
import { byteas, float8s, int2s, int8s, texts } from './binary-array.ts'
import type { Session } from './session.ts'

export type HashedRecord = StoredRecord & { readonly hash: Uint8Array }
export type ProvenPerson = Person & { readonly mac: Uint8Array | null }

/** What becomes durable together: records with their hashes, persons that they are the first to name, and those to forget. */
export interface Rows {
  readonly records: readonly HashedRecord[]
  readonly persons: readonly ProvenPerson[]
  readonly forgotten: readonly Pick<Person, 'key' | 'token'>[]
  readonly prunedThrough: number
}

/** Only who leads writes: one whose epoch has passed finds no row here, and one that takes over waits for this commit. */
const mine = `mine AS MATERIALIZED (SELECT 1 FROM shrike.writers WHERE name = 'main' AND epoch = $1 FOR SHARE)`

const columns = '(sequence, timestamp_ms, score, kind, outcome, id, body, hash)'
const insertRecords = `INSERT INTO shrike.records ${columns} SELECT r.* FROM mine, unnest(
  $2::int8[], $3::int8[], $4::float8[], $5::int2[], $6::int2[], $7::text[], $8::bytea[], $9::bytea[]) AS r`
const insertPersons = `new_persons AS (INSERT INTO shrike.persons (key, value, token, mac, sequence)
  SELECT p.*, $14::int8 FROM mine, unnest($10::bytea[], $11::bytea[], $12::text[], $13::bytea[]) AS p)`

/** One that leads no more: another process writes. */
export class LeadLost extends Error {
  constructor() {
    super('another process writes to the database by now')
  }
}

/**
 * Appends in one transaction, and in one statement where nobody is to be forgotten.
 *
 * @throws LeadLost where the epoch has passed: nothing was written.
 */
export async function appendRows(client: Session, epoch: number, rows: Rows): Promise<void> {
  const { records, persons, forgotten, prunedThrough } = rows
  const isAlone = forgotten.length === 0 && prunedThrough === 0
  if (isAlone) return await insert(client, epoch, records, persons)
  await client.query('BEGIN')
  try {
    await makeRoom(client, epoch, rows)
    await insert(client, epoch, records, persons)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw error
  }
}

/** Before the insert: a person who was forgotten may have come again by now, and an id that was let go as well. */
async function makeRoom(client: Session, epoch: number, { records, forgotten, prunedThrough }: Rows): Promise<void> {
  if (forgotten.length > 0) {
    await client.query(`WITH ${mine} DELETE FROM shrike.persons USING mine WHERE token = ANY($2)`, [
      epoch,
      forgotten.map(({ token }) => token),
    ])
  }
  const ids = records.filter(({ kind }) => kind <= 1).map(({ id }) => id)
  if (prunedThrough === 0 || ids.length === 0) return
  await client.query(
    `WITH ${mine} DELETE FROM shrike.records USING mine WHERE id = ANY($2) AND kind <= 1 AND sequence <= $3`,
    [epoch, ids, prunedThrough],
  )
}

async function insert(
  client: Session,
  epoch: number,
  records: readonly HashedRecord[],
  persons: readonly ProvenPerson[],
): Promise<void> {
  const values: unknown[] = [
    epoch,
    int8s(records.map(({ sequence }) => sequence)),
    int8s(records.map(({ timestampMs }) => timestampMs)),
    float8s(records.map(({ score }) => score)),
    int2s(records.map(({ kind }) => kind)),
    int2s(records.map(({ outcome }) => outcome)),
    texts(records.map(({ id }) => id)),
    byteas(records.map(({ body }) => body)),
    byteas(records.map(({ hash }) => hash)),
  ]
  if (persons.length > 0) {
    values.push(
      byteas(persons.map(({ key }) => Buffer.from(key))),
      byteas(persons.map(({ value }) => Buffer.from(value))),
      texts(persons.map(({ token }) => token)),
      byteas(persons.map(({ mac }) => mac)),
      records.at(-1)?.sequence,
    )
  }
  const hasPersons = persons.length > 0
  const { rowCount } = await client.query({
    name: hasPersons ? 'append-persons' : 'append',
    text: `WITH ${mine}${hasPersons ? `, ${insertPersons}` : ''} ${insertRecords}`,
    values,
  })
  if (rowCount !== records.length) throw new LeadLost()
}

/** The newest record, or another one: its number and its hash; undefined where there is none. */
export async function hashAt(
  client: Session,
  sequence?: number,
): Promise<Pick<HashedRecord, 'sequence' | 'hash'> | undefined> {
  const where = sequence === undefined ? 'ORDER BY sequence DESC LIMIT 1' : 'WHERE sequence = $1'
  const found = await client.query(
    `SELECT sequence, hash FROM shrike.records ${where}`,
    sequence === undefined ? [] : [sequence],
  )
  const [row] = found.rows
  return row && { sequence: Number(row.sequence), hash: row.hash }
}

/** The records after a number, in order, at most so many. */
export async function recordsAfter(client: Session, after: number, most: number): Promise<readonly HashedRecord[]> {
  const { rows } = await client.query({
    name: 'records-after',
    text: `SELECT sequence, timestamp_ms, score, kind, outcome, id, body, hash FROM shrike.records
      WHERE sequence > $1 ORDER BY sequence LIMIT $2`,
    values: [after, most],
  })
  return rows.map(({ sequence, timestamp_ms, ...row }) => ({
    ...row,
    sequence: Number(sequence),
    timestampMs: Number(timestamp_ms),
  }))
}

/** Persons that came with records after one number and up to another, and are not forgotten. */
export async function personsAfter(client: Session, after: number, through: number): Promise<readonly ProvenPerson[]> {
  const { rows } = await client.query({
    name: 'persons-after',
    text: 'SELECT key, value, token, mac FROM shrike.persons WHERE sequence > $1 AND sequence <= $2 ORDER BY sequence',
    values: [after, through],
  })
  return rows.map(({ key, value, token, mac }) => ({ key: String(key), value: String(value), token, mac }))
}
