import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openCopy, removeCopy } from '../../src/stores/postgres/copy-directory.ts'
import { noPostgres, type PostgresServer, startPostgres } from '../postgres-server.ts'
import { assertRowsAreReplayed, assertSound } from './log-checks.ts'
import { purchases, ServiceProcess, temporaryFolder, trainBundle } from './service.ts'
import { Traffic } from './traffic.ts'

const rounds = Number(process.env.SHRIKE_ROUNDS ?? 2)

describe('a log in PostgreSQL', { skip: noPostgres }, () => {
  let server: PostgresServer | undefined
  const folder = temporaryFolder(() => server?.remove())
  const under = join(folder, 'copies')
  let bundle = ''
  let url = ''
  before(async () => {
    process.env.SHRIKE_COPIES = under
    bundle = await trainBundle(folder)
    server = await startPostgres()
    url = server.newDatabase()
  })

  /** What the database itself holds. */
  async function look<Result>(see: (data: string) => Result | Promise<Result>): Promise<Result> {
    const fresh = await openCopy(url, { under, isFresh: true })
    try {
      return await see(fresh)
    } finally {
      removeCopy(fresh)
    }
  }

  test('keeps what was acknowledged when the service is killed, the server crashes, and copies are lost', async (t) => {
    const traffic = new Traffic(purchases(rounds * 1000), 3)
    for (let round = 0; round < rounds; round++) {
      const service = await ServiceProcess.start(bundle, url, ['--snapshot-every', '200'])
      await traffic.sendAgain(service, 4, 50)
      const load = traffic.send(service, 16)
      await sleep(600)
      if (round % 2 === 1) {
        server?.stop('immediate')
        await sleep(300)
        server?.start()
        await service.isReady()
        await sleep(600)
      }
      await service.kill()
      await load
      if (round % 2 === 0) rmSync(under, { recursive: true })
      await look((data) => {
        assertSound(data)
        traffic.assertKept(data)
      })
    }
    const service = await ServiceProcess.start(bundle, url)
    await traffic.sendAgain(service, 32)
    await service.stop()
    const rows = await look((data) => assertRowsAreReplayed(data, bundle))
    assert.ok(rows > 100, `${rows} rows`)
    t.diagnostic(`${rounds} rounds: ${JSON.stringify(traffic.counts)}; ${rows} rows the same in every bit`)
  })
})
