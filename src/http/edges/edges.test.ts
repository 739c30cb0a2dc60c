import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterEach, describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  amountPredictor,
  cardsDetector,
  openTestDecisions,
  startMs,
  type TestDecisionsOptions,
} from '../../../test/service/decisions-fixture.ts'
import { buildTestService, exchange, openTestService, recordingLog } from '../../../test/service/fixture.ts'
import { amountBundle } from '../../../test/service/model-fixture.ts'
import { createKeyRing, digestKey } from '../../access/keys.ts'
import { createDetectorInForce } from '../../deciding/detector-in-force.ts'
import { decodeBundle } from '../../models/bundle.ts'
import { createPredictor } from '../../scoring/load-predictor.ts'
import type { Predictor } from '../../scoring/predictor.ts'
import { shareModel } from '../../scoring/shared-model.ts'
import type { ServerOptions } from '../server.ts'
import { Edges } from './edges.ts'

const skip = process.platform === 'linux' ? false : 'edges need Linux'
const purchase = (id: string, more: object = {}) =>
  JSON.stringify({ ID: id, TIME: startMs, AMOUNT: 10, CARD: 'c', SHOP: 's', ...more })
function decide(id: string, more = '', fields: object = {}) {
  const body = purchase(id, fields)
  const type = 'Content-Type: application/json\r\n'
  return `POST /v1/decisions HTTP/1.1\r\nHost: shrike\r\n${type}${more}Content-Length: ${body.length}\r\n\r\n${body}`
}
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: shrike\r\n\r\n`

/** A champion whose rows take so long that edges score them, as it says. */
function slowChampion(limit: number) {
  const detector = cardsDetector()
  const bundle = decodeBundle(amountBundle(detector, limit).bytes)
  const predictor = createPredictor(bundle)
  let scored = 0
  const slow: Predictor = {
    ...predictor,
    share: () => shareModel(bundle),
    predict(row) {
      scored += 1
      return predictor.predict(row)
    },
  }
  return { inForce: createDetectorInForce(detector, slow), scoredHere: () => scored }
}

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function start(count: number, server: Partial<ServerOptions> = {}, options: TestDecisionsOptions = {}) {
  const decisions = await openTestDecisions(options)
  closing.push(() => decisions.close())
  await decisions.service.resume()
  const log = recordingLog()
  const edges = new Edges(count, log)
  const limits = { drainMs: 50, ...server.limits }
  const service = await openTestService({ decisions: decisions.service, ...server, limits, edges })
  closing.push(() => service.app.close())
  let byNode = 0
  service.app.server.on('request', () => {
    byNode += 1
  })
  const counted = async (name: RegExp) => {
    const text = await service.metrics.registry.metrics()
    return Number(new RegExp(`^${name.source} (\\d+)`, 'm').exec(text)?.[1])
  }
  return { ...service, edges, edgeLog: log, decisions, counted, requestsByNode: () => byNode }
}

async function open(t: TestContext, port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' }).setEncoding('latin1')
  socket.on('error', () => {})
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

async function next(socket: Socket): Promise<string> {
  const [chunk] = await once(socket, 'data')
  return String(chunk)
}

/** Asks again until somebody listens and answers. */
async function decideSoon(port: number, id: string) {
  for (let tries = 0; tries < 200; tries++) {
    const [answer] = await exchange(port, decide(id))
    if (answer !== undefined && answer.status !== 0) return answer
    await sleep(25)
  }
  assert.fail('nobody answered')
}

/** What another thread counts is seen a little later. */
async function becomes(count: () => Promise<number>, wanted: number): Promise<void> {
  for (let tries = 0; tries < 100 && (await count()) !== wanted; tries++) await sleep(20)
  assert.equal(await count(), wanted)
}

describe('edges', { skip }, () => {
  test('answer plain requests, and hand over all others', async () => {
    const { port, requestsByNode } = await start(2)
    for (const id of ['t-1', 't-2', 't-3', 't-4']) {
      const [answer] = await exchange(port, decide(id))
      assert.equal(JSON.parse(answer?.body ?? '').transactionId, id)
    }
    assert.equal(requestsByNode(), 0)
    const [health] = await exchange(port, get('/healthz'))
    assert.equal(health?.body, '{"status":"ok"}')
    assert.equal(requestsByNode(), 1)
    const [compressed] = await exchange(port, decide('t-5', 'Cookie: a=b\r\n'))
    assert.equal(compressed?.status, 200)
    assert.equal(requestsByNode(), 2)
  })

  test('give many connections each its own answer, and decide each id once', async (t) => {
    const { port, decisions } = await start(2)
    const sockets = await Promise.all(Array.from({ length: 24 }, () => open(t, port)))
    const firsts = new Map<string, number>()
    await Promise.all(
      sockets.map(async (socket, client) => {
        for (let i = 0; i < 20; i++) {
          // Each id comes from two connections.
          const id = `t-${client >> 1}-${i}`
          socket.write(decide(id))
          const { transactionId, duplicate } = JSON.parse((await next(socket)).split('\r\n\r\n')[1] ?? '')
          assert.equal(transactionId, id)
          if (!duplicate) firsts.set(id, (firsts.get(id) ?? 0) + 1)
        }
      }),
    )
    assert.equal(firsts.size, 12 * 20)
    assert.ok([...firsts.values()].every((count) => count === 1))
    const { reading } = decisions.service
    assert.equal(reading.transactionsIn(0, reading.lastSequence()).count, 12 * 20)
  })

  test('answer each request where many more come than there is room for', async (t) => {
    const { port, decisions, counted } = await start(2, {}, { maxPending: 8 })
    const sockets = await Promise.all(Array.from({ length: 64 }, () => open(t, port)))
    let refused = 0
    await Promise.all(
      sockets.map(async (socket, client) => {
        for (let i = 0; i < 8; ) {
          socket.write(decide(`t-${client}-${i}`))
          const answer = await next(socket)
          if (answer.startsWith('HTTP/1.1 503')) refused += 1
          else {
            const { transactionId, duplicate } = JSON.parse(answer.split('\r\n\r\n')[1] ?? '')
            assert.deepEqual([transactionId, duplicate], [`t-${client}-${i}`, false])
            i += 1
          }
        }
      }),
    )
    const { reading } = decisions.service
    assert.equal(reading.transactionsIn(0, reading.lastSequence()).count, 64 * 8)
    assert.ok(refused > 64, `${refused} were refused`)
    await becomes(() => counted(/shrike_http_requests_total\{route="\/v1\/decisions",status="503"\}/), refused)
    await becomes(() => counted(/shrike_http_requests_total\{route="\/v1\/decisions",status="200"\}/), 64 * 8)
  })

  test('have transactions read as the detector says that is in force now', async () => {
    const { port, decisions } = await start(1)
    const time = { field: 'TIME', format: 'iso' } as const
    const other = createDetectorInForce(cardsDetector({}, { time }), amountPredictor())
    const statusOf = async (id: string) => (await exchange(port, decide(id)))[0]?.status
    // Each after the first is read by the edge as the one before it was read here.
    assert.deepEqual([await statusOf('t-1'), await statusOf('t-2')], [200, 200])
    await decisions.service.use(other)
    assert.deepEqual([await statusOf('t-3'), await statusOf('t-4')], [422, 422])
    await decisions.service.use(createDetectorInForce(cardsDetector(), amountPredictor()))
    assert.deepEqual([await statusOf('t-3'), await statusOf('t-4')], [200, 200])
  })

  test('ask the keys as they are now', async () => {
    const stored = (name: string) => ({
      ...{
        name,
        roles: ['score' as const],
        sha256: digestKey('a-key-that-is-kept'),
        createdAt: '2026-11-22T09:00:00Z',
      },
    })
    let ring = createKeyRing([], [stored('shop')])
    const { port } = await start(1, { keyRing: () => ring })
    const key = 'Authorization: Bearer a-key-that-is-kept\r\n'
    const statusOf = async (id: string, more: string) => (await exchange(port, decide(id, more)))[0]?.status
    assert.equal(await statusOf('t-1', key), 200)
    assert.equal(await statusOf('t-2', ''), 401)
    ring = createKeyRing([], [])
    assert.equal(await statusOf('t-3', key), 401)
  })

  test('score rows of a slow champion, and of the one after it, and of no other', async (t) => {
    const champions = [slowChampion(500), slowChampion(300)]
    const { port, decisions } = await start(2, {}, { inForce: champions[0].inForce })
    const sockets = await Promise.all(Array.from({ length: 24 }, () => open(t, port)))
    const sendAll = (round: number) =>
      Promise.all(
        sockets.map(async (socket, client) => {
          for (let i = 0; i < 40; i++) {
            // No card has more transactions than are kept, however many rounds there are.
            const fields = { CARD: `c-${round}-${client}`, AMOUNT: 100 * ((client + i) % 8) }
            socket.write(decide(`t-${round}-${client}-${i}`, '', fields))
            assert.match(await next(socket), /^HTTP\/1.1 200 /)
          }
        }),
      )
    const byEdges = async (champion: (typeof champions)[number], round: number) => {
      const before = champion.scoredHere()
      await sendAll(round)
      return champion.scoredHere() - before < 24 * 40
    }
    let round = 0
    while (!(await byEdges(champions[0], round))) assert.ok(++round < 20, 'no edge scores')
    await Promise.all([sendAll(++round), decisions.service.use(champions[1].inForce)])
    while (!(await byEdges(champions[1], ++round))) assert.ok(round < 40, 'no edge scores')
    const { reading } = decisions.service
    for (const record of reading.next(0, reading.lastSequence())) {
      if (record.kind !== 'decision') continue
      const { model } = reading.definition(record.definition)
      const limit = model === champions[0].inForce.predictor.modelId ? 500 : 300
      assert.deepEqual([record.score, record.degraded], [record.row[0] > limit ? 0.95 : 0.1, ['history-short']])
    }
  })

  test('are replaced where one ends, and its connections are cut', async (t) => {
    const { port, edges, edgeLog } = await start(1, {}, { lookUpMs: () => 300 })
    await exchange(port, decide('t-1'))
    const [idle, busy] = [await open(t, port), await open(t, port)]
    // It waits for the log, for its id is known there.
    busy.write(decide('t-1'))
    await sleep(50)
    const [worker] = edges.workers
    const ends = Promise.all([idle, busy].map((socket) => once(socket, 'close')))
    await worker?.terminate()
    await ends
    assert.equal(busy.bytesRead, 0)
    assert.equal(JSON.parse((await decideSoon(port, 't-2')).body).duplicate, false)
    assert.equal(JSON.parse((await decideSoon(port, 't-1')).body).duplicate, true)
    assert.notEqual(edges.workers[0], worker)
    assert.match(edgeLog.lines.join('\n'), /an edge ended; another takes its place/)
  })

  for (const inForce of [undefined, slowChampion(500).inForce])
    test(`lose nothing of the others where one ends under load (${inForce ? 'a slow' : 'another'} model)`, async (t) => {
      const { port, edges } = await start(2, {}, inForce && { inForce })
      const answered = new Set<string>()
      let isOver = false
      const clients = Array.from({ length: 16 }, async (_, client) => {
        for (let i = 0; !isOver; i++) {
          const id = `t-${client}-${i}`
          const [answer] = await exchange(port, decide(id))
          if (answer === undefined || answer.status === 0) await sleep(10)
          else {
            assert.equal(JSON.parse(answer.body).transactionId, id)
            assert.equal(JSON.parse(answer.body).duplicate, false)
            answered.add(id)
          }
        }
      })
      for (let round = 0; round < 3; round++) {
        await sleep(150)
        await edges.workers[round % edges.workers.length]?.terminate()
      }
      while (answered.size <= 50) await sleep(10)
      isOver = true
      await Promise.all(clients)
      for (const id of [...answered].slice(0, 50)) assert.match((await decideSoon(port, id)).body, /"duplicate":true/)
      t.diagnostic(`${answered.size} answered`)
    })

  test('answer what they took before the service closes', async (t) => {
    const { port, app, counted } = await start(2, {}, { lookUpMs: () => 300 })
    await exchange(port, decide('t-1'))
    const [idle, late, busy] = [await open(t, port), await open(t, port), await open(t, port)]
    busy.write(decide('t-1'))
    late.write(decide('t-2'))
    await next(late)
    await sleep(30)
    assert.equal(await counted(/shrike_http_connections/), 3)
    const answer = next(busy)
    const isIdleClosed = once(idle, 'close')
    const closed = app.close()
    await sleep(20)
    // Whoever still uses a connection is answered, and told to close it.
    late.write(decide('t-3'))
    assert.match(await next(late), /connection: close.*"t-3"/is)
    assert.match(await answer, /"duplicate":true/)
    await isIdleClosed
    await closed
    assert.deepEqual(await exchange(port, decide('t-4')), [])
  })

  test('bound connections together, and count those that they refuse', async (t) => {
    const { port, counted } = await start(1, { limits: { connectionsPerAddress: 3 } })
    for (let i = 0; i < 3; i++) await open(t, port)
    assert.deepEqual(await exchange(port, decide('t-1')), [])
    await becomes(() => counted(/shrike_http_connections_refused_total\{reason="address"\}/), 1)
    assert.equal(await counted(/shrike_http_connections/), 3)
  })

  test('refuse what there is no room for without asking, in the same words, and count it', async (t) => {
    const { port, counted } = await start(1, {}, { lookUpMs: () => 300, maxPending: 2 })
    const refused = /shrike_http_requests_total\{route="\/v1\/decisions",status="503"\}/
    await exchange(port, decide('t-1'))
    const busy = await Promise.all([open(t, port), open(t, port)])
    // They wait for the log, for their id is known there.
    for (const socket of busy) socket.write(decide('t-1'))
    await sleep(50)
    const [answer] = await exchange(port, decide('t-2'))
    assert.equal(answer?.status, 503)
    assert.equal(answer?.headers.get('retry-after'), '1')
    assert.equal(JSON.parse(answer?.body ?? '').detail, 'Too many decisions are waiting to be written')
    const [prediction] = await exchange(port, decide('').replace('/v1/decisions', '/predict/'))
    assert.equal(prediction?.status, 422)
    for (const socket of busy) assert.match(await next(socket), /"duplicate":true/)
    assert.equal((await exchange(port, decide('t-2')))[0]?.status, 200)
    await becomes(() => counted(refused), 1)
    const timed = await counted(/shrike_http_request_duration_seconds_count\{route="\/v1\/decisions"\}/)
    assert.equal(timed, 4, 'what was refused unread took no time that says anything')
  })

  test('answer that something went wrong where an answer can not be made, and go on', async () => {
    const log = recordingLog()
    let faults = 0
    const debug = () => {
      if (faults++ === 0) throw new Error('the log takes nothing')
    }
    const { port } = await start(1, { log: { ...log, debug } })
    const [answer] = await exchange(port, decide('t-1'))
    assert.equal(JSON.parse(answer?.body ?? '').code, 'INTERNAL')
    assert.match(log.lines.join('\n'), /the log takes nothing/)
    assert.match((await exchange(port, decide('t-1')))[0]?.body ?? '', /"duplicate":true/)
  })

  test('answer that something went wrong where keys can not be read, and go on', async () => {
    let faults = 0
    const ring = createKeyRing([])
    const keyRing = () => {
      if (faults++ === 0) throw new Error('the keys can not be read')
      return ring
    }
    const { port } = await start(1, { keyRing })
    const [answer] = await exchange(port, decide('t-1'))
    assert.equal(JSON.parse(answer?.body ?? '').code, 'INTERNAL')
    assert.equal((await exchange(port, decide('t-1')))[0]?.status, 200)
  })

  test('say that a port is taken', async (t) => {
    const other = createServer().listen(0, '127.0.0.1')
    t.after(() => other.close())
    await once(other, 'listening')
    const address = other.address()
    assert.ok(typeof address === 'object' && address !== null)
    const edges = new Edges(1, recordingLog())
    const { app } = await buildTestService({ edges })
    closing.push(() => app.close())
    await assert.rejects(edges.listen('127.0.0.1', address.port), { code: 'PORT_IN_USE' })
    assert.deepEqual(edges.workers, [])
  })
})
