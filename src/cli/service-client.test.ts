import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import { after, test } from 'node:test'
import { postToService } from './service-client.ts'

const { signal } = new AbortController()

async function serve(listener: RequestListener, port = 0): Promise<number> {
  const server = createServer(listener)
  after(() => server.close())
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done))
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return address.port
}

function send(url: string, { key = undefined as string | undefined, deadlineMs = 600_000 } = {}): Promise<string> {
  return postToService({ url, key, deadlineMs, signal }, '/v1/labels', 'application/x-ndjson', '{}\n')
}

test('tells at once what would fail the same way again', async () => {
  const page = await serve((_, response) => response.end('<html>'))
  const refusing = await serve((_, response) => {
    response.writeHead(401, { 'content-type': 'application/problem+json' })
    response.end('{"code":"UNAUTHORIZED","detail":"A key is needed","errors":[{"field":"a","reason":"is bad"}]}')
  })
  const cases: [string, { key?: string }, RegExp][] = [
    [`http://127.0.0.1:${page}`, {}, /answers 200 without JSON, so it is not Shrike/],
    [`http://127.0.0.1:${refusing}`, {}, /^A key is needed\n {2}a: is bad$/],
    [`http://127.0.0.1:${page}`, { key: 'no\nheader' }, /cannot be sent to: .*header/i],
    [`https://127.0.0.1:${page}`, {}, /cannot be sent to: /],
    ['http://127.0.0.1:1e9', {}, /cannot be sent to: /],
    ['http://127.0.0.1:6000', {}, /cannot be sent to: bad port/],
    ['http://nowhere.invalid', {}, /cannot be sent to: /],
  ]
  await assert.rejects(send(`http://127.0.0.1:${refusing}`), { hint: /--key, or in SHRIKE_API_KEY/ })
  for (const [url, options, message] of cases) await assert.rejects(send(url, options), { message }, url)
})

test('sends again what the network, a proxy and a busy service stop, until the deadline', async () => {
  const answers: ((response: Parameters<RequestListener>[1]) => void)[] = [
    (response) => response.destroy(),
    (response) => void response.writeHead(502).end('<html>'),
    (response) => void response.writeHead(503, { 'retry-after': '1' }).end('{"detail":"busy"}'),
    (response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"cut":')
      setTimeout(() => response.destroy(), 10)
    },
    (response) => void response.end('{"accepted":1}'),
  ]
  const port = await serve((request, response) => {
    request.resume()
    answers.shift()?.(response)
  })
  assert.deepEqual(await send(`http://127.0.0.1:${port}`), '{"accepted":1}')
  assert.equal(answers.length, 0)
  // Busy for a moment, and then beyond the deadline, which a slow machine does not reach either.
  const waits = [{}, { 'retry-after': '3600' }]
  const busy = await serve((_, response) => response.writeHead(503, waits.shift()).end('{"detail":"The log is busy"}'))
  await assert.rejects(send(`http://127.0.0.1:${busy}`, { deadlineMs: 60_000 }), {
    code: 'LOG_UNAVAILABLE',
    message: /could not take it within 60 s: The log is busy/,
  })
  assert.equal(waits.length, 0)
  await assert.rejects(send('http://127.0.0.1:9', { deadlineMs: 150 }), { message: /bad port|refused/i })
})
