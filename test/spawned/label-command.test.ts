import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { formatIsoTime } from '../../src/core/time-parser.ts'
import { dataDirectory } from '../../src/stores/data-directory.ts'
import { SqliteLogReader } from '../../src/stores/sqlite/sqlite-log-reader.ts'
import { purchases, runShrike, ServiceProcess, succeed, temporaryFolder, trainBundle } from '../durability/service.ts'

const folder = temporaryFolder()
const [data, file] = [join(folder, 'data'), join(folder, 'labels.csv')]
const known = purchases(50)
let bundle = ''

before(async () => {
  bundle = await trainBundle(folder)
  const rows = known.map(({ id, timestampMs, isFraud }) => `${id},${isFraud ? 'Y' : 'N'},${formatIsoTime(timestampMs)}`)
  rows.splice(3, 0, 'x,maybe,', `${known[0].id},Y,yesterday`, `${known[0].id},,`)
  writeFileSync(file, ['transaction_id;verdict;closed'.replaceAll(';', ','), ...rows, 'unheard,Y,'].join('\n'))
})

function countLabels(): number {
  const reader = new SqliteLogReader(dataDirectory(data).logPath)
  try {
    return [...reader.allLabels()].length
  } finally {
    reader.close()
  }
}

test('labels beside a running service, and again without one, with the same results', async () => {
  const service = await ServiceProcess.start(bundle, data)
  for (const { body } of known) assert.equal((await service.decide(body)).status, 200)
  const flags = [file, '--data', data, '--label', 'verdict', '--known-at', 'closed', '--json']
  const failed = await runShrike('label', ...flags)
  assert.equal(failed.code, 1)
  assert.match(failed.stderr, /labels.csv, line 5, transaction "x": isFraud: "maybe" does not say whether it was fraud/)
  assert.match(failed.stderr, /Run the same command again/)
  const rejects = join(folder, 'rejects.csv')
  const skipping = [...flags, '--bad-rows', 'skip', '--rejects', rejects]
  const first = JSON.parse(await succeed('label', ...skipping))
  assert.deepEqual([first.accepted, first.repeated, first.refused, first.unlabelled], [0, 51, 2, 1])
  assert.match(
    readFileSync(rejects, 'utf8'),
    /^rejected_line,rejected_reason,transaction_id,verdict,closed\n5,"isFraud: .*,x,maybe,\n6,/,
  )
  assert.equal(countLabels(), 51)
  const keyless = await runShrike('keys', 'create', '--role', 'label', '--data', data)
  assert.equal(keyless.code, 2)
  assert.match(keyless.stderr, /accepts requests without a key now.*--yes/)
  await service.stop()
  const again = JSON.parse(await succeed('label', ...skipping, '--bundle', bundle))
  assert.deepEqual([again.where, again.accepted, again.repeated, again.refused], [data, 0, 51, 2])
  assert.equal(countLabels(), 51)
})
