import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readParts, writeParts } from './snapshot-parts.ts'

const parts = fc.array(
  fc.record({
    name: fc.string({ maxLength: 20 }),
    version: fc.nat(9),
    chunks: fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 4 }),
  }),
  { maxLength: 4 },
)

function* cut(bytes: Buffer, length: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length)
}

test('parts come back, wherever their bytes are cut, read or passed over', () => {
  const property = fc.property(parts, fc.integer({ min: 1, max: 30 }), fc.nat(15), (written, length, isRead) => {
    const bytes = Buffer.concat([...writeParts(written)])
    const read: unknown[] = []
    let at = 0
    for (const { chunks, ...held } of readParts(written, cut(bytes, length))) {
      if ((isRead >> at) & 1) read.push([held, Buffer.concat([...chunks])])
      at += 1
    }
    assert.equal(at, written.length)
    const wanted = written.filter((_, i) => (isRead >> i) & 1)
    assert.deepEqual(
      read,
      wanted.map(({ chunks, ...held }) => [held, Buffer.concat(chunks)]),
    )
  })
  fc.assert(property)
})

test('parts that are cut off, or longer than they say, are refused', () => {
  const held = [{ name: 'histories', version: 1, chunks: [Buffer.from('abc'), Buffer.from('d')] }]
  const bytes = Buffer.concat([...writeParts(held)])
  for (let length = 0; length < bytes.length; length++) {
    const readAll = () => [...readParts(held, [bytes.subarray(0, length)])]
    assert.throws(readAll, { code: 'SNAPSHOT_INVALID' }, `${length} bytes`)
  }
  assert.throws(() => [...readParts(held, [bytes, Buffer.alloc(1)])], { code: 'SNAPSHOT_INVALID' })
})
