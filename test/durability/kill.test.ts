import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '../../src/core/random.ts'
import { encodeBundle } from '../../src/models/bundle.ts'
import { createTreeEnsemble } from '../../src/models/trees/tree-ensemble.ts'
import { readBundle } from '../../src/scoring/load-predictor.ts'
import { dataDirectory } from '../../src/stores/data-directory.ts'
import { snapshotPaths } from '../../src/stores/snapshot-files.ts'
import { randomForest } from '../random-trees.ts'
import { assertRowsAreReplayed, assertSnapshotsLeadToSameState, assertSound } from './log-checks.ts'
import { purchases, ServiceProcess, temporaryFolder, trainBundle } from './service.ts'
import { Traffic } from './traffic.ts'

const rounds = Number(process.env.SHRIKE_ROUNDS ?? 3)
const seed = Number(process.env.SHRIKE_SEED ?? 1)
const snapshotEvery = 200
const folder = temporaryFolder()
let bundle = ''

before(async () => {
  bundle = await trainBundle(folder)
})

/** The same bundle with so many trees that edges score rows. */
async function withManyTrees(path: string): Promise<string> {
  const { id: _, ...content } = await readBundle(path)
  const { features } = content.model
  const model = createTreeEnsemble(features, randomForest(500, 10, features.length, seed, [-1.5, 0, 0.25, 3, 100]))
  const slow = join(folder, 'slow.safetensors')
  writeFileSync(slow, encodeBundle({ ...content, model }).bytes)
  return slow
}

async function killUnderLoad(
  t: TestContext,
  name: string,
  rounds: number,
  flags: readonly string[],
  model = bundle,
): Promise<void> {
  const data = join(folder, name)
  const random = createRandom(seed)
  const traffic = new Traffic(purchases(rounds * 1500), seed)
  const start = () => ServiceProcess.start(model, data, ['--snapshot-every', String(snapshotEvery), ...flags])
  for (let round = 0; round < rounds; round++) {
    const service = await start()
    await traffic.sendAgain(service, 4, 50)
    const [load] = [traffic.send(service, 16), await sleep(100 + random.uniform() * 1300)]
    await service.kill()
    await load
    assertSound(data)
    traffic.assertKept(data)
  }
  const service = await start()
  await traffic.sendAgain(service, 32)
  // A machine that has much to do decides less, and gives the lowest priority its turn late.
  const isDue = traffic.counts.decisions > snapshotEvery
  while (isDue && snapshotPaths(dataDirectory(data).snapshotsPath).length === 0) await sleep(50)
  await service.stop()
  const rows = await assertRowsAreReplayed(data, model)
  const snapshots = assertSnapshotsLeadToSameState(data)
  assert.ok(!isDue || snapshots > 0, 'no snapshot was taken')
  t.diagnostic(`${rounds} kills, seed ${seed}: ${JSON.stringify(traffic.counts)}; ${rows} rows the same in every bit`)
}

test(`keeps what it acknowledged through ${rounds} times kill -9 under load`, (t) =>
  killUnderLoad(t, 'data', rounds, []))

const fewer = Math.ceil(rounds / 3)
test(`keeps it through ${fewer} more while threads of their own have the connections`, (t) =>
  killUnderLoad(t, 'edges', fewer, ['--edges', '2']))

test(`keeps it through ${fewer} more while those threads score rows, too`, async (t) =>
  killUnderLoad(t, 'scores', fewer, ['--edges', '2'], await withManyTrees(bundle)))
