import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { exchange, openTestService } from '../../test/service/fixture.ts'
import { networkOf } from './connections.ts'

const opened: Socket[] = []
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const socket of opened.splice(0)) socket.destroy()
  for (const close of closing.splice(0)) await close()
})

async function start(limits: object) {
  const service = await openTestService({ limits })
  closing.push(() => service.app.close())
  return service
}

/** A connection from one of loopback's addresses that says no more than this. */
async function open(port: number, says = '', localAddress = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress })
  opened.push(socket)
  socket.on('error', () => {})
  await once(socket, 'connect')
  if (says !== '') socket.write(says)
  return socket
}

const ask = 'GET /healthz HTTP/1.1\r\nHost: shrike\r\n\r\n'
const isOpen = (socket: Socket) => !socket.destroyed && !socket.readableEnded

async function eventually(claim: () => boolean): Promise<void> {
  for (const untilMs = performance.now() + 20_000; !claim(); ) {
    assert(performance.now() < untilMs, 'it never came about')
    await sleep(20)
  }
}

describe('connections', () => {
  test('of one address are limited, and those of others are not', { skip: process.platform !== 'linux' }, async () => {
    const { port, metrics } = await start({ connections: 100, connectionsPerAddress: 3 })
    for (let i = 0; i < 3; i += 1) assert.equal((await drained(await open(port, ask)))?.slice(9, 12), '200')
    const fourth = await open(port, ask)
    assert.equal(await drained(fourth), '')
    assert.equal((await drained(await open(port, ask, '127.0.0.2')))?.slice(9, 12), '200')
    assert.match(await metrics.registry.metrics(), /refused_total\{reason="address"\} 1\n/)
    opened[0]?.destroy()
    await eventually(() => opened[0]?.closed === true)
    await sleep(50)
    assert.equal((await exchange(port, ask))[0]?.status, 200)
  })

  test('that lie idle are closed once there are many, and a new one is answered', async () => {
    const { port } = await start({ connections: 10, connectionsPerAddress: 10 })
    const silent = [await open(port), await open(port), await open(port, 'GET /heal')]
    const kept: Socket[] = []
    for (let i = 0; i < 4; i += 1) kept.push(await open(port, ask))
    for (const socket of kept) await drained(socket)
    await sleep(1500)
    assert([...silent, ...kept].every(isOpen), 'under no pressure they stay')
    for (let i = 0; i < 2; i += 1) await open(port)
    for (const socket of [...silent, ...kept]) socket.resume()
    await eventually(() => [...silent, ...kept].every((socket) => !isOpen(socket)))
    assert.equal((await exchange(port, ask))[0]?.status, 200)
  })

  test('a request under way is not idle, whatever the pressure', async () => {
    const { port } = await start({ connections: 5, connectionsPerAddress: 5, bodyTimeoutMs: 30_000 })
    const body = '{"V1":1,"Amount":2}'
    const head = `POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`
    const slow = await open(port, head + body.slice(0, 5))
    const idle = [await open(port), await open(port), await open(port), await open(port)]
    for (const socket of idle) socket.resume()
    await eventually(() => idle.every((socket) => !isOpen(socket)))
    slow.write(body.slice(5))
    assert.equal((await drained(slow))?.slice(9, 12), '200')
  })
})

/** The first that comes over a connection; nothing where it is closed before. */
async function drained(socket: Socket): Promise<string | undefined> {
  const [data] = await Promise.race([once(socket, 'data'), once(socket, 'close').then(() => [''])])
  return String(data)
}

test('IPv6 counts by network, and IPv4 within it as IPv4', () => {
  assert.equal(networkOf('::ffff:10.0.0.1'), '10.0.0.1')
  assert.equal(networkOf('10.0.0.1'), '10.0.0.1')
  assert.equal(networkOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64')
  assert.equal(networkOf('2001:db8:1:2::9'), networkOf('2001:db8:1:2:ffff::'))
  assert.notEqual(networkOf('2001:db8::1'), networkOf('2001:db8:0:1::1'))
  assert.equal(networkOf('::1'), '0:0:0:0::/64')
  assert.equal(networkOf('fe80::1%eth0'), 'fe80:0:0:0::/64')
})
