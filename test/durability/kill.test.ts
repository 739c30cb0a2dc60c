import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '../../src/core/random.ts'
import { dataDirectory } from '../../src/stores/data-directory.ts'
import { snapshotPaths } from '../../src/stores/snapshot-files.ts'
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

async function killUnderLoad(t: TestContext, name: string, rounds: number, flags: readonly string[]): Promise<void> {
  const data = join(folder, name)
  const random = createRandom(seed)
  const traffic = new Traffic(purchases(rounds * 1500), seed)
  const start = () => ServiceProcess.start(bundle, data, ['--snapshot-every', String(snapshotEvery), ...flags])
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
  const rows = await assertRowsAreReplayed(data, bundle)
  const snapshots = assertSnapshotsLeadToSameState(data)
  assert.ok(!isDue || snapshots > 0, 'no snapshot was taken')
  t.diagnostic(`${rounds} kills, seed ${seed}: ${JSON.stringify(traffic.counts)}; ${rows} rows the same in every bit`)
}

test(`keeps what it acknowledged through ${rounds} times kill -9 under load`, (t) =>
  killUnderLoad(t, 'data', rounds, []))

const fewer = Math.ceil(rounds / 3)
test(`keeps it through ${fewer} more while threads of their own have the connections`, (t) =>
  killUnderLoad(t, 'edges', fewer, ['--edges', '2']))
