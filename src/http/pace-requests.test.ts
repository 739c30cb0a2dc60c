import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { text } from 'node:stream/consumers'
import { describe, type TestContext, test } from 'node:test'
import { exchange } from '../../test/service/fixture.ts'
import { paceRequests } from './pace-requests.ts'
import { Turns } from './turns.ts'

async function serve(t: TestContext, answer: RequestListener) {
  const server = createServer(answer)
  const paced = paceRequests(server, new Turns(), new WeakMap())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return { port: address.port, paced }
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`
const post = (body: string) => `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`
const paths = (count: number) => Array.from({ length: count }, (_, i) => `/${i}`)

/** Takes longer than a slice of a turn. */
function work(): void {
  for (const endMs = performance.now() + 1; performance.now() < endMs; );
}

describe('requests that come back to back over one connection', () => {
  test('are answered in order, and those of others in between', async (t) => {
    const order: string[] = []
    const { port } = await serve(t, ({ url = '' }, response) => {
      order.push(url)
      work()
      response.end(url)
    })
    const many = exchange(port, paths(100).map(get).join(''), { answers: 100 })
    const others = ['/a', '/b', '/c'].map((path) => exchange(port, get(path)))
    const answers = await many
    await Promise.all(others)
    assert.deepEqual(
      answers.map(({ body }) => body),
      paths(100),
    )
    assert.deepEqual(
      order.filter((url) => /\d/.test(url)),
      paths(100),
    )
    const last = Math.max(...['/a', '/b', '/c'].map((url) => order.indexOf(url)))
    assert.ok(last < 50, `others were served ${last} requests later`)
  })

  test('have their bodies, one that comes in many pieces among them, and none is read twice', async (t) => {
    const { port } = await serve(t, (request, response) => void text(request).then((body) => response.end(body)))
    const bodies = ['a', 'b'.repeat(300_000), 'c', '', 'd'.repeat(100_000), 'e']
    const answers = await exchange(port, bodies.map(post), { answers: bodies.length })
    assert.deepEqual(
      answers.map(({ body }) => body),
      bodies,
    )
  })

  test('are cut off where they are too many, without harm to others', async (t) => {
    let handled = 0
    const { port, paced } = await serve(t, (_request, response) => {
      handled += 1
      response.end('fine')
    })
    await exchange(port, paths(1000).map(get).join(''), { answers: 1000 })
    assert.deepEqual([paced.cut, handled], [1, 1])
    assert.deepEqual(
      (await exchange(port, get('/'))).map(({ body }) => body),
      ['fine'],
    )
  })

  test('are all answered where they are more than may wait, but not at once', async (t) => {
    const { port } = await serve(t, ({ url }, response) => response.end(url))
    for (let round = 0; round < 3; round += 1) {
      const answers = await exchange(port, paths(129).map(get).join(''), { answers: 129 })
      assert.equal(answers.length, 129)
    }
  })

  test('hold back what comes behind them until they are done', async (t) => {
    let handled = 0
    const { port, paced } = await serve(t, (_request, response) => {
      handled += 1
      work()
      response.end()
    })
    // Less than may wait in each piece, far more in all.
    const piece = `${paths(10).map(get).join('')}GET /${'x'.repeat(2000)} HTTP/1.1\r\nHost: x\r\nA: ${'y'.repeat(8000)}\r\n\r\n`
    const answers = await exchange(port, [piece.repeat(30)], { answers: 330 })
    assert.deepEqual([answers.length, handled, paced.cut], [330, 330, 0])
  })
})
