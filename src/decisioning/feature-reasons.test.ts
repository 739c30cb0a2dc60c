import assert from 'node:assert/strict'
import { test } from 'node:test'
import { featureReasons, strongest } from './feature-reasons.ts'
import { ValueWriter } from './packed-values.ts'
import { decodeRecord, encodeFrame, splitFrames } from './record-format.ts'

const features = ['amount', 'night', 'count']

test('the strongest speak for fraud, the most first, four at most', () => {
  assert.deepEqual(strongest(Float64Array.of(0.1, -3, 0, 0.5)), [
    { feature: 3, value: 0.5 },
    { feature: 0, value: 0.1 },
  ])
  assert.equal(strongest(Float64Array.of(1, 1, 1, 1, 1)).length, 4)
  assert.deepEqual(strongest(Float64Array.of(-1, Number.NaN)), [])
})

test('reasons have the detector’s words, with the actual value', () => {
  const detector = { reasons: { amount: 'The amount of {value} is high ({value})' } }
  const contributions = [0, 1, 2].map((feature) => ({ feature, value: 1 - feature / 4 }))
  assert.deepEqual(featureReasons(contributions, Float64Array.of(1234.567, Number.NaN, 3), { features, detector }), [
    { code: 'amount', text: 'The amount of 1235 is high (1235)', contribution: 1 },
    { code: 'night', text: 'night is unknown', contribution: 0.75 },
    { code: 'count', text: 'count is 3', contribution: 0.5 },
  ])
})

test('reasons name a category by its text, and a number that is none as it is', () => {
  const definition = { features: ['channel'], detector: {}, categories: { channel: ['web', '$& pos'] } }
  const textOf = (value: number) =>
    featureReasons([{ feature: 0, value: 1 }], Float64Array.of(value), definition)[0].text
  assert.deepEqual([0, 1, 2, Number.NaN].map(textOf), [
    'channel is web',
    'channel is $& pos',
    'channel is 2',
    'channel is unknown',
  ])
})

test('a record keeps them, and one without them is what it was before there were any', () => {
  const decision = { kind: 'decision', id: 'a', timestampMs: 1, outcome: 'review', score: 0.5, decidedAtMs: 2 } as const
  const rest = { definition: 1, degraded: [], fields: ['x'], row: Float64Array.of(1, 2, 3) }
  const contributions = [
    { feature: 2, value: 0.123456789 },
    { feature: 0, value: 1e-9 },
  ]
  for (const more of [{}, { contributions }]) {
    const writer = new ValueWriter()
    const record = { ...decision, ...rest, ...more }
    encodeFrame(record, 7, writer)
    const [{ record: stored }] = splitFrames(writer.bytes)
    assert.deepEqual(decodeRecord(stored), { ...record, sequence: 7 })
  }
})
