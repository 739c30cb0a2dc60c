import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRandom } from './random.ts'
import { numbersAt, sortNumbers, sortWithPlaces } from './sort-numbers.ts'

const bitsOf = ({ buffer, byteOffset, byteLength }: Float64Array) =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength)

function assertSorted(numbers: Float64Array) {
  const expected = numbers.toSorted()
  if (!numbers.includes(Number.NaN)) {
    const sorted = numbers.slice()
    const places = sortWithPlaces(sorted)
    assert.ok(bitsOf(sorted).equals(bitsOf(expected)))
    assert.ok(bitsOf(Float64Array.from(places, (place) => numbers[place])).equals(bitsOf(expected)))
    assert.equal(new Set(places).size, numbers.length)
    const given = numbers.slice()
    const some = [0, 1, 3, 3, numbers.length >> 1, numbers.length - 1]
    assert.deepEqual(
      numbersAt(numbers, some),
      some.map((place) => expected[place]),
    )
    assert.ok(bitsOf(numbers).equals(bitsOf(given)))
  }
  assert.equal(sortNumbers(numbers), numbers)
  assert.ok(bitsOf(numbers).equals(bitsOf(expected)))
}

test('numbers of any size and sign are sorted as by comparing them, zeros of both signs too', () => {
  const special = [0, -0, Infinity, -Infinity, 5e-324, -5e-324, Number.MAX_VALUE, -Number.MAX_VALUE, 1, 1 + 2 ** -52]
  const number = fc.oneof(fc.double({ noNaN: true }), fc.constantFrom(...special), fc.integer())
  fc.assert(
    fc.property(fc.array(number, { minLength: 2, maxLength: 20 }), fc.nat(1_000_000), (drawn, seed) => {
      const random = createRandom(seed)
      assertSorted(Float64Array.from({ length: 1500 }, () => drawn[random.integer(drawn.length)]))
    }),
    { numRuns: 60 },
  )
})

test('many different numbers are sorted, as a part of a larger array and with some that are missing', () => {
  const random = createRandom(1)
  const draw = () => Float64Array.from({ length: 20_000 }, () => random.normal() * 10 ** (random.integer(40) - 20))
  assertSorted(draw())
  assertSorted(draw().subarray(7, 15_000))
  assertSorted(draw().map((value, i) => (i % 1000 === 0 ? Number.NaN : value)))
  assertSorted(draw().map((value) => (value > 0 ? -1 : -value)))
  assertSorted(new Float64Array(5000).fill(2))
})

test('few numbers are sorted with their places, too', () => {
  const numbers = Float64Array.of(3, -1, 3, 0, -Infinity)
  const places = sortWithPlaces(numbers)
  assert.deepEqual(numbers, Float64Array.of(-Infinity, -1, 0, 3, 3))
  assert.deepEqual(places, Uint32Array.of(4, 1, 3, 0, 2))
})

test('numbers that are sorted but for zeros of both signs are sorted, too', () => {
  const ascending = Float64Array.from({ length: 3000 }, (_, i) => Math.floor(i / 3))
  assertSorted(ascending.slice())
  assertSorted(ascending.with(2, -0))
  assertSorted(ascending.with(0, -0))
  assertSorted(ascending.with(2999, -1))
})
