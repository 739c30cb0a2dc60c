import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { afterEach, describe, type TestContext, test } from 'node:test'
import { setImmediate as immediate } from 'node:timers/promises'
import { answersBy } from '../../../test/attacks/both-ways.ts'
import { openTestDecisions, startMs, type TestDecisionsOptions } from '../../../test/service/decisions-fixture.ts'
import { answerFor, exchange, openTestService } from '../../../test/service/fixture.ts'
import { createKeyRing, digestKey } from '../../access/keys.ts'
import type { Role } from '../../access/roles.ts'
import type { Settle } from '../plain-handler.ts'
import type { ServerOptions } from '../server.ts'
import { Lane, type LaneService } from './lane.ts'

const good = '{"V1":1,"Amount":2}'
const purchase = (id: string) => JSON.stringify({ ID: id, TIME: startMs, AMOUNT: 10, CARD: 'c', SHOP: 's' })

function post(path: string, body: string, more = ''): string {
  const type = 'Content-Type: application/json\r\n'
  return `POST ${path} HTTP/1.1\r\nHost: shrike\r\n${type}${more}Content-Length: ${body.length}\r\n\r\n${body}`
}
const decide = (id: string, more?: string) => post('/v1/decisions', purchase(id), more)

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function start(server: Partial<ServerOptions> = {}) {
  const service = await openTestService({ ...server, limits: { drainMs: 50, ...server.limits } })
  closing.push(() => service.app.close())
  let byNode = 0
  service.app.server.on('request', () => {
    byNode += 1
  })
  return { ...service, requestsByNode: () => byNode }
}

async function startDeciding(server: Partial<ServerOptions> = {}, options: TestDecisionsOptions = {}, isReady = true) {
  const running = await openTestDecisions(options)
  closing.push(() => running.close())
  if (isReady) await running.service.resume()
  return { ...running, ...(await start({ decisions: running.service, ...server })) }
}

async function open(t: TestContext, port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).setEncoding('latin1')
  socket.on('error', () => {})
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** All that comes until the server ends the connection. */
async function rest(socket: Socket): Promise<string> {
  let received = ''
  socket.on('data', (chunk) => {
    received += chunk
  })
  if (!socket.readableEnded) await once(socket, 'end')
  return received
}

async function next(socket: Socket): Promise<string> {
  const [chunk] = await once(socket, 'data')
  return String(chunk)
}

/** A lane without a server, whose requests are a head of four bytes and a body of one. */
function openAlone(service: Partial<LaneService>, onWritten = (done: () => void) => done()) {
  const written: string[] = []
  const socket = new Duplex({
    highWaterMark: 10,
    read() {},
    write(chunk, _encoding, done) {
      written.push(String(chunk))
      onWritten(done)
    },
  })
  const head = {
    ...{ text: 'head', bodyBytes: 1, authorization: undefined, ring: undefined, principal: undefined },
    route: {
      path: '/',
      role: 'score',
      isElsewhere: () => false,
      isFull: () => false,
      mostAtOnce: 1,
      answerReading: undefined,
      answer: () => {},
    },
  } as const
  const lane = new Lane(
    socket,
    {
      find: () => head,
      begin: () => true,
      answer: (_route, _error, json) => `an answer to ${json}`,
      mayHold: () => true,
      letGo: () => {},
      passOn: () => {},
      refuse: () => {},
      forget: () => {},
      ...service,
    },
    performance.now(),
  )
  return { socket, lane, written }
}

describe('the lane', () => {
  test('answers plain requests itself, and hands over the first that is not', async (t) => {
    const { port, requestsByNode } = await startDeciding()
    const socket = await open(t, port)
    for (const id of ['t-1', 't-2']) {
      socket.write(decide(id))
      assert.match(await next(socket), new RegExp(`"transactionId":"${id}"`))
    }
    socket.write(post('/predict/', good))
    assert.ok((await next(socket)).endsWith(answerFor(1, 2)))
    assert.equal(requestsByNode(), 0)
    socket.write(decide('t-3', 'Cookie: a=b\r\n'))
    assert.match(await next(socket), /"transactionId":"t-3"/)
    assert.equal(requestsByNode(), 1)
    socket.write(decide('t-4'))
    assert.match(await next(socket), /"transactionId":"t-4"/)
    assert.equal(requestsByNode(), 2)
  })

  test('answers requests in order that come while the one before is being decided', async (t) => {
    const { port } = await startDeciding({}, { lookUpMs: () => 40 })
    const socket = await open(t, port)
    await exchange(port, decide('t-1'))
    // It waits for the log, for its id is known there.
    socket.write(decide('t-1'))
    await new Promise((resolve) => setTimeout(resolve, 10))
    socket.write(post('/predict/', good) + decide('t-2'))
    let received = ''
    while (!received.includes('t-2')) received += await next(socket)
    assert.match(received, /"duplicate":true.*fraud_prediction.*"t-2"/s)
  })

  test('gives a client that has said all its answer', async (t) => {
    const { port } = await startDeciding()
    const socket = await open(t, port)
    socket.end(decide('t-1'))
    assert.match(await rest(socket), /"transactionId":"t-1"/)
  })

  test('gives it all its answers, those to what came while it waited for the first, too', async (t) => {
    const { port } = await startDeciding({}, { lookUpMs: () => 40 })
    await exchange(port, decide('t-1'))
    const socket = await open(t, port)
    // It waits for the log, for its id is known there.
    socket.write(decide('t-1'))
    await new Promise((resolve) => setTimeout(resolve, 10))
    socket.end(post('/predict/', good) + decide('t-2'))
    assert.match(await rest(socket), /"duplicate":true.*fraud_prediction.*"t-2"/s)
  })

  test('holds no more for clients than the service has room for', async (t) => {
    const { port } = await startDeciding({ limits: { heldBytes: 20_000 } }, { lookUpMs: () => 100 })
    const large = (id: string) =>
      post('/v1/decisions', JSON.stringify({ ...JSON.parse(purchase(id)), X: 'x'.repeat(8000) }))
    await exchange(port, large('t-1'))
    const half = large('t-2').length - 10
    // Of one address to half of what there is.
    const one = await open(t, port)
    one.write(large('t-2').slice(0, half))
    await new Promise((resolve) => setTimeout(resolve, 20))
    const other = await open(t, port)
    other.write(large('t-3').slice(0, half))
    assert.match(await next(other), /^HTTP\/1\.1 503 .*"code":"OVERLOADED"/s)
    const eager = await open(t, port)
    eager.write(decide('t-1'))
    one.write(large('t-2').slice(half))
    assert.match(await next(one), /"transactionId":"t-2"/)
    eager.destroy()
    other.destroy()
    const later = await open(t, port)
    later.write(large('t-4').slice(0, half))
    await new Promise((resolve) => setTimeout(resolve, 20))
    later.write(large('t-4').slice(half))
    assert.match(await next(later), /"transactionId":"t-4"/)
  })

  test('ends connections that ask nothing, as node does', async (t) => {
    const { port } = await start({ limits: { headersTimeoutMs: 200, keepAliveTimeoutMs: 100 } })
    const silent = await open(t, port)
    assert.match(await rest(silent), /^HTTP\/1\.1 408 .*"code":"REQUEST_TIMEOUT"/s)
    const idle = await open(t, port)
    idle.write(post('/predict/', good))
    assert.ok((await rest(idle)).endsWith(answerFor(1, 2)))
  })

  test('cuts one whose answer takes too long', async (t) => {
    const { port } = await startDeciding({ limits: { idleTimeoutMs: 100 } }, { lookUpMs: () => 3000 })
    await exchange(port, decide('t-1'))
    const socket = await open(t, port)
    socket.write(decide('t-1'))
    assert.equal(await rest(socket), '')
  })

  test('gives each request its own answer, whatever settles twice', async () => {
    const settles: Settle[] = []
    const { socket, written } = openAlone({
      begin(_head, _body, _arrivedMs, settle) {
        settles.push(settle)
        return true
      },
    })
    socket.push('head1')
    await immediate()
    settles[0]?.(undefined, '1')
    socket.push('head2')
    await immediate()
    settles[0]?.(undefined, '1 again')
    settles[1]?.(undefined, '2')
    await immediate()
    assert.deepEqual(written, ['an answer to 1', 'an answer to 2'])
  })

  test('counts idle time from the end of an answer', async (t) => {
    let settle: Settle = () => {}
    const times = { firstRequestMs: 1000, bodyMs: 500, keepAliveMs: 250, answerMs: 60_000 }
    let nowMs = 0
    t.mock.method(performance, 'now', () => nowMs)
    const { socket, lane, written } = openAlone({
      begin(_head, _body, _arrivedMs, settleIt) {
        settle = settleIt
        return true
      },
    })
    socket.push('head1')
    await immediate()
    nowMs = 300
    settle(undefined, '1')
    lane.look(500, times)
    assert.deepEqual([written, socket.destroyed], [['an answer to 1'], false])
    lane.look(551, times)
    assert.equal(socket.destroyed, true)
  })

  test('reads no more from a client that does not read, until it does', async () => {
    let read = () => {}
    const passedOn: string[] = []
    const { socket, lane, written } = openAlone(
      {
        begin(_head, body, _arrivedMs, settle) {
          settle(undefined, String(body))
          return true
        },
        passOn: (_socket, bytes) => void passedOn.push(String(bytes)),
      },
      (done) => {
        read = done
      },
    )
    socket.push('head1')
    await immediate()
    assert.deepEqual(written, ['an answer to 1'])
    assert.equal(lane.isIdle, false)
    socket.push('head2')
    await immediate()
    assert.ok(socket.isPaused())
    assert.deepEqual([written.length, passedOn], [1, []])
    read()
    await immediate()
    assert.deepEqual(passedOn, ['head2'])
  })

  test('lets what is under way finish when the service closes, and ends what is idle', async (t) => {
    const limits = { drainMs: 200 }
    const { port, app, service, requestsByNode } = await startDeciding({ limits }, { lookUpMs: () => 300 })
    await exchange(port, decide('t-1'))
    const [idle, busy, late] = [await open(t, port), await open(t, port), await open(t, port)]
    busy.write(decide('t-1'))
    late.write(post('/predict/', good))
    await next(late)
    await new Promise((resolve) => setTimeout(resolve, 20))
    const closed = app.close()
    await new Promise((resolve) => setTimeout(resolve, 50))
    late.write(post('/predict/', good))
    assert.match(await rest(late), /connection: close.*"probability"/is)
    assert.equal(requestsByNode(), 1)
    assert.match(await rest(busy), /"duplicate":true/)
    assert.equal(await rest(idle), '')
    await closed
    assert.ok(service.isReady)
  })

  test('refuses as node does where there is no room, no log, and too much to do', async () => {
    const full = await startDeciding({}, { maxPending: 0 })
    const starting = await startDeciding({}, {}, false)
    for (const { port } of [full, starting]) {
      const [byLane, byNode] = [
        await answersBy(port, 'lane', [decide('t')]),
        await answersBy(port, 'node', [decide('t')]),
      ]
      assert.match(byLane, /^HTTP\/1\.1 503 Service Unavailable\r\nretry-after: 1\r\n/)
      assert.equal(byLane, byNode)
    }
    assert.match(await full.metrics.registry.metrics(), /route="\/v1\/decisions",status="503"\} 2/)
  })

  test('asks for the role of the route, by the keys of the moment', async () => {
    const key = 'a-key-that-was-made-by-hand'
    const ringOf = (...roles: Role[]) =>
      createKeyRing([], [{ name: 'a', roles, sha256: digestKey(key), createdAt: '2026-11-22T09:00:00.000Z' }])
    let ring = ringOf('score')
    const { port, requestsByNode } = await startDeciding({ keyRing: () => ring })
    const ask = async (id: string) => (await exchange(port, decide(id, `Authorization: Bearer ${key}\r\n`)))[0]?.status
    assert.equal(await ask('t-1'), 200)
    assert.equal(requestsByNode(), 0)
    ring = ringOf('label')
    assert.equal(await ask('t-2'), 403)
    ring = createKeyRing([], [])
    assert.equal(await ask('t-3'), 401)
    ring = ringOf('admin')
    assert.equal(await ask('t-4'), 200)
    assert.equal(requestsByNode(), 2)
  })

  test('has another process asked where that decides', async () => {
    const leader = await startDeciding()
    const pair = { leader: () => ({ holder: 'leader', url: leader.url }), ownUrl: () => undefined, holder: 'follower' }
    const follower = await startDeciding({ pair }, {}, false)
    const [answer] = await exchange(follower.port, decide('t-1'))
    assert.match(answer?.body ?? '', /"transactionId":"t-1"/)
    assert.equal(follower.requestsByNode(), 1)
    const [prediction] = await exchange(follower.port, post('/predict/', good))
    assert.equal(prediction?.body, answerFor(1, 2))
    assert.equal(follower.requestsByNode(), 1)
  })

  test('tells of each request where that is wanted, and of bugs', async () => {
    const { port, log, metrics } = await start()
    await exchange(port, post('/predict/', good))
    assert.match(log.lines.join('\n'), /debug answered \{"method":"POST","route":"\/predict\/","status":200/)
    assert.match(
      await metrics.registry.metrics(),
      /shrike_http_request_duration_seconds_count\{route="\/predict\/"\} 1/,
    )
  })
})
