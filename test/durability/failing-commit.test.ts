import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { before, test } from 'node:test'
import type { SqliteLogReader } from '../../src/stores/sqlite/sqlite-log-reader.ts'
import { assertRowsAreReplayed, assertSound, withLog } from './log-checks.ts'
import { type Answer, type Purchase, purchases, ServiceProcess, temporaryFolder, trainBundle } from './service.ts'

const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0
const folder = temporaryFolder()
let bundle = ''

before(async () => {
  if (hasPrlimit) bundle = await trainBundle(folder)
})

/** From here on no file of the process can be written past its first bytes, as on a disk that fails; or it can again. */
function limitFiles({ child }: ServiceProcess, bytes: number | 'unlimited'): void {
  const { status, stderr } = spawnSync('prlimit', ['--pid', String(child.pid), `--fsize=${bytes}:unlimited`])
  assert.equal(status, 0, String(stderr))
}

function assertUnavailable({ status, text, headers }: Answer): void {
  assert.equal(status, 503, text)
  assert.equal(JSON.parse(text).code, 'LOG_UNAVAILABLE')
  assert.match(headers['retry-after'] ?? '', /^\d+$/)
}

function assertTaken({ status, text }: Answer): void {
  assert.equal(status, 200, text)
}

async function sendInOrder(service: ServiceProcess, sent: readonly Purchase[]): Promise<void> {
  for (const { id, body, isFraud } of sent) {
    assertTaken(await service.decide(body))
    if (isFraud) assertTaken(await service.label({ transactionId: id, isFraud, knownAt: body.time }))
  }
}

function decisionsOf(reader: SqliteLogReader): readonly unknown[] {
  const found: unknown[] = []
  for (let after = 0; ; ) {
    const records = reader.next(after)
    if (records.length === 0) return found
    for (const record of records) {
      after = record.sequence
      if (record.kind !== 'decision') continue
      const { id, score, outcome, row, degraded } = record
      found.push({ id, score, outcome, row, degraded })
    }
  }
}

test('refuses while the log cannot be written, recovers by itself, and decides as if nothing had happened', {
  skip: !hasPrlimit && 'prlimit (util-linux) is not installed',
}, async (t) => {
  const sent = purchases(450)
  const [data, undisturbed] = [join(folder, 'data'), join(folder, 'undisturbed')]
  const service = await ServiceProcess.start(bundle, data)
  await sendInOrder(service, sent.slice(0, 200))
  const refused = sent.slice(200, 264)
  for (let failure = 0; failure < 3; failure++) {
    limitFiles(service, 1)
    const answers = await Promise.all([
      ...refused.map(({ body }) => service.decide(body)),
      service.label({ transactionId: sent[failure].id, isFraud: true }),
    ])
    for (const answer of answers) assertUnavailable(answer)
    assert.equal((await service.ask('GET', '/readyz')).status, 503)
    assert.equal((await service.ask('GET', '/healthz')).status, 200)
    limitFiles(service, 'unlimited')
    await service.isReady()
  }
  await sendInOrder(service, sent.slice(200))
  await service.stop()
  assertSound(data)
  const rows = await assertRowsAreReplayed(data, bundle)

  const other = await ServiceProcess.start(bundle, undisturbed)
  await sendInOrder(other, sent)
  await other.stop()
  assert.deepEqual(withLog(data, decisionsOf), withLog(undisturbed, decisionsOf))
  t.diagnostic(`3 failures of the disk, ${3 * (refused.length + 1)} refusals, ${rows} decisions as without them`)
})
