import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isPassingInKafka, whyKafka } from './kafka-errors.ts'

const ofClient = (message: string, more: object = {}) =>
  Object.assign(new Error(message), { code: 'PLT_KFK_MULTIPLE' }, more)

describe('an error of the client of Kafka', () => {
  test('passes where a broker is away, and is none of ours where another package threw it', () => {
    assert.equal(isPassingInKafka(ofClient('Cannot connect to any broker')), true)
    assert.equal(isPassingInKafka(new TypeError('Cannot read properties of undefined')), false)
  })

  test('is refused for good where one of its tries was, however deep', () => {
    const refused = ofClient('Not authorized', { apiId: 'TOPIC_AUTHORIZATION_FAILED' })
    const tries = ofClient('Failed', { errors: [ofClient('A broker is away'), ofClient('Fetch', { cause: refused })] })
    assert.throws(() => isPassingInKafka(tries), { code: 'KAFKA_REFUSED', message: 'Kafka refuses it: Not authorized' })
  })

  test('is told by the last of its tries', () => {
    const tries = ofClient('Failed 3 times', { errors: [new Error('first'), new Error('last', { cause: 'a text' })] })
    assert.equal(whyKafka(tries), 'last')
    assert.equal(whyKafka('no error'), 'no error')
  })
})
