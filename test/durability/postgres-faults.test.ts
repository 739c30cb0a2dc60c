import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../../src/stores/postgres/connect.ts'
import { openCopy, removeCopy } from '../../src/stores/postgres/copy-directory.ts'
import { Lead } from '../../src/stores/postgres/lead.ts'
import { recordsAfter } from '../../src/stores/postgres/log-table.ts'
import { migrate } from '../../src/stores/postgres/schema.ts'
import { noPostgres, type PostgresServer, startPostgres } from '../postgres-server.ts'
import { TcpProxy } from '../tcp-proxy.ts'
import { assertRowsAreReplayed, assertSound, withLog } from './log-checks.ts'
import { purchases, runShrike, ServiceProcess, succeed, temporaryFolder, trainBundle } from './service.ts'
import { Traffic } from './traffic.ts'

describe('faults of PostgreSQL', { skip: noPostgres }, () => {
  let server: PostgresServer
  const folder = temporaryFolder(() => server?.remove())
  const under = join(folder, 'copies')
  let bundle = ''
  before(async () => {
    process.env.SHRIKE_COPIES = under
    bundle = await trainBundle(folder, { change: (yaml) => yaml.replace('keys: {', 'personal: [card]\n  keys: {') })
    server = await startPostgres()
  })

  const nameOf = (url: string) => new URL(url).pathname.slice(1)
  const roleOf = async (service: ServiceProcess): Promise<string> =>
    JSON.parse((await service.ask('GET', '/readyz')).text).role

  async function look<Result>(url: string, see: (data: string) => Result | Promise<Result>): Promise<Result> {
    const fresh = await openCopy(url, { under, isFresh: true })
    try {
      return await see(fresh)
    } finally {
      removeCopy(fresh)
    }
  }

  test('are told in words, without the password', async () => {
    const database = nameOf(server.newDatabase())
    server.sql(
      'postgres',
      `CREATE USER nobody PASSWORD 'short'; CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0`,
    )
    const head = async (url: string) => {
      const { code, stderr } = await runShrike('log', 'head', '--data', url)
      assert.equal(code, 1)
      assert.match(stderr, /^error DATABASE_UNUSABLE: The database postgres:\/\/\w+@127/)
      assert.ok(!stderr.includes('short') && !stderr.includes('hunter2'), stderr)
      return stderr
    }
    assert.match(await head(server.url(database, 'shrike', 'hunter2')), /refused the password/)
    assert.match(await head(server.url('nowhere')), /there is no such database/)
    assert.match(await head(server.url('latin')), /its encoding is LATIN1/)
    assert.match(await head(server.url(database, 'nobody', 'short')), /lacks a permission/)
    assert.match(await head(server.url(database).replace(String(server.port), '1')), /nothing listens there/)
    server.sql('postgres', `ALTER DATABASE ${database} SET default_transaction_read_only = on`)
    assert.match(await head(server.url(database)), /read-only/)
    const newer = server.newDatabase()
    await runShrike('log', 'head', '--data', newer)
    server.sql(nameOf(newer), 'INSERT INTO shrike.migrations (number) VALUES (99)')
    assert.match(await head(newer), /its schema is version 99/)
  })

  test('of one of several servers let the next one be asked', async () => {
    const url = server.newDatabase()
    const several = url.replace('@', '@127.0.0.1:1,')
    const { code, stderr } = await runShrike('log', 'head', '--data', `${several}?target_session_attrs=read-write`)
    assert.match(stderr, /There is no log in postgres:\/\/\S+: nothing was decided there/, String(code))
    server.sql('postgres', `ALTER DATABASE ${nameOf(url)} SET default_transaction_read_only = on`)
    const refused = await runShrike('log', 'head', '--data', several)
    assert.match(
      refused.stderr,
      /none of its servers takes writes: nothing listens there.*; it is a standby, or read-only$/m,
    )
  })

  test('do not make the schema twice where several start at once', async () => {
    const url = server.newDatabase()
    const clients = await Promise.all(Array.from({ length: 5 }, () => connect(url)))
    await Promise.all(clients.map((client) => migrate(client)))
    const leads = await Promise.all(clients.map((client) => Lead.take(client, 'test', '2026-01-01')))
    assert.equal(leads.filter((lead) => lead instanceof Lead).length, 1)
    for (const client of clients) await client.end()
  })

  test('of who reads the table for long, as a dump does, hold up no commit', async () => {
    const url = server.newDatabase()
    const [one, dump] = [await connect(url), await connect(url)]
    await migrate(one)
    const lead = await Lead.take(one, 'one', '2026-01-01')
    assert.ok(lead instanceof Lead)
    const append = (sequence: number) => {
      const record = { sequence, kind: 0, outcome: 1, timestampMs: 5, score: null, id: `t-${sequence}` }
      const records = [{ ...record, body: Uint8Array.of(1), hash: new Uint8Array(32) }]
      return lead.append({ records, persons: [], forgotten: [], prunedThrough: 0 })
    }
    await append(1)
    assert.ok(await lead.turnPartition(2, '2026-01-02'))
    await append(2)
    await dump.query('BEGIN; LOCK TABLE shrike.records IN ACCESS SHARE MODE')
    const startMs = performance.now()
    assert.equal(await lead.turnPartition(3, '2026-01-03'), false)
    assert.equal(await lead.prune(1), false)
    assert.ok(performance.now() - startMs < 5000)
    await append(3)
    await dump.query('COMMIT')
    assert.ok(await lead.turnPartition(4, '2026-01-03'))
    assert.ok(await lead.prune(1))
    await append(4)
    assert.deepEqual(
      (await recordsAfter(one, 0, 9)).map(({ sequence }) => sequence),
      [2, 3, 4],
    )
    for (const client of [one, dump]) await client.end()
  })

  test('in the middle of commits are decided by looking: no answer is lost, and none is given twice', async (t) => {
    const url = server.newDatabase()
    const traffic = new Traffic(purchases(6000), 7)
    const service = await ServiceProcess.start(bundle, url)
    const load = traffic.send(service, 16)
    const database = nameOf(url)
    for (let cut = 0; cut < 6; cut++) {
      await sleep(250)
      server.sql(database, `SELECT pg_terminate_backend(backend) FROM shrike.writers`)
    }
    // As a disk that is full, for a while.
    server.sql(
      database,
      `CREATE FUNCTION full_disk() RETURNS trigger AS $$ BEGIN RAISE 'No space left on device' USING ERRCODE = '53100'; END $$ LANGUAGE plpgsql;
       CREATE TRIGGER full_disk BEFORE INSERT ON shrike.records EXECUTE FUNCTION full_disk()`,
    )
    await sleep(500)
    server.sql(database, 'DROP TRIGGER full_disk ON shrike.records; DROP FUNCTION full_disk')
    await service.isReady()
    await sleep(500)
    assert.match(service.log(), /disk is full/)
    await service.stop()
    await load
    const rows = await look(url, (data) => {
      assertSound(data)
      traffic.assertKept(data)
      return assertRowsAreReplayed(data, bundle)
    })
    t.diagnostic(`${JSON.stringify(traffic.counts)}; ${rows} rows`)
  })

  test('that lost or changed records are found, and erased persons are nowhere', async () => {
    const url = server.newDatabase()
    const database = nameOf(url)
    const service = await ServiceProcess.start(bundle, url)
    const some = purchases(20)
    for (const { body } of some) assert.equal((await service.decide(body)).status, 200)
    const card = String(some[0].body.card_id)
    const persons = () => Number(server.sql(database, 'SELECT count(*) FROM shrike.persons'))
    const before = persons()
    assert.equal((await service.ask('POST', '/v1/erasures', { key: 'card', value: card })).status, 200)
    assert.equal(persons(), before - 1)
    await service.stop()
    await look(url, (data) => {
      withLog(data, (reader) => {
        const values = reader.database.prepare('SELECT value FROM persons').all()
        assert.ok(values.length === before - 1 && values.every(({ value }) => value !== card))
      })
    })
    server.sql(database, `UPDATE shrike.records SET score = 0.123 WHERE sequence = 5`)
    const found = await runShrike('log', 'verify', '--data', url)
    assert.match(found.stderr, /LOG_INVALID: Record 5/)
    server.sql(database, 'DELETE FROM shrike.records WHERE sequence > 15')
    const started = await runShrike('serve', bundle, '--data', url, '--port', '0')
    assert.match(
      started.stderr,
      /LOG_INVALID: The database ends with record 15, and this process's copy of it holds \d+/,
    )
  })

  test('that cut the leader off let the other one lead, and the first follows when it is back', async (t) => {
    const url = server.newDatabase()
    const proxy = await TcpProxy.open(server.port)
    after(() => proxy.close())
    const [cut, other] = [
      await ServiceProcess.start(bundle, url.replace(String(server.port), String(proxy.port))),
      await ServiceProcess.start(bundle, url),
    ]
    const [first, second, third] = purchases(3)
    assert.equal((await cut.decide(first.body)).status, 200)
    proxy.isDropping = true
    const late = cut.decide(second.body)
    const startMs = performance.now()
    while ((await roleOf(other)) !== 'leader') await sleep(20)
    const ledMs = performance.now() - startMs
    assert.equal((await other.decide(third.body)).status, 200)
    proxy.isDropping = false
    proxy.cut()
    assert.ok([200, 503].includes((await late).status))
    while ((await roleOf(cut)) !== 'follower') await sleep(20)
    const answers = await Promise.all([cut, other].map((service) => service.decide(second.body)))
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200],
    )
    for (const service of [cut, other]) await service.stop()
    assert.equal(
      await look(url, (data) => {
        assertSound(data)
        return assertRowsAreReplayed(data, bundle)
      }),
      3,
    )
    assert.ok(existsSync(under))
    t.diagnostic(`led after ${Math.round(ledMs)} ms`)
    await succeed('log', 'verify', '--data', url)
  })
})
