import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '../../src/core/random.ts'
import { Callers } from '../durability/callers.ts'
import { purchases, ServiceProcess, temporaryFolder, trainBundle } from '../durability/service.ts'
import { noPostgres, type PostgresServer, startPostgres } from '../postgres-server.ts'

const kills = Number(process.env.SHRIKE_ROUNDS ?? 3)
const decisions = Number(process.env.SHRIKE_DECISIONS ?? kills * 400)

interface Told {
  readonly transactionId: string
  readonly sequence: number
  readonly keys: Readonly<Record<string, string>>
}

describe('webhooks of two processes on a log in PostgreSQL', { skip: noPostgres }, () => {
  let server: PostgresServer | undefined
  const folder = temporaryFolder(() => server?.remove())
  const random = createRandom(3)
  /** What was taken, as it came. */
  const taken: Told[] = []
  const ids = new Set<string>()
  const receiver = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    if (random.uniform() < 0.1) return response.writeHead(503).end()
    const id = String(request.headers['webhook-id'])
    if (!ids.has(id)) taken.push(JSON.parse(body).data)
    ids.add(id)
    response.writeHead(204).end()
  })
  before(async () => {
    process.env.SHRIKE_COPIES = join(folder, 'copies')
    process.env.SHOP_SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`
    await once(receiver.listen(0, '127.0.0.1'), 'listening')
    server = await startPostgres()
  })
  after(() => {
    receiver.closeAllConnections()
    receiver.close()
  })

  test('tell of each decision, in the order of its card, when the leader is killed', async (t) => {
    const bundle = await trainBundle(folder)
    const url = server?.newDatabase() ?? ''
    const address = receiver.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const endpoint = { name: 'shop', url: `http://127.0.0.1:${port}/`, secretVariable: 'SHOP_SECRET' }
    const webhooks = join(folder, 'webhooks.yaml')
    const endpoints = [{ ...endpoint, events: ['decision'], orderBy: 'card', allowPrivate: true }]
    writeFileSync(webhooks, JSON.stringify({ endpoints }))
    const start = () => ServiceProcess.start(bundle, url, ['--webhooks', webhooks])
    const pair = [await start(), await start()]
    const callers = new Callers(purchases(decisions), [() => pair[0], () => pair[1]])
    for (let kill = 0; kill < kills; kill++) {
      await callers.reach((decisions * (kill + 1)) / (kills + 1))
      const leading = kill % 2
      await pair[leading].kill()
      while (JSON.parse((await pair[1 - leading].ask('GET', '/readyz')).text).role !== 'leader') await sleep(10)
      pair[leading] = await start()
    }
    await callers.all()
    const missing = () => {
      const told = new Set(taken.map(({ transactionId }) => transactionId))
      return [...callers.answers.keys()].filter((id) => !told.has(id))
    }
    for (let waits = 0; missing().length > 0; waits++) {
      assert.ok(waits < 600, `never told of: ${missing().join(', ')}`)
      await sleep(100)
    }
    for (const service of pair) await service.stop()
    assert.equal(taken.length, decisions)
    const last = new Map<string, number>()
    for (const { keys, sequence, transactionId } of taken) {
      assert.ok(sequence > (last.get(keys.card) ?? 0), `${transactionId} came after a later one of its card`)
      last.set(keys.card, sequence)
    }
    assert.ok(last.size > 10 && last.size < decisions, `${last.size} cards`)
    t.diagnostic(
      `${kills} kills: ${decisions} decisions of ${last.size} cards told; ${JSON.stringify(callers.figures)}`,
    )
  })
})
