import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { createRing, longestMessage, RingReader, RingWriter } from './ring.ts'

/** A small one, whose counts have been run up to `from`. */
function open(from = 0) {
  const memory = createRing(1024)
  memory.cells.fill(from, 0, 2)
  return { writer: new RingWriter(memory), reader: new RingReader(memory), longest: longestMessage(memory) }
}

function write(writer: RingWriter, message: Buffer): boolean {
  const at = writer.begin(message.length)
  if (at === -1) return false
  message.copy(writer.bytes, at)
  writer.end()
  return true
}

/** A message that is told from others by its bytes. */
function messageOf(length: number, number: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => (number * 31 + i * 7) & 0xff))
}

function readAll(reader: RingReader): readonly Buffer[] {
  const read: Buffer[] = []
  reader.drain((message) => read.push(Buffer.from(message)))
  return read
}

const act = fc.oneof(
  { weight: 5, arbitrary: fc.record({ write: fc.nat(256) }) },
  { weight: 2, arbitrary: fc.constant('publish' as const) },
  { weight: 2, arbitrary: fc.constant('read' as const) },
)
/** Counts at which 8 bytes are the ring's last, are those where the sign changes, or those where 32 bits run over. */
const from = fc.constantFrom(0, 1016, 0x7fff_fff8 | 0, 0x8000_0000 | 0, -8, -264)

describe('a ring', () => {
  test('gives each message once, whole and in order, whatever is written and read when', () => {
    fc.assert(
      fc.property(from, fc.array(act, { maxLength: 200 }), (from, acts) => {
        const { writer, reader } = open(from)
        const written: Buffer[] = []
        const published: Buffer[] = []
        for (const [number, each] of acts.entries()) {
          if (each === 'publish') {
            writer.publish()
            published.push(...written.splice(0))
          } else if (each === 'read') {
            assert.deepEqual(readAll(reader), published.splice(0))
          } else {
            const message = messageOf(each.write, number)
            if (write(writer, message)) written.push(message)
            // Of what it may hold a message, its length and what is skipped for it take up less than the half.
            else assert.ok([...written, ...published].reduce((sum, one) => sum + one.length + 12, 0) > 500)
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  test('takes no message that is too long, and none while it is full', () => {
    const { writer, reader, longest } = open()
    assert.equal(writer.begin(longest + 1), -1)
    assert.ok(write(writer, messageOf(longest, 0)))
    writer.publish()
    readAll(reader)
    const message = messageOf(100, 1)
    let count = 0
    while (write(writer, message)) count += 1
    assert.ok(count >= 7)
    writer.publish()
    assert.deepEqual(readAll(reader), Array(count).fill(message))
    assert.ok(write(writer, message))
  })

  test('shows nothing that was not published', () => {
    const { writer, reader } = open()
    write(writer, messageOf(50, 1))
    assert.deepEqual(readAll(reader), [])
    writer.publish()
    assert.deepEqual(readAll(reader), [messageOf(50, 1)])
  })

  test('writes nothing over a message while it is being taken', () => {
    const { writer, reader } = open()
    write(writer, messageOf(200, 1))
    writer.publish()
    let taken = 0
    reader.drain((message) => {
      while (write(writer, messageOf(200, 9))) taken += 1
      assert.deepEqual(Buffer.from(message), messageOf(200, 1))
    })
    assert.ok(taken > 0)
    writer.publish()
    assert.equal(readAll(reader).length, taken)
    assert.ok(write(writer, messageOf(200, 2)))
  })

  test('goes on behind a message whose reader threw', () => {
    const { writer, reader } = open()
    for (const number of [1, 2]) write(writer, messageOf(20, number))
    writer.publish()
    assert.throws(() =>
      reader.drain(() => {
        throw new Error('it can not be taken')
      }),
    )
    assert.deepEqual(readAll(reader), [messageOf(20, 2)])
  })

  test('has its reader woken once, and only where it sleeps', () => {
    const { writer, reader } = open()
    assert.equal(reader.sleep(), true)
    write(writer, messageOf(5, 1))
    assert.equal(writer.publish(), true)
    write(writer, messageOf(5, 2))
    assert.equal(writer.publish(), false)
    assert.equal(writer.publish(), false)
    assert.equal(reader.sleep(), false)
    assert.equal(readAll(reader).length, 2)
    assert.equal(reader.sleep(), true)
  })
})
