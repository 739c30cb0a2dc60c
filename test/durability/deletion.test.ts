import assert from 'node:assert/strict'
import { cpSync, readdirSync, renameSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { deeds, overwritings, startAgain, suffer, sufferOverwriting } from '../attacks/deletion.ts'
import { oneOf } from '../examples.ts'
import { assertRowsAreReplayed } from './log-checks.ts'
import { purchases, runShrike, ServiceProcess, succeed, temporaryFolder, trainBundle } from './service.ts'

const folder = temporaryFolder()
const sent = purchases(300)
let bundle = ''

before(async () => {
  bundle = await trainBundle(folder)
})

for (const [i, deed] of oneOf(3, deeds.toReversed()).entries()) {
  test(`nothing that was acknowledged is lost by ${deed.name}`, async (t) => {
    const data = join(folder, `data-${i}`)
    const found = await suffer(deed, bundle, data, sent)
    assert.deepEqual(found.lost, [], found.said)
    assert.equal(found.problem, undefined)
    assert.ok(found.refused > 0, 'nothing was refused')
    assert.match(found.said, /was (deleted|moved|replaced)/)
    assert.equal(found.isReadyAgain, !deed.isFinal)
    if (!deed.isFinal) {
      assert.equal(found.acknowledged.length, sent.length)
      assert.equal(await assertRowsAreReplayed(data, bundle), sent.length)
    }
    if (deed.isFinal) {
      // What was saved is what the service goes on with.
      const [saved] = readdirSync(data).filter((name) => name.includes('.held-'))
      renameSync(join(data, saved), join(data, 'log.sqlite'))
      const service = await ServiceProcess.start(bundle, data)
      for (const { body } of sent) assert.equal((await service.decide(body)).status, 200)
      await service.stop()
      assert.equal(await assertRowsAreReplayed(data, bundle), sent.length)
    }
    t.diagnostic(`${found.acknowledged.length} acknowledged, ${found.refused} refused, none lost`)
  })
}

for (const [i, deed] of oneOf(3, overwritings.toReversed()).entries()) {
  test(`nothing is acknowledged any more after ${deed.name}`, async (t) => {
    const data = join(folder, `overwritten-${i}`)
    const found = await sufferOverwriting(deed, bundle, data, sent)
    assert.equal(found.acknowledgedAfter, 0, found.said)
    assert.ok(found.refused > 0, 'nothing was refused')
    assert.equal(found.isReadyAgain, false)
    // The operating system ends a process whose index of the write-ahead log was cut off.
    if (found.code !== null) {
      assert.match(found.said, /(was overwritten|it was overwritten).*copy the backup into an empty one/)
      assert.equal(found.code, 1)
      assert.match(await startAgain(bundle, data), /^1 error DIRECTORY_UNUSABLE: .*was overwritten/)
    }
    t.diagnostic(`${found.acknowledged.length} acknowledged, ${found.refused} refused`)
  })
}

test('a log that is overwritten while nothing is decided is found out', async () => {
  const data = join(folder, 'idle-overwritten')
  const service = await ServiceProcess.start(bundle, data)
  for (const { body } of sent.slice(0, 20)) assert.equal((await service.decide(body)).status, 200)
  truncateSync(join(data, 'log.sqlite-wal'))
  while (!service.log().includes('was overwritten')) await new Promise((done) => setTimeout(done, 20))
  assert.equal((await service.ask('GET', '/readyz')).status, 503)
  assert.equal((await service.decide(sent[30].body)).status, 503)
  await service.kill()
})

test('a lock that is deleted is taken again, and keeps a second service out', async () => {
  const data = join(folder, 'lock')
  const service = await ServiceProcess.start(bundle, data)
  assert.equal((await service.decide(sent[0].body)).status, 200)
  rmSync(join(data, 'lock.sqlite'))
  while (!service.log().includes('the lock was deleted')) await new Promise((done) => setTimeout(done, 20))
  assert.match(await startAgain(bundle, data), /^1 error DIRECTORY_IN_USE/)
  assert.equal((await service.decide(sent[1].body)).status, 200)
  await service.stop()
})

test('a damaged log is LOG_INVALID in one line, whatever opens it', async () => {
  const [data, copy] = [join(folder, 'whole'), join(folder, 'stale')]
  const service = await ServiceProcess.start(bundle, data)
  for (const { body } of sent.slice(0, 200)) assert.equal((await service.decide(body)).status, 200)
  cpSync(data, copy, { recursive: true })
  await service.stop()
  // The file is gone through from its second page on, and its -wal is of before.
  await succeed('backup', join(folder, 'sound'), '--data', data)
  rmSync(join(copy, 'lock.sqlite'))
  cpSync(join(folder, 'sound', 'log.sqlite'), join(copy, 'log.sqlite'))
  truncateSync(join(copy, 'log.sqlite'), 8192)
  rmSync(join(copy, 'log.sqlite-wal'))
  rmSync(join(copy, 'log.sqlite-shm'), { force: true })
  for (const args of [
    ['serve', bundle, '--port', '0'],
    ['log', 'verify'],
    ['log', 'head'],
    ['log', 'export'],
    ['backup', join(folder, 'backup-of-damaged')],
    ['snapshot'],
    ['erase', '--key', 'customer=1'],
    ['train', '--from-log', '--out', join(folder, 'x.safetensors')],
  ]) {
    const { code, stderr } = await runShrike(...args, '--data', copy)
    assert.equal(code, 1, args.join(' '))
    assert.match(stderr, /error LOG_INVALID: /, args.join(' '))
    assert.doesNotMatch(stderr, /^\s+at /m, args.join(' '))
  }
})

test('a log that was set back under newer snapshots says so at the start, with numbers', async () => {
  const data = join(folder, 'set-back')
  const service = await ServiceProcess.start(bundle, data)
  for (const { body } of sent.slice(0, 50)) assert.equal((await service.decide(body)).status, 200)
  await succeed('backup', join(folder, 'earlier'), '--data', data)
  for (const { body } of sent.slice(50, 100)) assert.equal((await service.decide(body)).status, 200)
  await succeed('snapshot', '--data', data)
  await service.stop()
  cpSync(join(folder, 'earlier', 'log.sqlite'), join(data, 'log.sqlite'))
  const again = await ServiceProcess.start(bundle, data)
  await again.stop()
  assert.match(again.log(), /a snapshot contains record 101, and the log ends with 51/)
})

test('a log that goes while nothing is decided is written again all the same', async () => {
  const data = join(folder, 'idle')
  const service = await ServiceProcess.start(bundle, data)
  for (const { body } of sent.slice(0, 20)) assert.equal((await service.decide(body)).status, 200)
  rmSync(join(data, 'log.sqlite'))
  while (!service.log().includes('written again')) await new Promise((done) => setTimeout(done, 20))
  await service.isReady()
  await service.kill()
  assert.equal(await assertRowsAreReplayed(data, bundle), 20)
})

test('a directory whose log is gone is not begun again as if it were new', async () => {
  const data = join(folder, 'gone')
  const service = await ServiceProcess.start(bundle, data)
  assert.equal((await service.decide(sent[0].body)).status, 200)
  await service.stop()
  rmSync(join(data, 'log.sqlite'))
  const { code, stderr } = await runShrike('serve', bundle, '--data', data, '--port', '0')
  assert.equal(code, 1)
  assert.match(stderr, /DIRECTORY_UNUSABLE: .*log\.sqlite is missing/)
})
