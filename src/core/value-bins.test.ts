import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { binCount, binOf, lowerEnd, missingBin, upperEnd, zeroBin } from './value-bins.ts'

const within = fc.double({ noNaN: true, min: 2 ** -20, max: 2 ** 39 })

test('a value is in the bin that holds it, and bins touch', () => {
  const property = fc.property(within, fc.boolean(), (magnitude, isNegative) => {
    const value = isNegative ? -magnitude : magnitude
    const bin = binOf(value)
    assert.ok(isNegative ? bin < zeroBin : bin > zeroBin)
    assert.ok(value >= lowerEnd(bin) && value <= upperEnd(bin), `${value} in ${lowerEnd(bin)} to ${upperEnd(bin)}`)
    const wide = upperEnd(bin) - lowerEnd(bin)
    assert.ok(wide <= magnitude * 0.1251, `${wide} wide at ${magnitude}`)
    if (bin + 1 < binCount) assert.equal(upperEnd(bin), lowerEnd(bin + 1))
  })
  fc.assert(property)
})

test('bins are in the order of values', () => {
  const property = fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (one, other) => {
    if (one < other) assert.ok(binOf(one) <= binOf(other))
  })
  fc.assert(property)
})

test('what is missing, zero and beyond all bins has its place', () => {
  assert.equal(binOf(Number.NaN), missingBin)
  for (const value of [0, -0, 2 ** -21, -(2 ** -30)]) assert.equal(binOf(value), zeroBin)
  assert.equal(binOf(Number.POSITIVE_INFINITY), binCount - 1)
  assert.equal(binOf(1e300), binCount - 1)
  assert.equal(binOf(Number.NEGATIVE_INFINITY), 1)
  const whole = Array.from({ length: 17 }, (_, i) => binOf(i))
  assert.equal(new Set(whole).size, 17)
})
