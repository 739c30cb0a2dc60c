import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { connect, createServer } from 'node:net'
import { test } from 'node:test'
import { exchange } from '../../../test/service/fixture.ts'
import { handOver, takeHandedOver } from './hand-over.ts'

const skip = process.platform === 'linux' ? false : 'edges need Linux'
const secret = 'a'.repeat(64)

/** A server that says whom a request is from, behind one that hands every connection over. */
async function open(t: { after(close: () => void): void }, said = secret) {
  const path = `\0shrike-test-${randomBytes(8).toString('hex')}`
  const inner = createHttpServer((request, response) => {
    let body = ''
    request.setEncoding('latin1')
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => response.end(`${request.socket.remoteAddress} ${body.length}`))
  })
  takeHandedOver(inner, secret, 200)
  inner.listen({ path })
  const outer = createServer({ allowHalfOpen: true }, (socket) => {
    socket.once('data', (chunk: Buffer) => handOver(socket, chunk, { path, secret: said }, 1000))
  })
  outer.listen({ port: 0, host: '127.0.0.1' })
  await Promise.all([once(inner, 'listening'), once(outer, 'listening')])
  t.after(() => {
    outer.close()
    inner.close()
    inner.closeAllConnections()
  })
  const address = outer.address()
  assert.ok(typeof address === 'object' && address !== null)
  return { port: address.port, path }
}

const post = (length: number) => `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n${'x'.repeat(length)}`

test('a connection that is handed over keeps its bytes and its address', { skip }, async (t) => {
  const { port } = await open(t)
  const [first, second] = await exchange(port, [post(3), post(3_000_000)], { answers: 2 })
  assert.equal(first?.body, '127.0.0.1 3')
  assert.equal(second?.body, '127.0.0.1 3000000')
  const [last] = await exchange(port, post(5), { end: true })
  assert.equal(last?.body, '127.0.0.1 5')
})

test('a connection without the secret is cut, and so is one that says nothing', { skip }, async (t) => {
  const { port, path } = await open(t, 'b'.repeat(64))
  assert.deepEqual(await exchange(port, post(3)), [])
  for (const said of ['', `${secret} not-an-address\n`, `${secret.slice(1)}\n`, 'x'.repeat(300)]) {
    const socket = connect({ path })
    socket.on('error', () => {})
    socket.write(said)
    socket.resume()
    await once(socket, 'close')
  }
})
