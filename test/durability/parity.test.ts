import assert from 'node:assert/strict'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { before, test } from 'node:test'
import { dataDirectory } from '../../src/stores/data-directory.ts'
import { SqliteLogReader } from '../../src/stores/sqlite/sqlite-log-reader.ts'
import { assertRowsAreReplayed, assertSnapshotsLeadToSameState, assertSound } from './log-checks.ts'
import { purchases, ServiceProcess, succeed, temporaryFolder, trainBundle } from './service.ts'
import { Traffic } from './traffic.ts'

const count = Number(process.env.SHRIKE_TRANSACTIONS ?? 3000)
const folder = temporaryFolder()
const data = join(folder, 'data')
const rowsFile = join(folder, 'rows.csv')
let bundle = ''

before(async () => {
  bundle = await trainBundle(folder)
})

test(`stores the rows that features --from-log computes, over ${count} transactions and a restart`, async (t) => {
  const traffic = new Traffic(purchases(count), 2)
  const start = () => ServiceProcess.start(bundle, data, ['--snapshot-every', String(Math.ceil(count / 10))])
  const begin = performance.now()
  const first = await start()
  await traffic.send(first, 32, () => traffic.counts.decisions > count / 2)
  await first.stop()
  const second = await start()
  await traffic.send(second, 32)
  await traffic.sendAgain(second, 32, 1000)
  await second.stop()
  const seconds = (performance.now() - begin) / 1000
  assert.equal(traffic.answers.size, count)
  traffic.assertKept(data)
  assertSound(data)
  assert.ok(assertSnapshotsLeadToSameState(data) > 0, 'no snapshot was taken')

  assert.equal(await assertRowsAreReplayed(data, bundle), count)
  await succeed('features', '--from-log', '--data', data, '--out', rowsFile)
  assert.equal(await compareWithFile(), count)
  t.diagnostic(`${JSON.stringify(traffic.counts)} in ${seconds.toFixed(1)} s; all ${count} rows the same in every bit`)
})

/** The rows of the file, whose numbers are written so that they read back as they were; an empty cell is no value. */
async function compareWithFile(): Promise<number> {
  const reader = new SqliteLogReader(dataDirectory(data).logPath)
  let compared = -1
  for await (const line of createInterface({ input: createReadStream(rowsFile) })) {
    const [id, ...cells] = line.split(',')
    if (++compared === 0) continue
    const record = reader.find(id)
    assert.ok(record?.kind === 'decision', id)
    assert.equal(cells.length, record.row.length)
    const differing = cells.filter((cell, i) => !Object.is(cell === '' ? Number.NaN : Number(cell), record.row[i]))
    assert.deepEqual(differing, [], `${id}, record ${record.sequence}`)
  }
  reader.close()
  return compared
}
