import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { showAmount, showNumber, toMinorUnits } from './money.ts'

const digits = fc.integer({ min: 0, max: 6 })
const amounts = fc.oneof(
  fc.integer({ min: -1_000_000, max: 1_000_000 }),
  fc.maxSafeInteger().map((minor) => Math.trunc(minor / 4)),
)

/** The decimal text of so many minor units. */
function inMajorUnits(minor: number, places: number): string {
  const text = String(Math.abs(minor)).padStart(places + 1, '0')
  const whole = text.slice(0, text.length - places)
  return `${minor < 0 ? '-' : ''}${whole}${places === 0 ? '' : `.${text.slice(-places)}`}`
}

describe('an amount as minor units', () => {
  test('is exact for whatever has no more decimals than the currency', () => {
    const property = fc.property(amounts, digits, (minor, places) => {
      assert.equal(toMinorUnits(Number(inMajorUnits(minor, places)), places), minor + 0)
    })
    fc.assert(property, { numRuns: 2000 })
  })

  test('is none for more decimals, however small the rest', () => {
    const property = fc.property(
      fc.integer({ min: -100_000_000, max: 100_000_000 }),
      fc.integer({ min: 0, max: 4 }),
      fc.integer({ min: 1, max: 99 }),
      (minor, places, rest) => {
        const text = inMajorUnits(minor, places)
        const longer = `${text}${places === 0 ? '.' : ''}${String(rest).padStart(2, '0')}`
        assert.ok(Number.isNaN(toMinorUnits(Number(longer), places)), longer)
      },
    )
    fc.assert(property, { numRuns: 2000 })
    for (const [amount, places] of [
      [0.001, 2],
      [1e-9, 2],
      [5e-324, 6],
      [85.645, 2],
      [0.5, 0],
      [1234567.891, 2],
    ]) {
      assert.ok(Number.isNaN(toMinorUnits(amount, places)), String(amount))
    }
  })

  test('leaves out what arithmetic on doubles left behind', () => {
    assert.equal(toMinorUnits(85.64999999999999, 2), 8565)
    assert.equal(toMinorUnits(0.1 + 0.2, 2), 30)
    assert.equal(toMinorUnits(1.1 * 3, 1), 33)
    assert.equal(toMinorUnits(4.35 * 100, 0), 435)
    const property = fc.property(fc.nat(10_000_000), fc.integer({ min: 2, max: 50 }), (minor, times) => {
      assert.equal(toMinorUnits((minor / 100) * times, 2), minor * times)
      assert.equal(toMinorUnits((minor * times) / 100 / times, 2), minor)
    })
    fc.assert(property, { numRuns: 2000 })
  })

  test('is none for what is no number or too large to be exact', () => {
    for (const amount of [Number.NaN, Infinity, -Infinity, 1e14, 2 ** 53, -1e300]) {
      assert.ok(Number.isNaN(toMinorUnits(amount, 2)), String(amount))
    }
    assert.equal(toMinorUnits(9e13, 2), 9e15)
  })

  test('has one zero', () => {
    assert.ok(Object.is(toMinorUnits(-0, 2), 0))
  })
})

test('an amount is shown with all of its decimals, however large', () => {
  assert.equal(showAmount(217.71, 2, 'EUR'), '217.71 EUR')
  assert.equal(showAmount(159532.85, 2), '159532.85')
  assert.equal(showAmount(1200, 0, 'JPY'), '1200 JPY')
  assert.equal(showAmount(5, 3, 'KWD'), '5.000 KWD')
  assert.equal(showAmount(85.64999999999999, undefined), '85.65')
  assert.deepEqual(
    [0, 1e-9, -0.000123456789, 3, 123456.7890123].map((value) => showNumber(value)),
    ['0', '1e-9', '-0.000123', '3', '123456.789012'],
  )
})
