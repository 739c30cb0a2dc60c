import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { dataDirectory } from '../../src/stores/data-directory.ts'
import { noPostgres, type PostgresServer, startPostgres } from '../postgres-server.ts'
import { startShrike } from '../run-shrike.ts'
import { assertSound } from './log-checks.ts'
import { purchases, runShrike, ServiceProcess, succeed, temporaryFolder, trainBundle } from './service.ts'
import { Traffic } from './traffic.ts'

describe('a log that moves', { skip: noPostgres }, () => {
  let server: PostgresServer | undefined
  const folder = temporaryFolder(() => server?.remove())
  const at = (name: string) => join(folder, name)
  before(async () => {
    process.env.SHRIKE_COPIES = at('copies')
    server = await startPostgres()
  })

  const rows = (path: string, table: string) => {
    const database = new DatabaseSync(path, { readOnly: true })
    const found = database.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).all()
    database.close()
    return found
  }

  test('into PostgreSQL and back is the same in every row, and a service goes on in either place', async () => {
    const personal = (yaml: string) => yaml.replace('keys: {', 'personal: [card]\n  keys: {')
    const bundle = await trainBundle(folder, { change: personal })
    const traffic = new Traffic(purchases(1500), 3)
    const service = await ServiceProcess.start(bundle, at('first'))
    await traffic.send(service, 8, () => traffic.counts.decisions > 300)
    await service.stop()
    await succeed('keys', 'create', '--role', 'score', '--data', at('first'))
    await succeed('models', 'add', bundle, '--data', at('first'))
    const files = dataDirectory(at('first'))
    const access = new DatabaseSync(files.accessPath)
    access.exec(`INSERT INTO audit VALUES (7, 1790000000123, 'user:ada', 'read', NULL, NULL, '{}')`)
    access.close()

    const url = server?.newDatabase() ?? ''
    const { child, ended } = startShrike('.', ['migrate', '--from', at('first'), '--to', url])
    // It has a folder of its own in the directory from before it verifies until it ends.
    while (!readdirSync(at('first')).some((name) => name.startsWith('migrate-'))) await sleep(1)
    child.kill('SIGINT')
    assert.match((await ended).stderr, /^error INTERRUPTED: Stopped before the end; nothing was written/m)
    assert.ok(!readdirSync(at('first')).some((name) => name.startsWith('migrate-')))

    await succeed('migrate', '--from', at('first'), '--to', url)
    const head = await succeed('log', 'head', '--data', at('first'))
    assert.equal(await succeed('log', 'head', '--data', url), head)
    assert.match(await succeed('log', 'verify', '--data', url), /are unchanged since they were written/)
    const again = await runShrike('migrate', '--from', at('first'), '--to', url)
    assert.match(again.stderr, /DATABASE_UNUSABLE: .*holds a log already/)

    // A dump that is put back is the same log, also where it is of an older schema.
    const restored = server?.newDatabase() ?? ''
    const name = new URL(restored).pathname.slice(1)
    server?.sql(name, server.dump(new URL(url).pathname.slice(1)))
    server?.sql(
      name,
      'DROP TABLE shrike.users, shrike.sessions, shrike.settings, shrike.proposals, shrike.audit; DELETE FROM shrike.migrations WHERE number = 3',
    )
    assert.match(await succeed('log', 'verify', '--data', restored, '--head', head.trim()), /are unchanged/)
    assert.equal(server?.sql(name, 'SELECT max(number) FROM shrike.migrations'), '3')

    await succeed('migrate', '--from', url, '--to', at('second'))
    const moved = dataDirectory(at('second'))
    for (const table of ['records', 'persons']) assert.deepEqual(rows(moved.logPath, table), rows(files.logPath, table))
    assert.ok(rows(files.logPath, 'persons').length > 10)
    assert.ok(rows(moved.accessPath, 'audit').some(({ id, at_ms }) => id === 7 && at_ms === 1_790_000_000_123))
    assert.deepEqual(readFileSync(moved.keysPath), readFileSync(files.keysPath))
    assert.equal(
      await succeed('models', 'list', '--data', at('second')),
      (await succeed('models', 'list', '--data', at('first'))).replaceAll(at('first'), at('second')),
    )
    assertSound(at('second'))

    // Somebody else may have written once the lead was lost.
    const broken = runShrike('migrate', '--from', url, '--to', at('broken'))
    const ends = `SELECT pg_terminate_backend(backend) FROM shrike.writers`
    for (let isOver = false; !isOver; ) {
      server?.sql(new URL(url).pathname.slice(1), ends)
      isOver = await Promise.race([broken.then(() => true), sleep(50, false)])
    }
    // As its connection ends between two statements, or within one.
    const lost = /^error DATABASE_UNUSABLE: .*(lost meanwhile: nothing was kept|ended the connection)/m
    assert.match((await broken).stderr, lost)
    assert.ok(!existsSync(at('broken')))

    for (const place of [at('second'), url]) await (await ServiceProcess.start(bundle, place)).stop()
    const on = await runShrike('migrate', '--from', at('first'), '--to', at('third'))
    assert.equal(on.code, 2, on.stderr)
  })
})
