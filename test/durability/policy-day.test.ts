import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Rebuild } from '../../src/deciding/rebuild.ts'
import { anyChangeSchema } from '../../src/decisioning/index.ts'
import { compileDetector } from '../../src/features/feature-set.ts'
import type { Sequenced } from '../../src/log/log-record.ts'
import { ValueWriter } from '../../src/log/packed-values.ts'
import { encodeFrame } from '../../src/log/record-format.ts'
import type { Snapshot } from '../../src/log/snapshots.ts'
import { dataDirectory } from '../../src/stores/data-directory.ts'
import { readSnapshot, snapshotPaths } from '../../src/stores/snapshot-files.ts'
import type { SqliteLogReader } from '../../src/stores/sqlite/sqlite-log-reader.ts'
import { lastDetector } from '../../src/training/find-detector.ts'
import { assertRowsAreReplayed, assertSnapshotsLeadToSameState, assertSound, withLog } from './log-checks.ts'
import { Day, hourMs } from './policy-day.ts'
import { live } from './policy-day-steps.ts'
import { succeed, temporaryFolder, trainBundle, withShortWindows } from './service.ts'

const seed = Number(process.env.SHRIKE_SEED ?? 1)
const folder = temporaryFolder()
let bundle = ''

before(async () => {
  bundle = await trainBundle(folder, { change: withShortWindows, name: 'short' })
})

/** Judges each decision again by the policy that the records before it make, as a service does that was never killed. */
function assertPolicyIsReplayed(reader: SqliteLogReader, snapshot?: Snapshot): number {
  const { detector } = lastDetector(reader)
  const rebuild = new Rebuild({ detector, features: compileDetector(detector) }, reader, snapshot, {}, true)
  let compared = 0
  const compare: Parameters<Rebuild['step']>[0] = (record, { timestampMs, amount }) => {
    if (record.kind !== 'decision') return
    const { id, decidedAtMs, fields, row, score, outcome, policy } = record
    const { changed, secret } = rebuild.projections.policy
    if (changed === undefined) assert.equal(policy, undefined, id)
    else {
      const judged = changed.judge({ id, timestampMs, decidedAtMs, amount, fields, row, score }, secret)
      const made = judged.trace
      assert.deepEqual({ outcome: judged.outcome, ...made }, { outcome, ...policy }, id)
      const others = record.degraded.filter((each) => each !== 'fused')
      const degraded = judged.trace.fuses === undefined ? others : [...others, 'fused' as const]
      const again = { ...record, outcome: judged.outcome, degraded, policy: made }
      assert.ok(bytesOf(again).equals(bytesOf(record)), `${id} is written otherwise`)
      compared += 1
    }
  }
  while (rebuild.step(compare));
  return compared
}

function bytesOf(record: Sequenced): Buffer {
  const writer = new ValueWriter()
  encodeFrame(record, record.sequence, writer)
  return Buffer.from(writer.bytes)
}

async function exported(data: string, ...flags: readonly string[]) {
  const lines = await succeed('log', 'export', '--data', data, '--format', 'ndjson', ...flags)
  const rows = lines.trim().split('\n')
  return rows.map((line): Readonly<Record<string, unknown>> => JSON.parse(line))
}

/** What is exported of a log that lacks nothing tells every change, and what the policy did to each decision. */
async function assertExported(data: string, day: Day): Promise<void> {
  const changes = await exported(data, '--changes')
  assert.ok(changes.every(({ by }) => by === 'anyone'))
  // One that was killed before its answer may be there twice.
  let at = -1
  for (const { why } of day.changes) {
    at = changes.findIndex((change, i) => i > at && (change.why ?? '') === why)
    assert.ok(at >= 0, `nothing is exported of "${why}"`)
  }
  assert.ok(day.changes.length >= 25, 'changes were not noted')
  const kinds = new Set(changes.map(({ change }) => JSON.parse(String(change)).kind))
  const missing = anyChangeSchema.options.map((each) => each.shape.kind.value).filter((kind) => !kinds.has(kind))
  assert.deepEqual(missing, [], 'kinds of changes that the day has not')
  const rows = await exported(data)
  assert.equal(rows.length, day.answers.size)
  for (const { id, policy, outcome } of rows) {
    const answer = JSON.parse(day.answers.get(String(id))?.text ?? '{}')
    assert.deepEqual({ policy, outcome }, { policy: answer.policy, outcome: answer.outcome })
  }
  const drawn = rows.filter((row) => row.would_be)
  assert.ok(drawn.length >= 24 && drawn.every((row) => row.would_be === 'decline' && row.propensity === 0.5))
}

for (const isPruned of [false, true]) {
  test(`a day of changes is replayed, kill -9 included${isPruned ? ', where records are let go of' : ''}`, async (t) => {
    const data = join(folder, `data-${isPruned}`)
    const day = await Day.begin(bundle, data, {
      seed,
      flags: ['--snapshot-every', '20', ...(isPruned ? ['--retain', '2h'] : [])],
    })
    const pruned = () => withLog(data, (reader) => reader.prunedThrough())
    await live(day)
    assert.ok(day.kills > 0, 'it was never killed')
    // At the lowest priority a snapshot has to wait for its turn on a machine that has much to do.
    for (
      let i = 0;
      i < 400 && (isPruned ? pruned() === 0 : snapshotPaths(dataDirectory(data).snapshotsPath).length === 0);
      i++
    ) {
      await sleep(50)
    }
    await day.assertAnswered()
    await day.assertExplained()
    await day.assertVersionsTold()
    await day.stop()
    if (!isPruned) await assertExported(data, day)
    assertSound(data)
    assert.equal(pruned() > 0, isPruned)
    assert.ok(assertSnapshotsLeadToSameState(data, isPruned ? 'policy' : undefined) > 0, 'no snapshot was taken')
    const first = withLog(data, (reader) => reader.firstTransactionMs() ?? 0)
    assert.ok((await assertRowsAreReplayed(data, bundle, isPruned ? first + hourMs : 0)) > 0)
    const compared = withLog(data, (reader) => {
      const count = assertPolicyIsReplayed(reader)
      for (const path of snapshotPaths(dataDirectory(data).snapshotsPath))
        assertPolicyIsReplayed(reader, readSnapshot(path))
      return count
    })
    if (isPruned) assert.ok(compared > 0 && compared < day.answers.size)
    else assert.equal(compared, day.answers.size - 1)
    t.diagnostic(
      `${day.kills} kills, seed ${seed}: ${compared} of ${day.answers.size} decisions judged again, the same`,
    )
  })
}
