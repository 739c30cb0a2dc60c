import assert from 'node:assert/strict'
import { test } from 'node:test'
import { featureReasons, strongest } from './feature-reasons.ts'

test('the strongest speak for fraud, the most first, four at most', () => {
  assert.deepEqual(strongest(Float64Array.of(0.1, -3, 0, 0.5), 'log-odds'), [
    { feature: 3, value: 0.5 },
    { feature: 0, value: 0.1 },
  ])
  assert.equal(strongest(Float64Array.of(1, 1, 1, 1, 1), 'probability').length, 4)
  assert.deepEqual(strongest(Float64Array.of(-1, Number.NaN), 'log-odds'), [])
})

test('a row that is set apart with less depth is unlike others, so less depth speaks for fraud', () => {
  assert.deepEqual(strongest(Float64Array.of(0.1, -3, Number.NaN, -0.5), 'depth'), [
    { feature: 1, value: -3 },
    { feature: 3, value: -0.5 },
  ])
})

test('reasons have the detector’s words, else those of the feature’s kind', () => {
  const contributions = [0, 1].map((feature) => ({ feature, value: 1 - feature / 4 }))
  const words = [
    { code: 'amount', template: 'High, at {value} ({value})', say: () => 'unused', show: () => '$& 1234.57 EUR' },
    { code: 'count', say: () => '3 payments of this card', show: () => '3' },
  ]
  assert.deepEqual(
    featureReasons(contributions, Float64Array.of(1234.567, 3), (at) => words[at]),
    [
      { code: 'amount', text: 'High, at $& 1234.57 EUR ($& 1234.57 EUR)', contribution: 1 },
      { code: 'count', text: '3 payments of this card', contribution: 0.75 },
    ],
  )
})

test('an unknown value is a reason that says so', () => {
  const words = { code: 'place', say: () => 'No earlier place of this card is known', show: () => 'unknown' }
  const [{ text }] = featureReasons([{ feature: 0, value: 1 }], Float64Array.of(Number.NaN), () => words)
  assert.equal(text, 'No earlier place of this card is known, which the model treats as a sign of fraud')
})
