import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openTestDecisions, startMs, type TestDecisions } from '../../test/service/decisions-fixture.ts'
import { exchange, openTestService, type TestService } from '../../test/service/fixture.ts'

const ask = 'GET /v1/decisions?limit=500 HTTP/1.1\r\nHost: shrike\r\n\r\n'

describe('readers of pages who do not read', () => {
  let running: TestDecisions
  let service: TestService & { readonly port: number }
  const sockets: Socket[] = []

  before(async () => {
    running = await openTestDecisions()
    await running.service.resume()
    for (let i = 0; i < 500; i += 1) {
      const decision = { ID: `t-${i}`, TIME: startMs + i, AMOUNT: 950, CARD: 'c', SHOP: 's', NOTE: 'x'.repeat(500) }
      if (i % 50 === 0) await running.service.decider.room()
      void running.service.decide(decision, undefined, () => 0)
    }
    await running.service.decide({ ID: 'last', TIME: startMs, AMOUNT: 1 }, undefined, () => 0)
    service = await openTestService({ decisions: running.service, limits: { answers: 3, answerTimeoutMs: 3000 } })
  })
  after(async () => {
    for (const socket of sockets) socket.destroy()
    await service.app.close()
    await running.close()
  })

  /** Asks for page after page, more than the buffers of both systems hold, and reads none. */
  async function stuck(): Promise<void> {
    const socket = connect(service.port, '127.0.0.1')
    sockets.push(socket)
    socket.on('error', () => {})
    socket.pause()
    await once(socket, 'connect')
    const timer = setInterval(() => socket.write(ask), 10)
    socket.once('close', () => clearInterval(timer))
  }

  const cut = async () => Number(/answers_cut_total (\d+)/.exec(await service.metrics.registry.metrics())?.[1])

  async function untilCut(many: number): Promise<void> {
    for (const untilMs = performance.now() + 60_000; (await cut()) < many; await sleep(50)) {
      assert(performance.now() < untilMs, 'nothing was cut')
      const [health] = await exchange(service.port, 'GET /healthz HTTP/1.1\r\nHost: shrike\r\n\r\n')
      assert.equal(health?.status, 200)
    }
  }

  test('are cut after the time that an answer may take', async () => {
    await stuck()
    await untilCut(1)
  })

  test('make room for those who do', async () => {
    for (let i = 0; i < 3; i += 1) await stuck()
    let answered = 0
    for (const untilMs = performance.now() + 60_000; answered < 5; await sleep(100)) {
      assert(performance.now() < untilMs, 'nobody was answered')
      const [answer] = await exchange(service.port, ask)
      if (answer?.status === 200) assert.equal(JSON.parse(answer.body).decisions.length, 500)
      else assert.equal(answer?.status, 503)
      if (answer?.status === 200) answered += 1
    }
    await untilCut(2)
  })
})
