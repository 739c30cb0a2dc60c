import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { examples } from '../../test/examples.ts'
import type { FieldValue } from '../detector/field-value.ts'
import { ValueReader, ValueWriter } from './packed-values.ts'

const edges = [
  ...[0, -0, 1, -1, 127, 128, 199, 200, 207, 255, 256, -127, -128, 2 ** 31, 2 ** 32, 2 ** 34, 2 ** 34 / 100],
  ...[2 ** 53 - 1, 2 ** 53, 2 ** 53 + 2, 1 - 2 ** 53, -(2 ** 53), Number.MAX_VALUE, -Number.MAX_VALUE],
  ...[Number.MIN_VALUE, -Number.MIN_VALUE, 2 ** -1022, 2 ** -149, 2 ** -150, Number.EPSILON],
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.1, -0.1, 0.01, 0.07, 1.005, 19.99, 0.5, -2.5],
]
const hundredths = fc.integer({ min: -(2 ** 36), max: 2 ** 36 }).map((cents) => cents / 100)
const doubles = fc.oneof(
  fc.constantFrom(...edges),
  fc.double(),
  fc.float(),
  hundredths,
  fc.maxSafeInteger(),
  fc.nat(300),
)

function written(write: (to: ValueWriter) => void): Uint8Array {
  const writer = new ValueWriter()
  write(writer)
  return writer.bytes
}

describe('a number', () => {
  const roundTrip = (value: number) => {
    const reader = new ValueReader(written((to) => to.number(value)))
    assert.ok(Object.is(reader.number(), value), String(value))
    assert.ok(reader.isAtEnd, String(value))
  }

  test('comes back as it was, in every bit', () => {
    for (const value of edges) roundTrip(value)
    fc.assert(fc.property(doubles, roundTrip), { numRuns: examples(1000) })
  })

  test('takes one byte where it is a small count, and few where it is money', () => {
    const length = (value: number) => written((to) => to.number(value)).length
    assert.deepEqual([0, 199, 200, 16_383, 19.99, 163.84, 0.5, 0.1 + 0.2, Number.NaN].map(length), [
      ...[1, 1, 3, 3, 3, 4, 2, 9, 1],
    ])
  })
})

describe('a text', () => {
  const roundTrip = (text: string) => {
    const reader = new ValueReader(written((to) => to.text(text)))
    assert.equal(reader.text(), text)
    assert.ok(reader.isAtEnd)
  }

  test('comes back as it was, whatever characters it has', () => {
    const texts = fc.string({ unit: 'binary', maxLength: 300 })
    fc.assert(fc.property(texts, roundTrip), { numRuns: examples(100) })
    for (const text of ['', '\0', 'a\0b', 'é', '€', '👍', '\ufeffmark', '\uffff']) roundTrip(text)
  })

  test('comes back where its length is about that at which another way of writing begins', () => {
    for (const unit of ['a', 'é', '€', '👍']) {
      for (const length of [22, 23, 24, 25, 41, 42, 43, 62, 63, 64, 65, 126, 127, 128, 129, 16_383, 16_384]) {
        roundTrip(unit.repeat(length))
        roundTrip(`${'a'.repeat(length)}${unit}`)
      }
    }
  })

  test('that is no UTF-8, or is cut off, is refused', () => {
    for (const bytes of [[1, 0xff], [2, 0x61], [30, ...new Array(30).fill(0xc0)], []]) {
      assert.throws(() => new ValueReader(Uint8Array.from(bytes)).text(), /RangeError|TypeError/)
    }
  })
})

test('values of every kind lie side by side, through every growth of the writer', () => {
  const values = fc.array(fc.oneof(doubles, fc.string({ unit: 'grapheme', maxLength: 200 }), fc.constant(undefined)), {
    maxLength: 100,
  })
  const property = fc.property(values, (all: readonly FieldValue[]) => {
    const reader = new ValueReader(written((to) => all.forEach((value) => void to.value(value))))
    for (const value of all) assert.ok(Object.is(reader.value(), value))
    assert.ok(reader.isAtEnd)
  })
  fc.assert(property, { numRuns: examples(60) })
})

describe('bytes that nobody wrote', () => {
  // 128 to the 147th power is past what a double holds, and 0 times that is no number.
  const endless = [...new Array(160).fill(0x80), 0x01]

  test('with a length past all bounds are refused', () => {
    for (const first of [202, 203, 204, 206]) {
      const bytes = Uint8Array.from([first, ...endless, ...new Array(40).fill(0x80)])
      assert.throws(() => new ValueReader(bytes).value(), RangeError)
    }
    const reader = new ValueReader(Uint8Array.from([...endless, ...new Array(40).fill(0x80)]))
    assert.throws(() => reader.raw(reader.whole()), RangeError)
  })

  test('are read or refused, and never past their end', () => {
    const property = fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const reader = new ValueReader(bytes)
      try {
        while (!reader.isAtEnd) {
          reader.value()
          assert.ok(reader.position > 0 && reader.position <= bytes.length)
        }
      } catch (error) {
        assert.ok(error instanceof RangeError || error instanceof TypeError, String(error))
      }
    })
    fc.assert(property, { numRuns: examples(400) })
  })
})
