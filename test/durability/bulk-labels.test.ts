import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { formatIsoTime } from '../../src/core/time-parser.ts'
import { dataDirectory } from '../../src/stores/data-directory.ts'
import { SqliteLogReader } from '../../src/stores/sqlite/sqlite-log-reader.ts'
import { assertSound } from './log-checks.ts'
import { purchases, ServiceProcess, temporaryFolder, trainBundle } from './service.ts'

const folder = temporaryFolder()
const data = join(folder, 'data')
const linesOfPiece = 250
let bundle = ''

before(async () => {
  bundle = await trainBundle(folder)
})

interface Counts {
  readonly accepted: number
  readonly repeated: number
  readonly pending: number
}

/** One piece of labels; undefined where the service ended before it answered. */
async function send(url: string, lines: readonly string[]): Promise<Counts | undefined> {
  const body = ['transactionId,isFraud,knownAt', ...lines].join('\n')
  try {
    const answer = await fetch(`${url}/v1/labels`, { method: 'POST', headers: { 'content-type': 'text/csv' }, body })
    assert.equal(answer.status, 200)
    return JSON.parse(await answer.text())
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error
    return undefined
  }
}

test('keeps every label that was acknowledged through kill -9, and takes the file again without a second record', async () => {
  const known = purchases(200)
  const service = await ServiceProcess.start(bundle, data)
  for (const { body } of known) assert.equal((await service.decide(body)).status, 200)
  const unheard = Array.from({ length: 20_000 }, (_, i) => ({
    id: `unheard-${i}`,
    timestampMs: known[0].timestampMs,
    isFraud: true,
  }))
  const lines = [...known, ...unheard].map(
    ({ id, timestampMs, isFraud }) => `${id},${isFraud ? 'Y' : 'N'},${formatIsoTime(timestampMs)}`,
  )
  let acknowledged = 0
  const sending = (async () => {
    while (acknowledged < lines.length) {
      if ((await send(service.url, lines.slice(acknowledged, acknowledged + linesOfPiece))) === undefined) return
      acknowledged += linesOfPiece
    }
  })()
  while (acknowledged < 2000) await sleep(5)
  await service.kill()
  await sending
  assertSound(data)
  assert.ok(acknowledged < lines.length, 'it was killed in the middle')
  const reader = new SqliteLogReader(dataDirectory(data).logPath)
  const kept = [...reader.allLabels()].map(({ id }) => id)
  reader.close()
  const inOrder = lines.map((line) => line.slice(0, line.indexOf(',')))
  assert.ok(kept.length >= acknowledged)
  assert.deepEqual(kept, inOrder.slice(0, kept.length), 'all that came first, and nothing twice')
  const again = await ServiceProcess.start(bundle, data)
  const answer = await send(again.url, lines)
  assert.deepEqual([answer?.repeated, answer?.accepted], [kept.length, lines.length - kept.length])
  const third = await send(again.url, lines)
  assert.deepEqual([third?.repeated, third?.accepted, third?.pending], [lines.length, 0, 0])
  await again.stop()
  assertSound(data)
})
