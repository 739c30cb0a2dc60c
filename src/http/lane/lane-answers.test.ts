import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FraudError } from '../../core/errors.ts'
import { presentError } from '../error-status.ts'
import { LaneAnswers } from './lane-answers.ts'

describe('a refusal that is always the same', () => {
  test('is made once a second, and told with the date and the time to keep alive of the moment', (t) => {
    let nowMs = Date.parse('2026-11-22T09:00:00.100Z')
    t.mock.method(Date, 'now', () => nowMs)
    const server = { keepAliveTimeout: 5000 }
    const answers = new LaneAnswers(server)
    const refusal = { problem: presentError(new FraudError('OVERLOADED', 'Too much')), retryAfter: '1' }
    const constant = answers.constant(refusal)
    const first = constant()
    assert.match(
      first,
      /^HTTP\/1\.1 503 Service Unavailable\r\nretry-after: 1\r\n.*Date: Sun, 22 Nov 2026 09:00:00 GMT/s,
    )
    nowMs += 800
    assert.equal(constant(), first)
    nowMs += 200
    assert.equal(constant(), first.replace('09:00:00 GMT', '09:00:01 GMT'))
    assert.equal(constant(), answers.problem(refusal))
    server.keepAliveTimeout = 1000
    assert.match(constant(), /Keep-Alive: timeout=1\r\n/)
  })
})
