import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openCopy, removeCopy } from '../../src/stores/postgres/copy-directory.ts'
import { examples } from '../examples.ts'
import { noPostgres, type PostgresServer, startPostgres } from '../postgres-server.ts'
import { Callers } from './callers.ts'
import { assertRowsAreReplayed, assertSound } from './log-checks.ts'
import { firstAnswer, purchases, ServiceProcess, temporaryFolder, trainBundle } from './service.ts'

// So that it can be asked for as many as a day of a small issuer has:
// SHRIKE_DECISIONS=200000 SHRIKE_ROUNDS=20 SHRIKE_CONNECTIONS=32
const kills = Number(process.env.SHRIKE_ROUNDS ?? 2)
const decisions = Number(process.env.SHRIKE_DECISIONS ?? kills * 500)
const connections = Number(process.env.SHRIKE_CONNECTIONS ?? 8)

describe('two processes on a log in PostgreSQL', { skip: noPostgres }, () => {
  let server: PostgresServer | undefined
  const folder = temporaryFolder(() => server?.remove())
  const under = join(folder, 'copies')
  let bundle = ''
  before(async () => {
    process.env.SHRIKE_COPIES = under
    bundle = await trainBundle(folder)
    server = await startPostgres()
  })

  const start = (url: string) => ServiceProcess.start(bundle, url, ['--snapshot-every', '300'])
  const roleOf = async (service: ServiceProcess): Promise<string> =>
    JSON.parse((await service.ask('GET', '/readyz')).text).role
  const untilLeads = async (service: ServiceProcess) => {
    while ((await roleOf(service)) !== 'leader') await sleep(10)
  }

  /** All that was answered is in the database once, with that answer, and every row is what the log makes again. */
  async function assertKept(url: string, callers: Callers): Promise<number> {
    const fresh = await openCopy(url, { under, isFresh: true })
    try {
      assertSound(fresh)
      callers.assertKept(fresh)
      return await assertRowsAreReplayed(fresh, bundle)
    } finally {
      removeCopy(fresh)
    }
  }

  test('decide on when the leader is killed, again and again, and give each answer once', async (t) => {
    const url = server?.newDatabase() ?? ''
    const pair = [await start(url), await start(url)]
    assert.deepEqual([await roleOf(pair[0]), await roleOf(pair[1])], ['leader', 'follower'])
    const callers = new Callers(purchases(decisions), [() => pair[0], () => pair[1]], connections)
    const takeovers: number[] = []
    for (let kill = 0; kill < kills; kill++) {
      await callers.reach((decisions * (kill + 1)) / (kills + 1))
      const leading = kill % 2
      await pair[leading].kill()
      const killedMs = performance.now()
      await untilLeads(pair[1 - leading])
      takeovers.push(performance.now() - killedMs)
      pair[leading] = await start(url)
    }
    await callers.all()
    for (const service of pair) await service.stop()
    const rows = await assertKept(url, callers)
    assert.equal(callers.answers.size, decisions)
    // A machine with much other work refuses some for now, which are sent again.
    for (const answer of callers.refused) assert.match(answer, /"OVERLOADED"/)
    const told = takeovers.map((ms) => Math.round(ms)).join(', ')
    const refused = `${callers.refused.length} refused for now`
    t.diagnostic(
      `${JSON.stringify(callers.figures)}, ${refused}, ${rows} rows the same in every bit; led after ${told} ms`,
    )
  })

  test('refuse nothing while one after the other is restarted', async (t) => {
    const url = server?.newDatabase() ?? ''
    const pair = await Promise.all([start(url), start(url)])
    // The load balancer takes a process out before it ends.
    let asked = [0, 1]
    const callers = new Callers(
      purchases(20_000),
      [() => pair[asked[0]], () => pair[asked[1]]],
      Math.min(8, examples(2)),
    )
    await sleep(500)
    for (const ending of [0, 1, 0]) {
      asked = [1 - ending, 1 - ending]
      await sleep(200)
      await pair[ending].stop()
      pair[ending] = await start(url)
      asked = [0, 1]
      await sleep(300)
    }
    await callers.stop()
    for (const service of pair) await service.stop()
    await assertKept(url, callers)
    assert.deepEqual([callers.refused, callers.figures.cut], [[], 0])
    t.diagnostic(JSON.stringify(callers.figures))
  })

  test('never both decide: a leader that stood still is refused when it wakes', async (t) => {
    const url = server?.newDatabase() ?? ''
    const pair = [await start(url), await start(url)]
    const [first, second, third] = purchases(3)
    assert.equal((await pair[0].decide(first.body)).status, 200)
    pair[0].child.kill('SIGSTOP')
    const stoppedMs = performance.now()
    await untilLeads(pair[1])
    const ledMs = performance.now() - stoppedMs
    assert.equal((await pair[1].decide(second.body)).status, 200)
    // What it had taken for its own goes to the one that leads, or is refused; it is never decided twice.
    const late = pair[0].decide(third.body)
    pair[0].child.kill('SIGCONT')
    const { status } = await late
    assert.ok([200, 503].includes(status), String(status))
    while ((await roleOf(pair[0])) !== 'follower') await sleep(10)
    const answers = await Promise.all(pair.map((service) => service.decide(third.body)))
    assert.deepEqual(
      answers.map((answer) => answer.status),
      [200, 200],
    )
    assert.equal(firstAnswer(answers[0].text), firstAnswer(answers[1].text))
    for (const service of pair) await service.stop()
    const fresh = await openCopy(url, { under, isFresh: true })
    assertSound(fresh)
    assert.equal(await assertRowsAreReplayed(fresh, bundle), 3)
    removeCopy(fresh)
    t.diagnostic(`led after ${Math.round(ledMs)} ms`)
  })
})
