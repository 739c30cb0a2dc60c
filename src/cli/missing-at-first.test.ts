import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDetector } from '../detector/detector.ts'
import { compileDetector } from '../features/feature-set.ts'
import { missingAtFirst, warnOfMissing } from './missing-at-first.ts'

test('names the features that are missing on the first transaction of a key', () => {
  const features = compileDetector(
    parseDetector({
      detector: 't',
      transaction: {
        id: 'id',
        time: { field: 't', format: 'iso' },
        amount: { field: 'amount' },
        keys: { card: 'card' },
        label: { field: 'fraud' },
      },
      features: ['amount', { count: { by: 'card', over: '1d' } }, { timeSinceLast: { by: 'card' } }],
    }),
  )
  const [, , since] = features.names
  assert.deepEqual(missingAtFirst(features), [since])
  for (const library of ['xgboost', 'onnx'])
    assert.match(warnOfMissing(library, features) ?? '', new RegExp(`^${since}: missing \\(NaN\\) on the first`))
  assert.equal(warnOfMissing('lightgbm', features), undefined)
})
