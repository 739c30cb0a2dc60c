import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { parseDetectorFile } from '../detector/detector.ts'
import { compileFeatures } from '../features/feature-set.ts'
import { compileExpression } from '../language/index.ts'
import { namesOf } from './policy-vocabulary.ts'

const located = parseDetectorFile(readFileSync('detectors/cards.yaml', 'utf8'), 'cards.yaml')
const { names, hint } = namesOf({ detector: located.detector, features: compileFeatures(located) })

const told = (condition: string): readonly string[] => {
  const compiled = compileExpression(condition, { names, lists: new Map(), ...(hint && { hint }) })
  return (compiled.ok ? compiled.warnings : compiled.problems).map(({ message }) => message)
}

describe('the names of a detector', () => {
  test('say of a feature that nobody declared which like it there are, and how to declare it', () => {
    assert.deepEqual(told('customer_count_1h > 5'), [
      'The name "customer_count_1h" is unknown; there is card_count_1h, terminal_count_1h, device_count_1h; to have it, add "- count: { by: customer, over: 1h }" to the features of the policy',
    ])
    assert.deepEqual(told('card_amount_sum_2d > 5'), [
      'The name "card_amount_sum_2d" is unknown; there is card_amount_sum_1d; to have it, add "- sum: { of: amount, by: card, over: 2d }" to the features of the policy',
    ])
    assert.deepEqual(told('crad_count_1h > 5'), ['The name "crad_count_1h" is unknown; did you mean card_count_1h?'])
  })

  test('know where the values of features are', () => {
    assert.deepEqual(told('card_count_1h < 0 || hour > 23 || terminal_fraud_rate_7d > 20 || weekend == 2'), [
      'card_count_1h is a whole number of at least 0, so this is never true',
      'hour is a whole number from 0 to 23, so this is never true',
      'terminal_fraud_rate_7d is from 0 to 1, so this is never true; 20 of 100 is 0.2',
      'weekend is a whole number from 0 to 1, so this is never true',
    ])
    assert.deepEqual(told('card_count_1h > 5 && hour < 6 && channel == "online"'), [])
  })

  test('know the texts that features speak of', () => {
    assert.deepEqual(told('channel == "onlin"'), [
      '"onlin" is not a value that the detector lists of channel: "online"; did you mean "online"?',
    ])
    assert.deepEqual(told('channel == "moto"'), [])
  })
})
