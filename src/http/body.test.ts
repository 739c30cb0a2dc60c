import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { openTestService } from '../../test/service/fixture.ts'

test('a body in thousands of tiny chunks is read no further than it takes to see that', async (t) => {
  const { app, port } = await openTestService()
  t.after(() => app.close())
  let bytesRead = 0
  app.server.on('connection', (socket: Socket) => {
    socket.once('close', () => {
      bytesRead = socket.bytesRead
    })
  })
  const client = connect(port, '127.0.0.1')
  client.on('error', () => {}).resume()
  const type = 'Content-Type: application/json'
  client.write(`POST /predict HTTP/1.1\r\nHost: a\r\n${type}\r\nTransfer-Encoding: chunked\r\n\r\n`)
  client.write('1\r\n[\r\n'.repeat(200_000))
  await once(client, 'close')
  assert.ok(bytesRead > 0 && bytesRead < 100_000, `${bytesRead} bytes were read`)
})
