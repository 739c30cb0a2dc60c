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

test('a full disk is presented as what passes, whichever file had no room, without its name', () => {
  const system = Object.assign(new Error("ENOSPC: no space left on device, open '/secret'"), { code: 'ENOSPC' })
  const sqlite = Object.assign(new Error('database or disk is full'), { errcode: 13 })
  const wrapped = new FraudError('DIRECTORY_UNUSABLE', 'a secret path', { cause: sqlite })
  for (const error of [system, sqlite, wrapped]) {
    const { status, code, detail } = presentError(error)
    assert.deepEqual([status, code, detail], [503, 'NOT_READY', 'The disk is full'])
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

test('a refusal never has a card number in it, whoever named a field so', () => {
  for (const name of [
    '4111111111111111',
    '4111.1111.1111.1111',
    'pan-%34111111111111111',
    '４１１１１１１１１１１１１１１１',
  ]) {
    const errors = [{ field: `[3].${name}`, reason: `is no field: ${name}` }]
    const text = JSON.stringify(presentError(new FraudError('INPUT_INVALID', `no ${name}`, { errors })))
    assert.match(text, /"field":"\[\*\]\.[^0-9]+"/)
    assert.doesNotMatch(text, /1111|１１/)
  }
})
