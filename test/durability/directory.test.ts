import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { before, describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { formatIsoTime } from '../../src/core/time-parser.ts'
import { Decider } from '../../src/deciding/decider.ts'
import { createDecidingState } from '../../src/deciding/deciding-state.ts'
import { createDetectorInForce } from '../../src/deciding/detector-in-force.ts'
import { Lineup } from '../../src/deciding/lineup.ts'
import { takeInto } from '../../src/deciding/projections.ts'
import { Rebuild } from '../../src/deciding/rebuild.ts'
import { Receiver } from '../../src/deciding/receiver.ts'
import { ReceivedTransactionReader } from '../../src/detector/received-transaction.ts'
import { type Definition, recordFormat } from '../../src/log/log-record.ts'
import { loadModel } from '../../src/scoring/load-predictor.ts'
import { serveable } from '../../src/scoring/served-model.ts'
import { dataDirectory } from '../../src/stores/data-directory.ts'
import { snapshotPaths } from '../../src/stores/snapshot-files.ts'
import { SqliteLog } from '../../src/stores/sqlite/sqlite-log.ts'
import { shrikeScript } from '../run-shrike.ts'
import { assertRowsAreReplayed, assertSound, withLog } from './log-checks.ts'
import {
  type Purchase,
  purchases,
  runShrike,
  ServiceProcess,
  succeed,
  temporaryFolder,
  trainBundle,
} from './service.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
const sent = purchases(600)
let bundle = ''

before(async () => {
  bundle = await trainBundle(folder)
})

async function sendInOrder(service: ServiceProcess, some: readonly Purchase[]): Promise<void> {
  for (const { body } of some) assert.equal((await service.decide(body)).status, 200)
}

/** Starts a service that must not start, and returns what it said. */
async function refusedStart(data: string): Promise<string> {
  const { code, stderr } = await runShrike('serve', bundle, '--data', data, '--port', '0')
  assert.equal(code, 1, stderr)
  return stderr
}

describe('a data directory', () => {
  test('is of one process at a time', async () => {
    const service = await ServiceProcess.start(bundle, at('shared'))
    const holder = new RegExp(
      `DIRECTORY_IN_USE: Another process works \\(process ${service.child.pid} on \\S+, since 20\\S+Z\\) on `,
    )
    assert.match(await refusedStart(at('shared')), holder)
    const rekeyed = await runShrike('log', 'rekey', '--data', at('shared'))
    assert.deepEqual([rekeyed.code, holder.test(rekeyed.stderr)], [1, true], rekeyed.stderr)
    await sendInOrder(service, sent.slice(0, 1))
    await service.kill()
    // The lock ends with its process, however that ended.
    const next = await ServiceProcess.start(bundle, at('shared'))
    await next.stop()
  })

  test('is refused where its log is something else, or of a newer version', async () => {
    for (const name of ['text', 'other', 'newer']) mkdirSync(at(name))
    writeFileSync(at('text/log.sqlite'), 'This is no database, but it is long enough to be taken for one.'.repeat(20))
    assert.match(await refusedStart(at('text')), /LOG_INVALID.*is damaged/)
    const other = new DatabaseSync(at('other/log.sqlite'))
    other.exec('CREATE TABLE shopping (item TEXT)')
    other.close()
    assert.match(await refusedStart(at('other')), /DIRECTORY_UNUSABLE.*not a log of Shrike/)
    const service = await ServiceProcess.start(bundle, at('newer'))
    await service.stop()
    const newer = new DatabaseSync(at('newer/log.sqlite'))
    newer.exec('PRAGMA user_version = 99')
    newer.close()
    assert.match(await refusedStart(at('newer')), /DIRECTORY_UNUSABLE.*version is 99/)
    assert.equal((await runShrike('log', 'verify', '--data', at('newer'))).code, 1)
  })
})

/** A small file system of memory for one test; undefined where this user may not mount one. */
function mount(t: TestContext, name: string): string | undefined {
  const path = at(name)
  mkdirSync(path)
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', path]).status !== 0) return undefined
  t.after(() => spawnSync('umount', ['--lazy', path]))
  return path
}

describe('a disk', () => {
  test('that is full is said to be, and what is refused can be sent again once there is room', async (t) => {
    const disk = mount(t, 'small')
    if (disk === undefined) return t.skip('only root may mount a small file system')
    const data = join(disk, 'data')
    const service = await ServiceProcess.start(bundle, data, ['--min-free-disk', '1'])
    await sendInOrder(service, sent.slice(0, 50))
    // It ends where there is no room left; the log has some in files that are larger than what they hold.
    const filling = join(disk, 'filling')
    spawnSync('dd', ['if=/dev/zero', `of=${filling}`, 'bs=4096'])
    let next = 50
    for (; next < sent.length; next++) {
      const { status, text } = await service.decide(sent[next].body)
      if (status === 200) continue
      assert.equal(status, 503)
      assert.equal(JSON.parse(text).code, 'LOG_UNAVAILABLE')
      break
    }
    assert.ok(next < sent.length, 'the disk was never full')
    assert.equal((await service.ask('GET', '/readyz')).status, 503)
    rmSync(filling)
    await service.isReady()
    await sendInOrder(service, sent.slice(next))
    await service.stop()
    assertSound(data)
    assert.equal(await assertRowsAreReplayed(data, bundle), sent.length)
    spawnSync('dd', ['if=/dev/zero', `of=${filling}`, 'bs=4096'])
    assert.match(await refusedStart(join(disk, 'another')), /DIRECTORY_UNUSABLE/)
  })

  test('that is short of room makes a service not ready that still decides', async () => {
    const service = await ServiceProcess.startUnready(bundle, at('short'), ['--min-free-disk', '1000000000'])
    while ((await service.decide(sent[0].body)).status !== 200) await sleep(10)
    const { status, text } = await service.ask('GET', '/readyz')
    assert.equal(status, 503)
    assert.match(text, /Only \d+ MiB are free/)
    await service.stop()
  })

  test('that is full is one line with a code, whatever is written there', async (t) => {
    const disk = mount(t, 'full')
    if (disk === undefined) return t.skip('only root may mount a small file system')
    const service = await ServiceProcess.start(bundle, at('to-copy'))
    await sendInOrder(service, sent.slice(0, 50))
    await service.stop()
    spawnSync('dd', ['if=/dev/zero', `of=${join(disk, 'filling')}`, 'bs=4096'])
    for (const [command, to] of [
      [`backup ${join(disk, 'copy')}`, '/dev/null'],
      ['log export', join(disk, 'export.csv')],
      ['log head', '/dev/full'],
    ]) {
      const line = `node ${shrikeScript} ${command} --data ${at('to-copy')} > ${to}`
      const { status, stderr } = spawnSync('sh', ['-c', line], { encoding: 'utf8' })
      assert.equal(status, 1, line)
      assert.match(stderr, /^error FILE_UNWRITABLE: .* can't be written: the disk is full$/m, line)
      assert.doesNotMatch(stderr, /^\s+at /m, line)
    }
    assert.deepEqual(
      readdirSync(disk).filter((name) => name.startsWith('copy')),
      [],
    )
    const users = join(disk, 'users')
    mkdirSync(users)
    const create = ['users', 'create', 'ada', '--role', 'admin', '--data', users]
    const { status, stderr } = spawnSync('node', [shrikeScript, ...create], {
      encoding: 'utf8',
      input: 'a long password',
    })
    assert.equal(status, 1)
    assert.match(stderr, /^error DIRECTORY_UNUSABLE: .* can't be used: the disk is full$/m)
    assert.deepEqual(readdirSync(users), [])
  })

  test('that can only be read is refused at the start', async (t) => {
    const disk = mount(t, 'read-only')
    if (disk === undefined) return t.skip('only root may mount, and root writes where permissions say no')
    const service = await ServiceProcess.start(bundle, join(disk, 'data'), ['--min-free-disk', '1'])
    await sendInOrder(service, sent.slice(0, 5))
    await service.stop()
    assert.equal(spawnSync('mount', ['-o', 'remount,ro', disk]).status, 0)
    assert.match(await refusedStart(join(disk, 'data')), /DIRECTORY_UNUSABLE/)
    assert.match(await refusedStart(join(disk, 'new')), /DIRECTORY_UNUSABLE/)
  })
})

test('a clock that jumps refuses what is ahead of it, and is what decidedAt shows, but for going back', async () => {
  const { detector, predictor } = await loadModel(bundle)
  const inForce = createDetectorInForce(detector, predictor)
  const log = await SqliteLog.open({ path: at('clock.sqlite'), makeToken: () => 'none' })
  const uncounted = {
    decided() {},
    decidedByCanary() {},
    canaryRolledBack() {},
    shadowScored() {},
    duplicate() {},
    fusesTripped() {},
    reviewsOverloaded() {},
    labelled() {},
    labelsRefused() {},
  }
  const [first, second, third] = sent
  let nowMs = second.timestampMs + 60_000
  const options = {
    log,
    persons: log.persons,
    observer: uncounted,
    clock: () => nowMs,
    maxAheadMs: 300_000,
    maxPending: 100,
    maxPendingLabels: 100,
    onFault: assert.fail,
  }
  const receiver = new Receiver(
    log.persons,
    (token) =>
      new ReceivedTransactionReader(detector, inForce.features.layout, { hashCardNumber: String, token }, () => nowMs),
  )
  const definition: Definition = {
    format: recordFormat,
    detector,
    model: predictor.modelId,
    policy: { ...inForce.policy, version: 1 },
    columns: receiver.reader.columns,
    features: inForce.features.names,
    runtime: 'test',
  }
  const definitionSequence = await new Promise<number>((resolve) => {
    const sequence = log.append({ kind: 'definition', ...definition }, () => resolve(sequence))
  })
  const { projections } = new Rebuild(inForce, log.reading, undefined, {})
  log.follow(takeInto(projections))
  const lostUntilMs = Number.NEGATIVE_INFINITY
  const standing = { inForce, definition, definitionSequence, projections, coveredSinceMs: undefined, lostUntilMs }
  const state = createDecidingState(standing, options)
  const lineup = new Lineup({ model: serveable(predictor), inForce, receiver, state })
  const decider = new Decider({ ...options, lineup })
  const decide = async ({ body }: Purchase) => decider.decide(receiver.receive(body, undefined), () => 0)

  assert.equal((await decide(first)).decidedAt, formatIsoTime(nowMs))
  nowMs = second.timestampMs - 300_001
  await assert.rejects(decide(second), { code: 'TRANSACTION_IN_FUTURE' })
  const again = await decide(first)
  assert.deepEqual([again.duplicate, again.decidedAt], [true, formatIsoTime(second.timestampMs + 60_000)])
  nowMs += 1
  assert.equal((await decide(second)).decidedAt, formatIsoTime(second.timestampMs + 60_000))
  nowMs = Date.UTC(2040, 0, 1)
  assert.equal((await decide(third)).decidedAt, '2040-01-01T00:00:00.000Z')
  await log.close()
})

describe('a snapshot', () => {
  const data = at('snapshots')
  const start = () => ServiceProcess.start(bundle, data, ['--snapshot-every', '100'])
  const snapshots = () => snapshotPaths(dataDirectory(data).snapshotsPath)
  const isTaken = async (count: number) => {
    while (snapshots().length < count) await sleep(50)
  }

  before(async () => {
    const service = await start()
    await sendInOrder(service, sent.slice(0, 120))
    await isTaken(1)
    await sendInOrder(service, sent.slice(120, 300))
    await isTaken(2)
    await service.stop()
  })

  test('that is cut off is left alone for the older one, and that is said', async () => {
    const [newest, older] = snapshots()
    truncateSync(newest, readFileSync(newest).length - 1000)
    const service = await ServiceProcess.start(bundle, data, ['--snapshot-every', '100000'])
    await sendInOrder(service, sent.slice(300, 400))
    await service.stop()
    assert.match(service.log(), /SNAPSHOT_INVALID/)
    assert.equal(await assertRowsAreReplayed(data, bundle), 400)
    assert.ok(existsSync(older))
  })

  test('that is damaged is left alone, and without any the log does', async () => {
    for (const path of snapshots()) {
      const bytes = readFileSync(path)
      bytes[bytes.length >> 1] ^= 1
      writeFileSync(path, bytes)
    }
    const service = await start()
    await sendInOrder(service, sent.slice(400, 500))
    await service.stop()
    assert.match(service.log(), /SNAPSHOT_INVALID.*content is damaged/)
    assert.equal(await assertRowsAreReplayed(data, bundle), 500)
  })
})

describe('a log', () => {
  const data = at('forged')
  let head = ''

  before(async () => {
    const service = await ServiceProcess.start(bundle, data)
    await sendInOrder(service, sent.slice(0, 60))
    await service.stop()
    head = (await succeed('log', 'head', '--data', data)).trim()
  })

  test('is as it was written', async () => {
    const { code, stdout } = await runShrike('log', 'verify', '--data', data, '--head', head)
    assert.equal(code, 0)
    assert.match(stdout, /61 records, 1 to 61, are unchanged since they were written/)
  })

  test('of which records at the end were cut off is found out by its head alone', async () => {
    const cut = new DatabaseSync(join(data, 'log.sqlite'))
    cut.exec('DELETE FROM records WHERE sequence > 50')
    cut.close()
    assert.equal((await runShrike('log', 'verify', '--data', data)).code, 0)
    const { code, stderr } = await runShrike('log', 'verify', '--data', data, '--head', head)
    assert.equal(code, 1)
    assert.match(stderr, /LOG_INVALID: Record 51 is missing.*cut short/)
  })

  test('in which one bit is another is found out, by the number of its record', async () => {
    const body = withLog(data, (reader) => {
      const row = reader.database.prepare('SELECT body FROM records WHERE sequence = 30').get()
      assert.ok(row?.body instanceof Uint8Array)
      return Buffer.from(row.body)
    })
    const path = join(data, 'log.sqlite')
    const bytes = readFileSync(path)
    const start = bytes.indexOf(body)
    assert.ok(start > 0)
    bytes[start + body.length - 1] ^= 1
    writeFileSync(path, bytes)
    const { code, stderr } = await runShrike('log', 'verify', '--data', data)
    assert.equal(code, 1)
    assert.match(stderr, /LOG_INVALID: Record 30 was altered/)
  })
})
