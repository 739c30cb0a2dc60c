import assert from 'node:assert/strict'
import { readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { deeds, suffer } from '../attacks/deletion.ts'
import { assertRowsAreReplayed } from './log-checks.ts'
import { purchases, runShrike, ServiceProcess, temporaryFolder, trainBundle } from './service.ts'

const folder = temporaryFolder()
const sent = purchases(600)
let bundle = ''

before(async () => {
  bundle = await trainBundle(folder)
})

for (const [i, deed] of deeds.entries()) {
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
