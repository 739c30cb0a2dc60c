import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import fastify from 'fastify'
import { listen } from './listen.ts'

/** How many connections of this machine found no room in a queue, where the system tells. */
function overflows(): number | undefined {
  try {
    const [names, values] = readFileSync('/proc/net/netstat', 'utf8')
      .split('\n')
      .map((line) => line.split(' '))
    return Number(values[names.indexOf('ListenOverflows')])
  } catch {
    return undefined
  }
}

test('a thousand connections at once wait for a thread that is busy', { skip: overflows() === undefined }, async () => {
  const app = fastify()
  const { port } = new URL(await listen(app, '127.0.0.1', 0))
  const before = overflows()
  // All begin before the loop comes to accept one.
  const sockets = Array.from({ length: 1000 }, () => connect(Number(port), '127.0.0.1'))
  await Promise.all(sockets.map((socket: Socket) => new Promise((resolve) => socket.once('connect', resolve))))
  for (const socket of sockets) socket.destroy()
  await app.close()
  assert.equal(overflows(), before)
})
