import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as immediate } from 'node:timers/promises'
import { Channel } from './channel.ts'
import type { RingNotice } from './edge-messages.ts'
import { createRing, longestMessage } from './ring.ts'

function open() {
  const [up, down] = [createRing(1024), createRing(1024)]
  const said: RingNotice[] = []
  const taken: string[] = []
  const writer = new Channel(up, down, { say: (notice) => said.push(notice), take: () => {} })
  const reader = new Channel(down, up, { say: () => {}, take: (message) => taken.push(message.toString()) })
  const send = (text: string) => {
    writer.send(text.length, (bytes, at) => bytes.write(text, at))
    return writer
  }
  return { send, said, taken, reader, longest: longestMessage(up) }
}

test('a channel wakes the other side once for all of a turn', async () => {
  const { send, said, taken, reader } = open()
  for (const text of ['a', 'b', 'c']) send(text)
  assert.deepEqual(said, [])
  await immediate()
  assert.deepEqual(said, ['wake'])
  reader.hear('wake')
  assert.deepEqual(taken, ['a', 'b', 'c'])
  send('d')
  await immediate()
  assert.deepEqual(said, ['wake', 'wake'])
})

test('a channel exchanges what there is in the midst of a turn', async () => {
  const { send, said, taken, reader } = open()
  const writer = send('a')
  assert.deepEqual(said, [])
  writer.exchange()
  assert.deepEqual(said, ['wake'])
  send('b').exchange()
  reader.exchange()
  assert.deepEqual([said, taken], [['wake'], ['a', 'b']])
  // It sleeps again, and is woken, once it has heard what it was told.
  reader.hear('wake')
  send('c')
  await immediate()
  assert.deepEqual(said, ['wake', 'wake'])
})

test('a channel brings what has no room in its ring', async () => {
  const { send, said, taken, reader, longest } = open()
  const texts = [
    'x'.repeat(longest + 1),
    ...Array.from({ length: 20 }, (_, i) => String.fromCharCode(97 + i).repeat(200)),
  ]
  for (const text of texts) send(text)
  await immediate()
  assert.ok(said.length > 10)
  for (const notice of said) reader.hear(notice)
  assert.deepEqual(taken.toSorted(), texts.toSorted())
})
