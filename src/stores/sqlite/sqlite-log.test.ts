import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { type FraudError, FraudError as Refusal } from '../../core/errors.ts'
import { keepsRecords } from '../../log/decision-log.contract.ts'
import { type Definition, type LogRecord, recordFormat } from '../../log/log-record.ts'
import type { Person } from '../../log/personal-values.ts'
import { KnownIds } from './known-ids.ts'
import { SqliteLog } from './sqlite-log.ts'
import { SqliteLogReader } from './sqlite-log-reader.ts'
import { SqlitePages } from './sqlite-pages.ts'
import { verifyLog } from './verify-log.ts'

let folder: string
let files = 0
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shrike-log-'))
})
after(() => rm(folder, { recursive: true }))

const newPath = () => join(folder, `log-${++files}.sqlite`)
let tokens = 0
const open = (path: string, key?: string) => SqliteLog.open({ path, key, makeToken: () => `tok_${++tokens}` })
const append = (log: SqliteLog, record: LogRecord, newPersons: readonly Person[] = []) =>
  new Promise<number>((resolve, reject) => {
    const sequence = log.append(record, (error) => (error ? reject(error) : resolve(sequence)), { newPersons })
  })

const definition: Definition = {
  format: recordFormat,
  detector: {},
  model: 'm@1',
  policy: { version: 1, whenUnavailable: 'review', deadlineMs: 100 },
  columns: ['CARD', 'AMOUNT'],
  features: ['amount'],
  runtime: 'test',
}
const decision = (id: string, more: object = {}): LogRecord => ({
  ...{ kind: 'decision', id, timestampMs: 5, outcome: 'review', score: 0.5, decidedAtMs: 7, definition: 1 },
  ...{ degraded: [], fields: ['c', 1.5], row: Float64Array.of(1.5) },
  ...more,
})
const label = (id: string, of: number, isFraud = true): LogRecord => ({
  ...{ kind: 'label', id, isFraud, knownAtMs: 9, source: undefined, receivedAtMs: 9, of },
})

keepsRecords('in SQLite', newPath, open)

/** A log with a definition, two decisions, a history and labels; closed again. */
async function written(key?: string): Promise<string> {
  const path = newPath()
  const log = await open(path, key)
  const records: LogRecord[] = [
    { kind: 'definition', ...definition },
    ...[label('late', 0), decision('a'), decision('b', { score: null, timestampMs: 0, outcome: 'approve' })],
    { kind: 'history', id: 'h', timestampMs: -5, definition: 1, isLabelled: true, fields: ['c', 2] },
    ...[label('a', 3), label('a', 3, false), decision('late'), label('never', 0)],
  ]
  await Promise.all(records.map((record) => append(log, record)))
  await log.close()
  return path
}

describe('a log', () => {
  test('gives records numbers in order, and tells of each once it is durable', async () => {
    const path = newPath()
    const log = await open(path)
    const reader = new SqliteLogReader(path)
    assert.deepEqual([log.nextSequence, log.pending, reader.lastSequence()], [1, 0, 0])
    const order: number[] = []
    const all = Array.from({ length: 50 }, (_, i) =>
      append(log, decision(`t-${i}`)).then((sequence) => {
        order.push(sequence)
        assert.equal(reader.at(sequence)?.kind, 'decision')
      }),
    )
    assert.deepEqual([log.nextSequence, log.pending], [51, 50])
    await Promise.all(all)
    assert.deepEqual(
      order,
      all.map((_, i) => i + 1),
    )
    assert.equal(log.pending, 0)
    reader.close()
    await log.close()
  })

  test('goes on after the last record when it is opened again', async () => {
    const path = await written()
    const log = await open(path)
    assert.equal(log.nextSequence, 10)
    assert.equal(await append(log, decision('more')), 10)
    await log.close()
    const reader = new SqliteLogReader(path)
    assert.deepEqual(verifyLog(reader, undefined).records, 10)
    reader.close()
  })

  test('is read by id, by number, by kind and in order', async () => {
    const reader = new SqliteLogReader(await written())
    assert.deepEqual(
      [reader.find('a')?.sequence, reader.find('h')?.kind, reader.find('never')],
      [3, 'history', undefined],
    )
    assert.deepEqual([reader.idsEndingIn('h'), reader.idsEndingIn('never'), reader.idsEndingIn('h2')], [['h'], [], []])
    assert.deepEqual([reader.at(1)?.kind, reader.at(10), reader.lastSequence()], ['definition', undefined, 9])
    assert.deepEqual(
      reader.next(7).map(({ sequence }) => sequence),
      [8, 9],
    )
    assert.deepEqual(reader.next(9), [])
    assert.deepEqual(
      reader.labelsOf('a').map(({ isFraud }) => isFraud),
      [true, false],
    )
    assert.deepEqual(
      [...reader.allLabels()].map(({ id }) => id),
      ['late', 'a', 'a', 'never'],
    )
    assert.deepEqual([reader.firstTransactionMs(), reader.prunedThrough()], [5, 0])
    assert.deepEqual([reader.definition(1).model, reader.lastDefinition()?.sequence], ['m@1', 1])
    assert.throws(() => reader.definition(2), { code: 'LOG_INVALID' })
    assert.deepEqual(
      [1, 5, 6].map((timestampMs) => reader.lastBefore(timestampMs)),
      [2, 2, 9],
    )
    reader.close()
  })

  test('gives large records in smaller groups, and all of them', async () => {
    const path = newPath()
    const log = await open(path)
    const text = 'x'.repeat(7 * 2 ** 20)
    const change = (i: number) => ({ kind: 'list', by: 'b', why: '', atMs: i, change: { text } }) as const
    for (let i = 0; i < 7; i++) await append(log, change(i))
    const groups: number[] = []
    for (let after = 0; ; ) {
      const records = log.reading.next(after)
      if (records.length === 0) break
      for (const record of records) assert.ok(record.kind === 'list' && record.sequence === ++after)
      groups.push(records.length)
    }
    assert.deepEqual(groups, [3, 3, 1])
    await log.close()
  })

  test('reads its ids in few turns, for each new one is looked up until they are read', async () => {
    const path = newPath()
    const log = await open(path)
    const all = Array.from({ length: 5000 }, (_, i) => `t-${i}`)
    await Promise.all(all.map((id) => append(log, decision(id))))
    await log.close()
    const reader = new SqliteLogReader(path)
    const ids = new KnownIds()
    const turns = reader.readIds(ids).toArray().length
    assert.ok(turns <= 3, `${turns} turns`)
    assert.ok(all.every((id) => reader.mayHold(id)))
    assert.equal(reader.mayHold('another'), false)
    reader.close()
  })

  test('reads what labels speak of once for two looks, unless it was let go in between', async (t) => {
    const log = await open(newPath())
    t.after(() => log.close())
    await Promise.all([{ kind: 'definition', ...definition } as const, decision('a')].map((each) => append(log, each)))
    const look = async () => (await log.lookUps.findLabelled(['a', 'none'], 1)).get('a')?.transaction
    const first = await look()
    assert.equal(first?.sequence, 2)
    assert.equal(await look(), first)
    assert.notEqual(await look(), first)
    const definitions = { 1: definition }
    await append(log, { kind: 'checkpoint', prunedThrough: 2, hash: '00'.repeat(32), definitions, prunedAtMs: 9 })
    assert.equal(await look(), undefined)
  })

  test('keeps texts of every kind as they are', async () => {
    const path = newPath()
    const log = await open(path, 'key')
    // Node 22 reads a text up to its first U+0000; the service refuses ids that hold one.
    const withZero = Number.parseInt(process.versions.node, 10) < 24 ? [] : ['a\0b']
    const ids = [...withZero, '\ufeffmark', '👍', '\uffff', "'; DROP TABLE records", 'é', 'e\u0301']
    await append(log, { kind: 'definition', ...definition })
    await Promise.all(ids.map((id) => append(log, decision(id, { fields: [id, 1] }))))
    for (const id of ids) assert.deepEqual([log.reading.find(id)?.id, log.reading.find(id)?.fields[0]], [id, id])
    assert.equal(verifyLog(log.reading, 'key').problem, undefined)
    await log.close()
  })

  test('refuses everything after it could not write, until it can again', async () => {
    const path = await written()
    const log = await open(path)
    let failures = 0
    log.onFailure(() => {
      failures += 1
    })
    const other = new DatabaseSync(path, { timeout: 5000 })
    other.exec("CREATE TRIGGER refuse BEFORE INSERT ON records BEGIN SELECT RAISE(ABORT, 'no more'); END")
    const ada = await log.persons.lookUp([{ key: 'card', value: 'Ada' }])
    const lost = await Promise.allSettled([append(log, decision('x'), ada), append(log, decision('y'))])
    for (const each of lost) {
      const error: unknown = each.status === 'rejected' && each.reason
      assert.ok(error instanceof Refusal && error.code === 'LOG_UNAVAILABLE')
      assert.match(String(error.cause), /no more/)
    }
    assert.deepEqual([failures, log.pending, log.failure?.code], [1, 0, 'LOG_UNAVAILABLE'])
    assert.throws(() => log.append(decision('z'), () => {}), { code: 'LOG_UNAVAILABLE' })
    await assert.rejects(log.erase('card', 'Ada', 1, 'key:desk'), { code: 'LOG_UNAVAILABLE' })
    other.exec('DROP TRIGGER refuse')
    other.close()
    assert.equal(await log.recover(), true)
    assert.deepEqual([log.failure, log.nextSequence, log.persons.tokenOf('card', 'Ada')], [undefined, 10, undefined])
    assert.equal(await append(log, decision('x')), 10)
    assert.equal(verifyLog(log.reading, undefined).problem, undefined)
    await log.close()
  })

  test('is not opened where there is something else, or a newer one', async () => {
    const text = newPath()
    await writeFile(text, 'this is no database, although it is long enough to be one'.repeat(100))
    const stranger = newPath()
    const database = new DatabaseSync(stranger)
    database.exec('CREATE TABLE other (a)')
    database.close()
    const newer = await written()
    const changed = new DatabaseSync(newer)
    changed.exec('PRAGMA user_version = 99')
    changed.close()
    for (const [path, code, reason] of [
      [text, 'LOG_INVALID', /is damaged.*not a database/],
      [stranger, 'DIRECTORY_UNUSABLE', /not a log of Shrike/],
      [newer, 'DIRECTORY_UNUSABLE', /its version is 99/],
    ] as const) {
      await assert.rejects(open(path), (error: FraudError) => error.code === code && reason.test(error.message))
    }
    assert.throws(() => new SqliteLogReader(newPath()), { code: 'DIRECTORY_UNUSABLE' })
  })
})

describe('an erasure', () => {
  test('leaves nothing of the value in any file, and a record of itself', async () => {
    const path = newPath()
    const log = await open(path)
    const name = 'Ada-Lovelace-1815'
    const [person] = await log.persons.lookUp([{ key: 'card', value: name }])
    const { token } = person
    await append(log, decision('a', { fields: [token, 1] }), [person])
    assert.equal(log.persons.valueOf(token), name)
    assert.equal(await log.erase('card', name, 77, 'key:desk'), token)
    assert.deepEqual(log.reading.at(2), {
      kind: 'erasure',
      sequence: 2,
      key: 'card',
      token,
      erasedAtMs: 77,
      by: 'key:desk',
    })
    assert.deepEqual([log.persons.valueOf(token), log.persons.tokenOf('card', name)], [undefined, undefined])
    for (const file of (await readdir(folder)).filter((each) => path.endsWith(each.replace(/-(wal|shm)$/, '')))) {
      assert.ok(!(await readFile(join(folder, file))).includes(name), file)
    }
    assert.equal(await log.erase('card', name, 78, 'key:desk'), undefined)
    assert.equal(log.reading.lastSequence(), 2)
    await log.close()
  })
})

describe('an erasure beside a long reader', () => {
  test('holds nobody up, and is done when the reader is', async () => {
    const path = newPath()
    const log = await open(path)
    await append(log, decision('a'), await log.persons.lookUp([{ key: 'card', value: 'Ada' }]))
    const reader = new DatabaseSync(path, { readOnly: true })
    reader.exec('BEGIN')
    reader.prepare('SELECT count(*) FROM records').get()
    let isErased = false
    const erased = log.erase('card', 'Ada', 1, 'key:desk').then(() => {
      isErased = true
    })
    for (let i = 0; i < 40; i++) await append(log, decision(`b-${i}`))
    assert.equal(isErased, false)
    reader.close()
    await erased
    await append(log, decision('c'))
    assert.equal(log.failure, undefined)
    await log.close()
  })
})

describe('verification', () => {
  /** The first problem after these statements were run on a log. */
  const problemAfter = async (sql: string, key?: string) => {
    const path = await written(key)
    const database = new DatabaseSync(path)
    database.exec(sql)
    database.close()
    const reader = new SqliteLogReader(path)
    const { problem, last } = verifyLog(reader, key)
    reader.close()
    assert.equal(last, (problem?.sequence ?? 10) - 1)
    return problem
  }

  test('finds nothing wrong with a log as it was written, with and without a key', async () => {
    assert.equal(await problemAfter(''), undefined)
    assert.equal(await problemAfter('', 'secret'), undefined)
  })

  test('says so where the file itself is damaged', async () => {
    const path = await written()
    const bytes = await readFile(path)
    // The second page is the root of the records.
    bytes.fill(0xff, 4096, 4296)
    await writeFile(path, bytes)
    const reader = new SqliteLogReader(path)
    assert.deepEqual(verifyLog(reader, undefined).problem, {
      sequence: 1,
      reason: "can't be read: the file is damaged",
    })
    reader.close()
  })

  test('finds the first record that was altered, taken out, moved or put in', async () => {
    const altered = 'was altered, or the key is a different one'
    for (const key of [undefined, 'secret']) {
      for (const change of [
        'score = 0.6',
        'outcome = 3',
        'timestamp_ms = 6',
        "id = 'A'",
        'kind = 1',
        "body = x'00'",
        "hash = x'00'",
      ]) {
        assert.deepEqual(await problemAfter(`UPDATE records SET ${change} WHERE sequence = 3`, key), {
          ...{ sequence: 3, reason: altered },
        })
      }
      assert.deepEqual(await problemAfter('DELETE FROM records WHERE sequence = 4', key), {
        sequence: 4,
        reason: 'is missing',
      })
      assert.equal(
        (
          await problemAfter(
            'UPDATE records SET sequence = 99 WHERE sequence = 2; UPDATE records SET sequence = 2 WHERE sequence = 3',
            key,
          )
        )?.sequence,
        2,
      )
      const copy =
        'INSERT INTO records SELECT 10, 2, outcome, timestamp_ms, score, id, body, hash FROM records WHERE sequence = 9'
      assert.deepEqual(await problemAfter(copy, key), { sequence: 10, reason: altered })
    }
  })

  test('finds a log of another key, and one that was cut short of a head that was noted', async () => {
    const path = await written('secret')
    const reader = new SqliteLogReader(path)
    assert.equal(verifyLog(reader, 'another').problem?.sequence, 1)
    assert.equal(verifyLog(reader, undefined).problem?.sequence, 1)
    const { hash } = verifyLog(reader, 'secret')
    assert.equal(verifyLog(reader, 'secret', { head: { sequence: 9, hash } }).problem, undefined)
    assert.equal(verifyLog(reader, 'secret', { head: { sequence: 8, hash } }).problem?.sequence, 8)
    const cut = verifyLog(reader, 'secret', { head: { sequence: 12, hash } }).problem
    assert.deepEqual([cut?.sequence, /cut short/.test(cut?.reason ?? '')], [10, true])
    reader.close()
  })
})

test('pages are found again after there was no log to search', async () => {
  const path = newPath()
  const pages = new SqlitePages(path)
  await assert.rejects(pages.page({ limit: 5 }))
  const log = await open(path)
  await append(log, { kind: 'definition', ...definition })
  await append(log, decision('a'))
  assert.deepEqual(
    (await pages.page({ limit: 5 })).records.map(({ id }) => id),
    ['a'],
  )
  await pages.close()
  await log.close()
})
