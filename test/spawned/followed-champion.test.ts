import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readBundle } from '../../src/scoring/load-predictor.ts'
import { dataDirectory } from '../../src/stores/data-directory.ts'
import { runShrike, ServiceProcess, succeed, temporaryFolder, trainBundle } from '../durability/service.ts'

const folder = temporaryFolder()

test('workers serve who was deployed meanwhile, without being told', async () => {
  const data = join(folder, 'followed')
  const change = (yaml: string) => yaml.replace('features:', 'features:\n  - count: { by: card, over: 11h }')
  const bundles = [await trainBundle(folder), await trainBundle(folder, { name: 'other', change })]
  const [first, second] = await Promise.all(bundles.map(async (path) => (await readBundle(path)).id))
  await succeed('models', 'add', bundles[0], '--data', data)
  await succeed('models', 'add', bundles[1], '--data', data)
  await succeed('models', 'deploy', first, '--champion', '--data', data)
  const workers = await ServiceProcess.start(undefined, data, ['--workers', '2'])
  const loaded = (id: string) =>
    workers
      .log()
      .split('\n')
      .filter((line) => line.includes('was loaded again') && line.includes(id))
  // Nobody else works on the directory: they only read it.
  await succeed('models', 'deploy', second, '--champion', '--data', data)
  while (loaded(second).length < 2) await sleep(50)
  // So it is beside a service that decides there.
  const deciding = await ServiceProcess.start(undefined, data)
  await succeed('models', 'rollback', '--data', data)
  while (loaded(first).length < 2) await sleep(50)
  await deciding.stop()
  await workers.stop()
})

test('a start tells what is wrong with the log by what opens it behind the lock, whoever is champion', async () => {
  const data = join(folder, 'locked')
  const bundle = await trainBundle(folder)
  const { id } = await readBundle(bundle)
  await succeed('models', 'add', bundle, '--data', data)
  await succeed('models', 'deploy', id, '--champion', '--data', data)
  const service = await ServiceProcess.start(undefined, data)
  const beside = await runShrike('serve', '--data', data, '--port', '0')
  assert.match(beside.stderr, /DIRECTORY_IN_USE/)
  await service.stop()
  rmSync(join(dataDirectory(data).modelsPath, `${id}.safetensors`))
  const missing = await runShrike('serve', '--data', data, '--port', '0')
  assert.match(missing.stderr, /FILE_UNREADABLE.*is champion, and .* is missing/)
  // What failed to start holds nothing.
  const given = await ServiceProcess.start(bundle, data)
  await given.stop()
})
