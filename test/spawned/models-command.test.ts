import assert from 'node:assert/strict'
import { copyFileSync, existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readBundle } from '../../src/scoring/load-predictor.ts'
import { purchases, runShrike, ServiceProcess, succeed, temporaryFolder, trainBundle } from '../durability/service.ts'

const folder = temporaryFolder()
const bundles: string[] = []
let ids: readonly string[] = []

before(async () => {
  bundles.push(await trainBundle(folder))
  const change = (yaml: string) => yaml.replace('features:', 'features:\n  - count: { by: card, over: 11h }')
  bundles.push(await trainBundle(folder, { name: 'other', change }))
  ids = await Promise.all(bundles.map(async (path) => (await readBundle(path)).id))
})

const servingOf = async (service: ServiceProcess): Promise<string> =>
  JSON.parse((await service.ask('GET', '/v1/models')).text).serving

async function isServing(service: ServiceProcess, id: string): Promise<void> {
  while ((await servingOf(service)) !== id) await sleep(50)
}

describe('models', () => {
  test('are deployed on a directory that nobody works on, and go with it into a backup', async () => {
    const data = join(folder, 'alone')
    await succeed('models', 'add', bundles[0], '--data', data)
    await succeed('models', 'deploy', ids[0], '--champion', '--why', 'the first', '--data', data)
    await succeed('models', 'add', bundles[1], '--parent', ids[0], '--data', data)
    const rehearsed = JSON.parse(
      await succeed('models', 'deploy', ids[1], '--champion', '--dry-run', '--json', '--data', data),
    )
    assert.deepEqual(rehearsed.problems, [])
    await succeed('models', 'deploy', ids[1], '--champion', '--data', data)
    await succeed('models', 'rollback', '--why', 'too many declines', '--data', data)
    const { models } = JSON.parse(await succeed('models', 'list', '--json', '--data', data))
    assert.deepEqual(
      models.map(({ id, role, parent }: Record<string, string>) => [id, role, parent]),
      [
        [ids[0], 'champion', undefined],
        [ids[1], 'retired', ids[0]],
      ],
    )
    const versions = JSON.parse(await succeed('models', 'versions', '--json', '--data', data))
    assert.deepEqual(
      versions.map(({ by, why, change }: { by: string; why: string; change: { kind: string } }) => [
        by,
        why,
        change.kind,
      ]),
      [
        ['command:models', 'too many declines', 'rollback'],
        ['command:models', '', 'champion'],
        ['command:models', 'the first', 'champion'],
      ],
    )
    const refused = await runShrike('models', 'remove', ids[0], '--forget', '--data', data)
    assert.match(refused.stderr, /MODEL_IN_USE/)
    const backup = join(folder, 'backup')
    await succeed('backup', backup, '--data', data)
    assert.deepEqual(readdirSync(join(backup, 'models')), [...ids].map((id) => `${id}.safetensors`).sort())
    // A command that decides on the directory does so by the champion, without being told.
    const service = await ServiceProcess.start(undefined, backup)
    assert.equal(await servingOf(service), ids[0])
    await service.stop()
    rmSync(join(backup, 'models', `${ids[0]}.safetensors`))
    const missing = await runShrike('serve', '--data', backup, '--port', '0')
    assert.match(missing.stderr, /FILE_UNREADABLE.*is champion, and .* is missing/)
    const given = await ServiceProcess.start(bundles[0], backup)
    await isServing(given, ids[0])
    while (!existsSync(join(backup, 'models', `${ids[0]}.safetensors`))) await sleep(50)
    await given.stop()
  })

  test('that somebody deployed are not undone by a restart with the bundle from before, and a new file takes over', async () => {
    const data = join(folder, 'offered')
    const file = join(folder, 'current.safetensors')
    copyFileSync(bundles[0], file)
    const service = await ServiceProcess.start(file, data)
    for (const { body } of purchases(20)) await service.decide(body)
    await succeed('models', 'add', bundles[1], '--data', data)
    await succeed('models', 'deploy', ids[1], '--champion', '--data', data)
    assert.equal(await servingOf(service), ids[1])
    await service.stop()
    const again = await ServiceProcess.start(file, data)
    assert.equal(await servingOf(again), ids[1])
    while (!again.log().includes(`shrike models deploy ${ids[0]} --champion`)) await sleep(50)
    // The same file again says nothing new, another one does.
    again.child.kill('SIGHUP')
    while (!again.log().includes('the bundle that was named is the same')) await sleep(50)
    copyFileSync(bundles[1], file)
    again.child.kill('SIGHUP')
    await sleep(300)
    copyFileSync(bundles[0], file)
    again.child.kill('SIGHUP')
    await isServing(again, ids[0])
    const { versions } = JSON.parse((await again.ask('GET', '/v1/models/versions')).text)
    assert.equal(versions[0].by, 'signal:SIGHUP')
    await again.stop()
    copyFileSync(bundles[1], file)
    // One that the log knows does not take over at a start.
    const last = await ServiceProcess.start(file, data)
    assert.equal(await servingOf(last), ids[0])
    await last.stop()
  })
})
