import assert from 'node:assert/strict'
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { createLink, firstLink } from '../../log/chain.ts'
import { writeFrame } from '../../log/frames.ts'
import { type Definition, type LogRecord, recordFormat } from '../../log/log-record.ts'
import { ValueWriter } from '../../log/packed-values.ts'
import type { Person } from '../../log/personal-values.ts'
import { changeLogKey } from './change-log-key.ts'
import { SqliteLog } from './sqlite-log.ts'
import { SqliteLogReader } from './sqlite-log-reader.ts'
import { recordColumns, storedRecord } from './stored-record.ts'
import { type Verification, verifyLog } from './verify-log.ts'

let folder: string
let files = 0
let tokens = 0
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shrike-verify-'))
})
after(() => rm(folder, { recursive: true }))

const newPath = () => join(folder, `log-${++files}.sqlite`)
const open = (path: string, key?: string) => SqliteLog.open({ path, key, makeToken: () => `tok_${++tokens}` })
const append = (log: SqliteLog, record: LogRecord, newPersons: readonly Person[] = []) =>
  new Promise<number>((resolve, reject) => {
    const sequence = log.append(record, (error) => (error ? reject(error) : resolve(sequence)), { newPersons })
  })

const definition: Definition = {
  format: recordFormat,
  detector: { transaction: { keys: { card: 'CARD' }, personal: ['card'] } },
  model: 'm@1',
  policy: { version: 1, whenUnavailable: 'review', deadlineMs: 100 },
  columns: ['CARD', 'AMOUNT'],
  features: ['amount'],
  runtime: 'test',
}

/** A log with a definition, decisions of three persons, of whom the last was erased, and a label; closed again. */
async function written(key?: string): Promise<string> {
  const path = newPath()
  const log = await open(path, key)
  await append(log, { kind: 'definition', ...definition })
  for (const [i, name] of ['Ada', 'Bob', 'Eve'].entries()) {
    const decision = { kind: 'decision', timestampMs: 5, outcome: 'approve', score: 0.5, decidedAtMs: 7 } as const
    const persons = await log.persons.lookUp([{ key: 'card', value: name }])
    const fields = [persons[0].token, i]
    await append(
      log,
      { ...decision, id: `t-${i}`, definition: 1, degraded: [], fields, row: Float64Array.of(i) },
      persons,
    )
  }
  await append(log, {
    ...{ kind: 'label', id: 't-0', isFraud: true, knownAtMs: 9, source: undefined, receivedAtMs: 9, of: 2 },
  })
  await log.erase('card', 'Eve', 11, 'key:desk')
  await log.close()
  return path
}

/** A log on which these statements were run. */
async function forged(sql: string, key?: string): Promise<string> {
  const path = await written(key)
  const database = new DatabaseSync(path, { defensive: false })
  database.exec(sql)
  database.close()
  return path
}

/** What is found after these statements were run on a log. */
async function verified(sql: string, key?: string): Promise<Verification> {
  return verify(await forged(sql, key), key)
}

const problemOf = (path: string, key?: string) => verify(path, key).problem?.reason

function verify(path: string, key?: string): Verification {
  const reader = new SqliteLogReader(path)
  try {
    return verifyLog(reader, key)
  } finally {
    reader.close()
  }
}

const copyOf = (sequence: number, id: string) =>
  `INSERT INTO records SELECT ${sequence}, kind, outcome, timestamp_ms, score, '${id}', body, hash FROM records
   WHERE sequence = 2`

/** Persons as version 1 of the file has them. */
const setBack = `CREATE TEMP TABLE saved AS SELECT key, value, token FROM persons; DROP TABLE persons;
  CREATE TABLE persons ( key TEXT NOT NULL, value TEXT NOT NULL, token TEXT NOT NULL, PRIMARY KEY (key, value)
  ) STRICT, WITHOUT ROWID; CREATE UNIQUE INDEX persons_token ON persons (token);
  INSERT INTO persons SELECT * FROM saved; PRAGMA user_version = 1`

const changeTo = (key: string, before: string | undefined) => ({
  key,
  keysBefore: before === undefined ? [] : [{ name: 'SHRIKE_LOG_KEY_BEFORE', key: before }],
  keyChanges: undefined,
})

const quiet = 'CREATE TRIGGER quiet AFTER INSERT ON records BEGIN DELETE FROM persons; END'

/** Puts something into the schema under a name that SQLite keeps for itself. */
const schemaRow = (type: string, name: string, sql: string) =>
  `PRAGMA writable_schema = ON; INSERT INTO sqlite_schema VALUES ('${type}', '${name}', '${type === 'view' ? name : 'records'}', 0, '${sql}')`

describe('a forger', () => {
  test('who puts records outside the chain is found out, and what he put in is not found', async () => {
    for (const sequence of [0, -1, -9e15]) {
      assert.match((await verified(copyOf(sequence, 'forged'))).problem?.reason ?? '', /1 records outside the chain/)
    }
    const path = await written()
    const database = new DatabaseSync(path)
    database.exec(`${copyOf(-1, 'forged')}; INSERT INTO records
      SELECT -2, kind, outcome, timestamp_ms, score, 't-1', body, hash FROM records WHERE kind = 2;
      INSERT INTO records SELECT -3, kind, outcome, timestamp_ms, score, '', body, hash FROM records WHERE kind = 3`)
    database.close()
    const reader = new SqliteLogReader(path)
    assert.deepEqual([reader.find('forged'), reader.at(-1), reader.labelsOf('t-1')], [undefined, undefined, []])
    assert.deepEqual([[...reader.allLabels()].length, reader.definitionSequences()], [1, [1]])
    reader.close()
    await assert.rejects(open(path), { code: 'LOG_INVALID' })
  })

  test('who changes the schema is found out, and the log is not written any more', async () => {
    for (const [sql, reason] of [
      [quiet, /unknown trigger quiet/],
      ['CREATE VIEW shown AS SELECT 1', /unknown view shown/],
      ['CREATE TABLE extra (a)', /unknown table extra/],
      ['DROP INDEX records_transaction', /index records_transaction is missing/],
      [
        'DROP INDEX records_transaction; CREATE INDEX records_transaction ON records (id) WHERE kind <= 1',
        /index records_transaction was changed/,
      ],
      [
        'ALTER TABLE records RENAME TO hidden; CREATE VIEW records AS SELECT * FROM hidden WHERE sequence < 99',
        /(unknown (table hidden|view records))|index \w+ was changed/,
      ],
    ] as const) {
      assert.match((await verified(sql)).problem?.reason ?? '', reason, sql)
    }
    assert.equal((await verified('ANALYZE')).problem, undefined)
    for (const [sql, reason] of [
      [schemaRow('trigger', 'sqlite_stat1', quiet.replace('quiet', 'sqlite_stat1')), /unknown trigger sqlite_stat1/],
      [
        schemaRow('trigger', 'sqlite_stat_quiet', quiet.replace('quiet', 'sqlite_stat_quiet')),
        /unknown trigger sqlite_stat_quiet/,
      ],
      [schemaRow('view', 'sqlite_stat4', 'CREATE VIEW sqlite_stat4 AS SELECT 1'), /unknown view sqlite_stat4/],
      [
        `CREATE TABLE extra (a); PRAGMA writable_schema = ON; UPDATE sqlite_schema SET name = 'sqlite_stat_extra',
         tbl_name = 'sqlite_stat_extra', sql = 'CREATE TABLE sqlite_stat_extra (a)' WHERE name = 'extra'`,
        /unknown table sqlite_stat_extra/,
      ],
    ] as const) {
      const path = await forged(sql)
      assert.match(problemOf(path) ?? '', reason)
      await assert.rejects(open(path), { code: 'LOG_INVALID', message: reason })
    }
    const path = await written()
    const database = new DatabaseSync(path)
    database.exec(quiet)
    database.close()
    await assert.rejects(open(path), { code: 'LOG_INVALID' })
  })

  test('who hides a record from look-ups by its id is found out', async () => {
    const path = await written()
    const bytes = await readFile(path)
    let hidden = 0
    for (let at = bytes.indexOf('t-1'); at >= 0; at = bytes.indexOf('t-1', at + 1)) {
      const forged = newPath()
      await writeFile(forged, Buffer.concat([bytes.subarray(0, at), Buffer.from('t-z'), bytes.subarray(at + 3)]))
      const reader = new SqliteLogReader(forged)
      const record = reader.at(3)
      if (record?.kind === 'decision' && record.id === 't-1' && reader.find('t-1') === undefined) {
        hidden += 1
        assert.match(verifyLog(reader, undefined).problem?.reason ?? '', /damaged, or its indexes were altered/)
      }
      reader.close()
    }
    assert.equal(hidden, 1)
  })

  test('who hides a text behind bytes that are not UTF-8 is found out', async () => {
    const genuine = await written('secret')
    const log = await open(genuine, 'secret')
    const decision = { kind: 'decision', timestampMs: 5, outcome: 'approve', score: 0.5, decidedAtMs: 7 } as const
    const persons = await log.persons.lookUp([{ key: 'card', value: 'Zo\uFFFD' }])
    const fields = [persons[0].token, 1]
    const rest = { definition: 1, degraded: [], fields, row: Float64Array.of(1) }
    const sequence = await append(log, { ...decision, ...rest, id: 'r\uFFFD' }, persons)
    await log.close()
    assert.equal(problemOf(genuine, 'secret'), undefined)
    for (const [sql, reason] of [
      [`UPDATE records SET id = CAST(x'72FF' AS TEXT) WHERE sequence = ${sequence}`, /^has an id whose bytes/],
      ["UPDATE persons SET value = CAST(x'5A6FFF' AS TEXT) WHERE value LIKE 'Zo%'", /^The row of persons.*not UTF-8/],
    ] as const) {
      const path = newPath()
      await copyFile(genuine, path)
      const database = new DatabaseSync(path)
      database.exec(sql)
      database.close()
      const reader = new SqliteLogReader(path)
      assert.ok(reader.find('r\uFFFD') === undefined || reader.at(sequence) !== undefined)
      reader.close()
      assert.match(problemOf(path, 'secret') ?? '', reason)
    }
  })

  test('who changes rows of persons is found out', async () => {
    const bob = "WHERE value = 'Bob'"
    for (const key of [undefined, 'secret']) {
      const sound = await verified('', key)
      assert.deepEqual(
        [sound.problem, sound.persons],
        [undefined, { rows: 2, areProven: key !== undefined, ...(key !== undefined && { macsFrom: 1 }) }],
      )
      assert.match((await verified(`DELETE FROM persons ${bob}`, key)).problem?.reason ?? '', /record 3 is missing/)
    }
    const path = await written()
    const database = new DatabaseSync(path)
    database.exec(`INSERT INTO persons (key, value, token) VALUES ('card', 'Eve', 'tok_${tokens}')`)
    database.close()
    const reader = new SqliteLogReader(path)
    assert.match(verifyLog(reader, undefined).problem?.reason ?? '', /Record 6 erased a person who is still/)
    reader.close()
    for (const sql of [
      `UPDATE persons SET value = 'Mallory' ${bob}`,
      `UPDATE persons SET key = 'shop' ${bob}`,
      `UPDATE persons SET mac = NULL ${bob}`,
      `UPDATE persons SET mac = (SELECT mac FROM persons WHERE value = 'Ada') ${bob}`,
      "INSERT INTO persons SELECT key, 'Mallory', 'tok_new', mac FROM persons LIMIT 1",
    ]) {
      assert.match((await verified(sql, 'secret')).problem?.reason ?? '', /its MAC does not match the log's key/, sql)
    }
  })

  test('who sets the file back to a version without MACs gets none for what he forged', async () => {
    const forge = `${setBack}; UPDATE persons SET value = 'Mallory' WHERE value = 'Bob'`
    const hide = `UPDATE records SET body = CAST(replace(CAST(body AS TEXT), 'personMacsFrom', 'personMacsForm') AS BLOB)
      WHERE kind = 3`
    for (const [sql, reason] of [
      [forge, /since record 1/],
      [`${forge}; ${hide}`, /Record 1 was altered/],
      [`${forge}; DELETE FROM records`, /rows of persons, but no record/],
      [hide, /Record 1 was altered/],
      [`${forge}; PRAGMA user_version = 0`, /an unknown/],
    ] as const) {
      const path = await forged(sql, 'secret')
      const before = await readFile(path)
      await assert.rejects(open(path, 'secret'), { code: 'LOG_INVALID', message: reason }, sql)
      assert.throws(() => changeLogKey(path, changeTo('new', 'secret')), { code: 'LOG_INVALID', message: reason }, sql)
      const database = new DatabaseSync(path)
      assert.equal(database.prepare('PRAGMA user_version').get()?.user_version, before.readUInt32BE(60))
      assert.equal(database.prepare('SELECT count(*) AS count FROM persons').get()?.count, 2)
      database.close()
    }
    assert.match(problemOf(await forged(forge, 'secret'), 'secret') ?? '', /set back.*since record 1 they have/)
  })

  test('who changes rows of persons or records gets neither signed with another key', async () => {
    const mallory = "UPDATE persons SET value = 'Mallory' WHERE value = 'Bob'"
    const approve = 'UPDATE records SET outcome = 2 WHERE sequence = 2'
    for (const [sql, key, reason] of [
      [mallory, 'secret', /its MAC does not match/],
      [approve, 'secret', /Record 2 was altered/],
      [approve, undefined, /Record 2 was altered/],
      ["DELETE FROM persons WHERE value = 'Bob'", undefined, /record 3 is missing/],
    ] as const) {
      const path = await forged(sql, key)
      assert.throws(() => changeLogKey(path, changeTo('new', key)), { code: 'LOG_INVALID', message: reason })
      const reader = new SqliteLogReader(path)
      assert.equal(reader.lastSequence(), 6)
      assert.equal(
        reader.database.prepare('SELECT count(*) AS count FROM persons WHERE mac IS NULL').get()?.count,
        key === undefined ? reader.database.prepare('SELECT count(*) AS count FROM persons').get()?.count : 0,
      )
      reader.close()
    }
  })

  test('is not shown in what is said of a person', async () => {
    const { problem } = await verified("UPDATE persons SET value = 'Mallory' WHERE value = 'Bob'", 'secret')
    assert.doesNotMatch(problem?.reason ?? '', /Bob|Mallory/)
  })
})

test('rows of persons without MACs get them once, and the chain says when', async () => {
  const path = await written()
  const database = new DatabaseSync(path)
  database.exec(setBack)
  database.close()
  // What an older Shrike wrote with the key: no definition says anything of MACs.
  const older = rewritten(path, 'secret')
  assert.deepEqual(verify(older, 'secret').persons, { rows: 2, areProven: false })
  await (await open(older, 'secret')).close()
  const { problem, persons, last } = verify(older, 'secret')
  assert.deepEqual([problem, persons, last], [undefined, { rows: 2, areProven: true, macsFrom: 7 }, 7])
  await (await open(older, 'secret')).close()
  assert.equal(verify(older, 'secret').last, 7)
  const again = new DatabaseSync(older)
  again.exec(setBack)
  again.close()
  await assert.rejects(open(older, 'secret'), { code: 'LOG_INVALID', message: /since record 7/ })

  const begun = await written()
  assert.deepEqual(changeLogKey(begun, changeTo('b', undefined)), { sequence: 7, keyChanges: [7] })
  assert.equal(verify(begun, 'b').persons?.macsFrom, 7)
  // A key that is changed again leaves what was said of the rows as it was.
  const b = { name: 'SHRIKE_LOG_KEY_BEFORE', key: 'b' }
  const toC = { key: 'c', keysBefore: [b], keyChanges: undefined }
  assert.throws(() => changeLogKey(begun, toC), { code: 'LOG_KEY_MISMATCH', message: /option `keyChanges` 7/ })
  assert.deepEqual(changeLogKey(begun, { ...toC, keyChanges: [7] }), { sequence: 8, keyChanges: [7, 8] })
  const older2 = { name: 'line 2', key: 'b' }
  const toD = { key: 'd', keysBefore: [{ name: 'line 1', key: 'c' }, older2], keyChanges: [7, 8] }
  assert.deepEqual(changeLogKey(begun, toD), { sequence: 9, keyChanges: [7, 8, 9] })
  const reader = new SqliteLogReader(begun)
  const otherKeys = toD.keysBefore
  const found = verifyLog(reader, 'd', { otherKeys, keyChanges: [7, 8, 9] })
  assert.deepEqual([found.problem, found.persons], [undefined, { rows: 2, areProven: true, macsFrom: 7 }])
  reader.close()
})

/** The same records under a key. */
function rewritten(path: string, key: string): string {
  const database = new DatabaseSync(path)
  const update = database.prepare('UPDATE records SET hash = ? WHERE sequence = ?')
  let hash = firstLink
  for (const row of database.prepare(`SELECT ${recordColumns} FROM records ORDER BY sequence`).all()) {
    const frame = new ValueWriter()
    writeFrame(storedRecord(row), frame)
    hash = createLink(key)(hash, frame.bytes)
    update.run(hash, Number(row.sequence))
  }
  database.close()
  return path
}

test('records that were let go and are still in the file are neither found nor in the way', async () => {
  const path = await written()
  const log = await open(path)
  const hash = Buffer.from(log.reading.hashAt(3) ?? []).toString('hex')
  const definitions = { 1: definition }
  await append(log, { kind: 'checkpoint', prunedThrough: 3, hash, definitions, prunedAtMs: 20 })
  // Not deleted yet, as where the process ended before that.
  await log.close()
  const kept = newPath()
  await copyFile(path, kept)
  const reader = new SqliteLogReader(kept)
  assert.deepEqual([reader.at(2), reader.find('t-1'), reader.find('t-2')?.sequence], [undefined, undefined, 4])
  assert.deepEqual([reader.labelsOf('t-0').length, verifyLog(reader, undefined).problem], [1, undefined])
  const again = await open(kept)
  again.prune(3)
  const decision = { kind: 'decision', timestampMs: 5, outcome: 'approve', score: 0.5, decidedAtMs: 7 } as const
  const fields = ['c', 1]
  await append(again, { ...decision, id: 't-1', definition: 1, degraded: [], fields, row: Float64Array.of(1) })
  assert.equal(again.reading.find('t-1')?.sequence, 8)
  await again.close()
  const count = reader.database.prepare('SELECT count(*) AS count FROM records WHERE sequence <= 3').get()?.count
  assert.equal(count, 0)
  reader.close()
})
