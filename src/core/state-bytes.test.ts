import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { StateReader, StateWriter } from './state-bytes.ts'

type Part = number | string | Float64Array

const parts: fc.Arbitrary<readonly Part[]> = fc.array(
  fc.oneof(
    fc.double(),
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.array(fc.double(), { maxLength: 60 }).map((values) => Float64Array.from(values)),
  ),
  { maxLength: 40 },
)

function write(all: readonly Part[]): Uint8Array[] {
  const writer = new StateWriter()
  const chunks: Uint8Array[] = []
  for (const part of all) {
    if (typeof part === 'number') writer.double(part)
    else if (typeof part === 'string') writer.text(part)
    else writer.doubles(part)
    chunks.push(...writer.take())
  }
  return [...chunks, ...writer.take(true)]
}

/** Reads what was written, and that nothing comes after it. */
function check(chunks: Iterable<Uint8Array>, all: readonly Part[]): void {
  const reader = new StateReader(chunks)
  for (const part of all) {
    if (typeof part === 'number') assert.ok(Object.is(reader.double(), part))
    else if (typeof part === 'string') assert.equal(reader.text(), part)
    else {
      const read = new Float64Array(part.length)
      reader.doubles(read)
      assert.deepEqual(read, part)
    }
  }
  reader.end()
}

/** The same bytes in other pieces, empty ones among them. */
function cutAgain(chunks: readonly Uint8Array[], lengths: readonly number[]): Uint8Array[] {
  const bytes = Buffer.concat(chunks)
  const pieces: Uint8Array[] = []
  let at = 0
  for (let i = 0; at < bytes.length; i++) {
    const length = lengths[i % lengths.length] + (i >= 1000 ? 4096 : 0)
    pieces.push(bytes.subarray(at, at + length))
    at += length
  }
  return pieces
}

const isInvalid = { code: 'SNAPSHOT_INVALID' }

test('what was written is read again, wherever its chunks are cut', () => {
  const lengths = fc.array(fc.nat(50), { minLength: 1, maxLength: 6 }).filter((all) => all.some((length) => length > 0))
  const property = fc.property(parts, lengths, (all, cuts) => {
    const chunks = write(all)
    check(chunks, all)
    check(cutAgain(chunks, cuts), all)
  })
  fc.assert(property, { numRuns: 200 })
})

test('chunks are about 64 KiB, and none is empty', () => {
  const chunks = write(Array.from({ length: 40_000 }, (_, i) => i))
  assert.equal(
    chunks.reduce((sum, { length }) => sum + length, 0),
    320_000,
  )
  for (const { length } of chunks.slice(0, -1)) assert.ok(length >= 65_536 && length < 70_000, String(length))
  assert.deepEqual(write([]), [])
})

test('one part larger than a chunk is read again', () => {
  const all = [1, new Float64Array(100_000).fill(0.5), 'é'.repeat(300_000), 2]
  check(write(all), all)
})

describe('bytes that are not what is asked for', () => {
  const read = (chunks: readonly Uint8Array[], how: (reader: StateReader) => unknown) => how(new StateReader(chunks))

  test('are refused where they end too soon', () => {
    const property = fc.property(parts, fc.nat(), (all, at) => {
      const bytes = Buffer.concat(write(all))
      if (bytes.length === 0) return
      assert.throws(() => check([bytes.subarray(0, at % bytes.length)], all), isInvalid)
    })
    fc.assert(property)
  })

  test('are refused where some are left over, in the same chunk or another', () => {
    const bytes = Buffer.concat(write([7]))
    for (const chunks of [[Buffer.concat([bytes, Buffer.from([0])])], [bytes, Buffer.alloc(0), Buffer.from([0])]]) {
      const reader = new StateReader(chunks)
      assert.equal(reader.double(), 7)
      assert.throws(() => reader.end(), isInvalid)
    }
  })

  test('are refused as a count that is no whole number, or more than there can be', () => {
    for (const count of [-1, 0.5, 11, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => read(write([count]), (reader) => reader.count(10)), isInvalid, String(count))
    }
    assert.equal(
      read(write([10]), (reader) => reader.count(10)),
      10,
    )
  })

  test('are refused as a text that is none, or longer than a text can be', () => {
    assert.throws(() => read(write([8, Number.NaN]), (reader) => reader.text()), isInvalid)
    assert.throws(() => read(write([1e9, 'a']), (reader) => reader.text()), isInvalid)
    assert.throws(() => read(write([-1]), (reader) => reader.text()), isInvalid)
  })
})
