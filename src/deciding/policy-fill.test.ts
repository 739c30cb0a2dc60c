import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FraudError } from '../core/errors.ts'
import { silentLogger } from '../core/logger.ts'
import { PolicyFill } from './policy-fill.ts'

/** Wants so many rounds; `fail` is what the next one ends with. */
function setUp(wanted: number) {
  const state = { wanted, rounds: 0, fail: undefined as Error | undefined }
  const closing = new AbortController()
  const fill = new PolicyFill({
    isFilled: () => state.rounds >= state.wanted,
    async take() {
      if (state.fail !== undefined) throw state.fail
      state.rounds++
    },
    logger: silentLogger,
    signal: closing.signal,
  })
  return { fill, state, closing }
}

describe('the fill of features of the policy', () => {
  test('goes on until all that is declared counts, what is declared meanwhile, too', async () => {
    const { fill, state } = setUp(1)
    fill.begin()
    state.wanted = 3
    fill.begin()
    await fill.underway
    assert.equal(state.rounds, 3)
    assert.equal(fill.underway, undefined)
  })

  test('does not begin where nothing is missing, or where the service ends', () => {
    const filled = setUp(0)
    filled.fill.begin()
    assert.equal(filled.fill.underway, undefined)
    const ending = setUp(1)
    ending.closing.abort()
    ending.fill.begin()
    assert.equal(ending.fill.underway, undefined)
  })

  test('tells why it failed until it begins again; a log that failed tells it itself', async () => {
    const { fill, state } = setUp(1)
    state.fail = new FraudError('LOG_UNAVAILABLE', 'The disk is full')
    fill.begin()
    await fill.underway
    assert.equal(fill.failure, undefined)
    state.fail = new FraudError('DETECTOR_INVALID', 'A column is missing')
    fill.begin()
    await fill.underway
    assert.equal(fill.failure, 'A column is missing')
    state.fail = undefined
    fill.begin()
    await fill.underway
    assert.equal(fill.failure, undefined)
    assert.equal(state.rounds, 1)
  })
})
