import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openCopy, removeCopy } from '../../src/stores/postgres/copy-directory.ts'
import { Callers } from '../durability/callers.ts'
import { assertRowsAreReplayed, assertSound } from '../durability/log-checks.ts'
import { purchases, ServiceProcess, temporaryFolder, trainBundle } from '../durability/service.ts'
import { noPostgres, type PostgresServer, startPostgres } from '../postgres-server.ts'
import { TcpProxy } from '../tcp-proxy.ts'

const failovers = Number(process.env.SHRIKE_ROUNDS ?? 2)
const decisions = Number(process.env.SHRIKE_DECISIONS ?? 3000)

describe('a standby of PostgreSQL', { skip: noPostgres }, () => {
  const servers: PostgresServer[] = []
  const folder = temporaryFolder(() => {
    for (const server of servers) server.remove()
  })
  const under = join(folder, 'copies')
  let bundle = ''
  before(async () => {
    process.env.SHRIKE_COPIES = under
    bundle = await trainBundle(folder)
  })

  /** From here on no commit of the primary returns before a standby has it on its disk. */
  async function replicate(primary: PostgresServer): Promise<PostgresServer> {
    const standby = await primary.startStandby()
    servers.push(standby)
    primary.sql('postgres', `ALTER SYSTEM SET synchronous_standby_names = '*'`)
    primary.sql('postgres', 'SELECT pg_reload_conf()')
    while (primary.sql('postgres', 'SELECT sync_state FROM pg_stat_replication') !== 'sync') await sleep(20)
    return standby
  }

  test('has all that was acknowledged when the primary is lost, and nothing of it twice', async (t) => {
    let primary = await startPostgres()
    servers.push(primary)
    const database = new URL(primary.newDatabase()).pathname.slice(1)
    let standby = await replicate(primary)
    const proxy = await TcpProxy.open(primary.port)
    after(() => proxy.close())
    // Of both servers the user and the password are the same: a standby is a copy.
    const url = primary.url(database).replace(`:${primary.port}/`, `:${proxy.port}/`)
    const pair = [await ServiceProcess.start(bundle, url), await ServiceProcess.start(bundle, url)]
    const callers = new Callers(purchases(decisions), [() => pair[0], () => pair[1]], 16)
    const pauses: number[] = []
    for (let lost = 1; lost <= failovers; lost++) {
      await callers.reach((decisions * lost) / (failovers + 1))
      primary.kill()
      proxy.cut()
      const lostMs = performance.now()
      standby.promote()
      proxy.switchTo(standby.port)
      await callers.reach(callers.answers.size + 50)
      pauses.push(performance.now() - lostMs)
      primary = standby
      if (lost < failovers) standby = await replicate(primary)
    }
    await callers.all()
    // In order, whichever connections the failovers have cut.
    for (const service of pair) await service.stop()
    for (const answer of callers.refused) assert.match(answer, /"(LOG_UNAVAILABLE|NOT_READY|OVERLOADED)"/)
    assert.equal(callers.answers.size, decisions)
    const fresh = await openCopy(url, { under, isFresh: true })
    assertSound(fresh)
    callers.assertKept(fresh)
    const rows = await assertRowsAreReplayed(fresh, bundle)
    removeCopy(fresh)
    const told = pauses.map((ms) => Math.round(ms)).join(', ')
    t.diagnostic(
      `${failovers} failovers: ${JSON.stringify(callers.figures)}, ${callers.refused.length} refused and sent again, ${rows} rows the same; went on after ${told} ms`,
    )
  })
})
