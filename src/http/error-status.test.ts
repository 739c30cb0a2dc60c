import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FraudError } from '../core/errors.ts'
import { presentError } from './error-status.ts'

test('a failure that is no answer to a request is presented as a bug is: without its message', () => {
  for (const error of [
    new Error('a secret'),
    new FraudError('FILE_UNREADABLE', 'a secret path', { errors: [{ field: 'a secret', reason: '' }] }),
    'a secret',
    undefined,
  ]) {
    const problem = presentError(error)
    assert.equal(problem.status, 500)
    assert.equal(problem.code, 'INTERNAL')
    assert.doesNotMatch(JSON.stringify(problem), /secret/)
  }
})

test('a refusal is presented with its reasons', () => {
  const errors = [{ field: 'V1', reason: 'is missing' }]
  assert.deepEqual(presentError(new FraudError('INPUT_INVALID', '1 field', { errors })), {
    type: 'urn:shrike:error:INPUT_INVALID',
    title: 'Unprocessable Entity',
    status: 422,
    detail: '1 field',
    code: 'INPUT_INVALID',
    errors,
  })
})
