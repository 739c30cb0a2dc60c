import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { showEstimate, showShare, supportedDecimals } from './supported-digits.ts'

const estimate = (value: number, lower: number, upper: number) => ({ value, lower, upper })

test('shows the digits that an interval supports, and no more', () => {
  assert.deepEqual(showEstimate(estimate(1234.567, 1180.2, 1291.4)), { value: '1,230', lower: '1,180', upper: '1,290' })
  assert.deepEqual(showEstimate(estimate(3.1268, 2.41, 4.03)), { value: '3.1', lower: '2.4', upper: '4.0' })
  assert.deepEqual(showShare(estimate(0.70731, 0.6604, 0.7589)), { value: '71', lower: '66', upper: '76' })
  assert.deepEqual(showShare(estimate(0.70731, 0.7048, 0.7101)), { value: '70.7', lower: '70.5', upper: '71.0' })
  assert.deepEqual(showEstimate(estimate(52_340, 9000, 140_000)), {
    value: '50,000',
    lower: '10,000',
    upper: '140,000',
  })
})

test('moves no end of a lopsided interval as far as the figure', () => {
  const shown = { value: '15,000', lower: '5,000', upper: '42,000' }
  assert.deepEqual(showEstimate(estimate(14_842.39, 5236, 42_072)), shown)
})

test('shows no more decimals than the currency has', () => {
  assert.equal(showEstimate(estimate(12.34, 12.339, 12.341), 2).value, '12.34')
  assert.equal(showEstimate(estimate(1250, 1249.99, 1250.01), 0).value, '1,250')
})

test('shows none and all only where it is so', () => {
  assert.equal(showShare(estimate(0.9996, 0.95, 1)).value, '99.96')
  assert.equal(showShare(estimate(1, 0.65, 1)).value, '100')
  assert.equal(showShare(estimate(0.0004, 0, 0.04)).value, '0.04')
  assert.equal(showEstimate(estimate(0, 0, 12)).value, '0')
})

test('moves no figure by a quarter of the width of its interval', () => {
  const figure = fc.tuple(
    fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
    fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
  )
  fc.assert(
    fc.property(figure, ([value, below, above]) => {
      const given = estimate(value, value - below, value + above)
      const unit = 10 ** -supportedDecimals(given)
      const width = below + above
      assert.ok(unit <= (width / 2) * (1 + 1e-9), `${unit} of ${width}`)
      const shown = Number(showEstimate(given).value.replaceAll(',', ''))
      assert.ok(Math.abs(shown - value) <= width / 4 + 1e-9, `${shown} for ${value}`)
    }),
  )
})
