import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openPost } from './post.ts'

test('a switch of protocols is a failure, and its connection is closed', async (context) => {
  let isClosed = false
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('close', () => {
      isClosed = true
    })
    socket.once('data', () =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => server.close())
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  const { post, close } = openPost(
    {
      ...{ name: 'bank', url, secrets: [Buffer.alloc(24)], events: new Set<string>() },
      ...{ orderBy: undefined, allowPrivate: true, giveUpAfterMs: 60_000 },
    },
    Date.now,
  )
  context.after(close)
  const answered = await Promise.race([post('a', '{}'), sleep(3000, 'never settled', { ref: true })])
  assert.equal(answered, 'it answered 101')
  for (let waits = 0; !isClosed && waits < 100; waits += 1) await sleep(10)
  assert(isClosed)
})
