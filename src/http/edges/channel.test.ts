import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as immediate } from 'node:timers/promises'
import fc from 'fast-check'
import { Channel } from './channel.ts'
import type { RingNotice } from './edge-messages.ts'
import { createRing, longestMessage } from './ring.ts'

function open(take = (_text: string) => {}) {
  const [up, down] = [createRing(1024), createRing(1024)]
  const said: RingNotice[] = []
  const taken: string[] = []
  const writer = new Channel(up, down, { say: (notice) => said.push(notice), take: () => {} })
  const reader = new Channel(down, up, {
    say: () => {},
    take(message) {
      taken.push(message.toString())
      take(message.toString())
    },
  })
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

test('a channel that has just taken something is not woken, and sleeps once nothing comes', async () => {
  const { send, said, taken, reader } = open()
  send('a').exchange()
  reader.hear('wake')
  send('b').exchange()
  await immediate()
  assert.deepEqual([said, taken], [['wake'], ['a', 'b']])
  await immediate()
  send('c').exchange()
  assert.deepEqual(said, ['wake', 'wake'])
})

test('a channel takes all that is sent, in order, whenever notices come', async () => {
  const act = fc.constantFrom('send', 'send', 'turn', 'hear')
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 60 }), async (acts) => {
      const { send, said, taken, reader } = open()
      const sent: string[] = []
      let heard = 0
      const hear = () => heard < said.length && reader.hear(said[heard++])
      for (const each of acts) {
        if (each === 'send') send(sent[sent.push(String(sent.length)) - 1])
        else if (each === 'hear') hear()
        else await immediate()
      }
      for (let turn = 0; turn < 3; turn++) {
        await immediate()
        while (hear());
      }
      assert.deepEqual(taken, sent)
      // Nobody looks any more, so what is sent now wakes.
      await immediate()
      send('last').exchange()
      assert.equal(said.length, heard + 1)
    }),
  )
})

test('a channel goes on behind a message that could not be taken', async () => {
  const { send, taken, reader } = open((text) => {
    if (text === 'a') throw new Error('it can not be taken')
  })
  send('a')
  send('b').exchange()
  assert.throws(() => reader.hear('wake'))
  await immediate()
  assert.deepEqual(taken, ['a', 'b'])
})
