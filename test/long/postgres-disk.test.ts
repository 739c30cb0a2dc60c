import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openCopy, removeCopy } from '../../src/stores/postgres/copy-directory.ts'
import { Callers } from '../durability/callers.ts'
import { assertRowsAreReplayed, assertSound } from '../durability/log-checks.ts'
import { purchases, ServiceProcess, temporaryFolder, trainBundle } from '../durability/service.ts'
import { noPostgres, type PostgresServer, startPostgres } from '../postgres-server.ts'

const decisions = 3000

describe('a disk of PostgreSQL', { skip: noPostgres }, () => {
  let server: PostgresServer | undefined
  const folder = temporaryFolder(() => {
    server?.remove()
    spawnSync('umount', ['--lazy', disk])
  })
  const disk = join(folder, 'disk')
  const under = join(folder, 'copies')
  before(() => {
    process.env.SHRIKE_COPIES = under
  })

  test('that is full is said to be, and nothing is lost or told twice once there is room', async (t) => {
    // PostgreSQL's user has to pass.
    chmodSync(folder, 0o711)
    mkdirSync(disk)
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=160m,mode=755', 'tmpfs', disk]).status !== 0)
      return t.skip('only root may mount a small file system')
    const bundle = await trainBundle(folder)
    // Small segments, so that its own log needs a new one soon.
    server = await startPostgres('max_wal_size = 8MB\nmin_wal_size = 2MB', disk, ['--wal-segsize=1'])
    const url = server.newDatabase()
    const pair = [await ServiceProcess.start(bundle, url), await ServiceProcess.start(bundle, url)]
    const callers = new Callers(purchases(decisions), [() => pair[0], () => pair[1]])
    const filling = join(disk, 'filling')
    const reasons = new Set<string>()
    let ends = 0
    for (let full = 1; full <= 2; full++) {
      await callers.reach((decisions * full) / 3)
      const refusedBefore = callers.refused.length
      spawnSync('dd', ['if=/dev/zero', `of=${filling}`, 'bs=4096'])
      for (let waits = 0; callers.refused.length < refusedBefore + 8; waits++) {
        assert.ok(waits < 3000 && callers.answers.size < decisions, 'the disk was never full')
        await sleep(20)
      }
      for (const answer of callers.refused) assert.match(answer, /"(LOG_UNAVAILABLE|NOT_READY|OVERLOADED)"/)
      rmSync(filling)
      // Without room for its own log the server ends, and is started by whoever made room.
      if (!existsSync(join(server.folder, 'postmaster.pid'))) {
        ends++
        server.start()
      }
      await callers.reach(callers.answers.size + 100)
    }
    for (const service of pair)
      for (const line of service.log().split('\n'))
        for (const [said] of line.matchAll(/the server's disk is full|nothing listens there|the server crashed/g))
          reasons.add(said)
    assert.ok(reasons.has("the server's disk is full") || ends > 0, [...reasons].join())
    await callers.all()
    for (const service of pair) await service.stop()
    const fresh = await openCopy(url, { under, isFresh: true })
    assertSound(fresh)
    callers.assertKept(fresh)
    const rows = await assertRowsAreReplayed(fresh, bundle)
    removeCopy(fresh)
    t.diagnostic(
      `${JSON.stringify(callers.figures)}, ${callers.refused.length} refused; the server ended ${ends} times; said: ${[...reasons].join('; ')}; ${rows} rows the same`,
    )
  })
})
