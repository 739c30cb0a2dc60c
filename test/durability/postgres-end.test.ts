import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { noPostgres, type PostgresServer, startPostgres } from '../postgres-server.ts'
import { TcpProxy } from '../tcp-proxy.ts'
import { purchases, ServiceProcess, temporaryFolder, trainBundle } from './service.ts'

describe('a replica that is told to end', { skip: noPostgres, concurrency: true }, () => {
  const servers: PostgresServer[] = []
  const folder = temporaryFolder(() => {
    for (const server of servers) server.remove()
  })
  let bundle = ''
  before(async () => {
    process.env.SHRIKE_COPIES = join(folder, 'copies')
    bundle = await trainBundle(folder)
    servers.push(await startPostgres(), await startPostgres())
  })
  const [first, second] = purchases(2)

  /** One that is reached through a place where it can be cut off, and has decided something. */
  async function startBehindProxy() {
    const [server] = servers
    const proxy = await TcpProxy.open(server.port)
    after(() => proxy.close())
    const url = server.newDatabase().replace(`:${server.port}/`, `:${proxy.port}/`)
    const service = await ServiceProcess.start(bundle, url)
    assert.equal((await service.decide(first.body)).status, 200)
    return { service, proxy }
  }

  async function endOf(service: ServiceProcess, withinMs: number): Promise<number | null> {
    service.child.kill('SIGTERM')
    const code = await Promise.race([service.ended, sleep(withinMs, 'not ended' as const, { ref: false })])
    assert.ok(code !== 'not ended', service.log())
    return code
  }

  test('ends behind a failover that cut connections which it had not used since', async () => {
    const { service, proxy } = await startBehindProxy()
    proxy.cut()
    assert.equal(await endOf(service, 20_000), 0)
    assert.match(service.log(), /"closed"/)
  })

  test('ends while the database is gone, and says what that keeps it from', async () => {
    const [, server] = servers
    const service = await ServiceProcess.start(bundle, server.newDatabase())
    server.stop('immediate')
    assert.equal(await endOf(service, 20_000), 1)
    assert.match(service.log(), /error LOG_UNAVAILABLE: The database could not be asked for users/)
  })

  test('ends while the database says nothing, within its time, and answers no decision that may be lost', async () => {
    const { service, proxy } = await startBehindProxy()
    proxy.isDropping = true
    const late = service.decide(second.body)
    await sleep(200)
    assert.equal(await endOf(service, 40_000), 1)
    assert.match(service.log(), /"unsettled":[01],.*the service did not end in order within 25 s/)
    assert.ok([0, 503].includes((await late).status))
  })
})
