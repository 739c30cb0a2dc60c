import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { before, describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { formatIsoTime } from '../../src/core/time-parser.ts'
import { createLink } from '../../src/log/chain.ts'
import { type StoredRecord, writeFrame } from '../../src/log/frames.ts'
import { recordKinds } from '../../src/log/log-record.ts'
import { ValueWriter } from '../../src/log/packed-values.ts'
import { dataDirectory } from '../../src/stores/data-directory.ts'
import { recordColumns, storedRecord } from '../../src/stores/sqlite/stored-record.ts'
import { assertRowsAreReplayed, withLog } from './log-checks.ts'
import { purchases, runShrike, ServiceProcess, succeed, temporaryFolder, trainBundle } from './service.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
const sent = purchases(12)
const section = Buffer.from([99, 3, 1, 2, 3])
let bundle = ''

before(async () => {
  bundle = await trainBundle(folder)
  const service = await ServiceProcess.start(bundle, at('written'))
  for (const { body } of sent.slice(0, 10)) assert.equal((await service.decide(body)).status, 200)
  await service.stop()
})

/** The log as a newer version would have written it: its last record changed, and chained to the one before. */
function newerLog(name: string, change: (last: StoredRecord) => StoredRecord): string {
  cpSync(at('written'), at(name), { recursive: true })
  const database = new DatabaseSync(dataDirectory(at(name)).logPath)
  const newest = database.prepare(`SELECT ${recordColumns} FROM records ORDER BY sequence DESC LIMIT 2`).all()
  const [last, previous] = newest.map(storedRecord)
  const changed = change(last)
  const frame = new ValueWriter()
  writeFrame(changed, frame)
  database
    .prepare('UPDATE records SET kind = ?, body = ?, hash = ? WHERE sequence = ?')
    .run(changed.kind, changed.body, createLink()(previous.hash, frame.bytes), changed.sequence)
  database.close()
  return at(name)
}

interface Answer {
  readonly transactionId: string
  readonly reasons: readonly { readonly code: string; readonly contribution?: number }[]
}

/** Without the reasons' texts, which a version may put better. */
function told({ reasons, ...answer }: Answer): unknown {
  return { ...answer, reasons: reasons.map(({ code, contribution }) => ({ code, contribution })) }
}

describe('a log of an older Shrike, whose definitions have no format', () => {
  const answers: readonly Answer[] = JSON.parse(readFileSync('test/golden/data-directory/explained.json', 'utf8'))
  const later = sent.map((purchase) => ({
    ...purchase,
    id: `later-${purchase.id}`,
    timestampMs: purchase.timestampMs + 400 * 86_400_000,
  }))
  const formats = (data: string) =>
    withLog(data, (reader) => reader.definitionSequences().map((sequence) => reader.definition(sequence).format))

  test('is read as it was written, and gone on with in the newest format', async () => {
    const data = at('older')
    mkdirSync(data)
    const log = gunzipSync(readFileSync('test/golden/data-directory/explained.sqlite.gz'))
    writeFileSync(dataDirectory(data).logPath, log)
    assert.deepEqual(formats(data), [1])
    assert.match(
      await succeed('log', 'verify', '--data', data),
      /14 records, 1 to 14, are unchanged since they were written/,
    )
    const explained = await trainBundle(folder, {
      change: (yaml) => yaml.replace('review: 0.2', 'review: 0'),
      name: 'explained',
    })
    for (const _ of ['once', 'again']) {
      const service = await ServiceProcess.start(explained, data)
      for (const answer of answers) {
        const { text } = await service.ask('GET', `/v1/decisions/${answer.transactionId}`)
        const { transaction, features, labels, explanation, ...decision } = JSON.parse(text)
        assert.deepEqual(told(decision), told(answer))
      }
      for (const { id, timestampMs, body } of later) {
        const first = JSON.parse(
          (await service.decide({ ...body, transaction_id: id, time: formatIsoTime(timestampMs) })).text,
        )
        assert.ok(first.reasons.length > 1, 'no contributions')
        const { text } = await service.ask('GET', `/v1/decisions/${id}`)
        assert.deepEqual(JSON.parse(text).reasons, first.reasons)
      }
      await service.stop()
    }
    assert.deepEqual(formats(data), [1, 2])
    assert.match(
      await succeed('log', 'verify', '--data', data),
      /27 records, 1 to 27, are unchanged since they were written/,
    )
    assert.equal(await assertRowsAreReplayed(data, explained, later[0].timestampMs), later.length)
  })
})

describe('a log of a newer Shrike', () => {
  test('with sections that this one does not know is served, replayed and gone on with, and each says so', async () => {
    const data = newerLog('sections', (last) => ({ ...last, body: Buffer.concat([last.body, section]) }))
    const told = /A newer Shrike wrote parts of records that this one skips: section 99 \(1 record\)/

    const verified = await runShrike('log', 'verify', '--data', data)
    assert.equal(verified.code, 0)
    assert.match(verified.stdout, /11 records, 1 to 11, are unchanged since they were written/)
    assert.match(verified.stderr, told)
    const { unread } = JSON.parse((await runShrike('log', 'verify', '--data', data, '--json')).stdout)
    assert.deepEqual(unread, { 'section 99': 1 })
    for (const command of [
      ['features', '--from-log', '--data', data, '--out', at('rows.csv')],
      ['log', 'export', '--data', data, '--out', at('log.csv')],
    ]) {
      const { code, stderr } = await runShrike(...command)
      assert.equal(code, 0)
      assert.match(stderr, told)
    }

    const service = await ServiceProcess.start(bundle, data)
    const degradedOf = async (id: string) => JSON.parse((await service.ask('GET', `/v1/decisions/${id}`)).text).degraded
    assert.deepEqual(await degradedOf(sent[9].id), ['history-short', 'record-partly-read'])
    assert.deepEqual(await degradedOf(sent[8].id), ['history-short'])
    assert.match((await service.decide(sent[9].body)).text, /"duplicate":true,"degraded":\[.*"record-partly-read"\]/)
    assert.doesNotMatch((await service.decide(sent[10].body)).text, /record-partly-read/)
    await service.stop()
    assert.match(service.log(), told)
    assert.equal(await assertRowsAreReplayed(data, bundle), 11)
  })

  test('with a kind of record that this one does not know is refused, and the record is named', async () => {
    const data = newerLog('kinds', (last) => ({ ...last, kind: recordKinds.length }))
    const refused = /LOG_TOO_NEW: Record 11 .*newer Shrike/
    for (const command of [
      ['log', 'verify', '--data', data],
      ['features', '--from-log', '--data', data],
      ['serve', bundle, '--data', data, '--port', '0'],
    ]) {
      const { code, stderr } = await runShrike(...command)
      assert.equal(code, 1)
      assert.match(stderr, refused)
    }
    assert.equal(
      withLog(data, (reader) => reader.lastSequence()),
      11,
    )
  })
})
