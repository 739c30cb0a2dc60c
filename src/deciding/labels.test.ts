import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FraudError } from '../core/errors.ts'
import { type LabelInput, readLabels } from './labels.ts'

const nowMs = Date.UTC(2026, 10, 22, 9)
function read(value: unknown): readonly LabelInput[] {
  const reading = readLabels(value, nowMs, 300_000)
  for (let step = reading.next(); ; step = reading.next()) if (step.done === true) return step.value
}
const good = { transactionId: 't-1', isFraud: true }

function refusal(value: unknown): FraudError {
  try {
    read(value)
  } catch (error) {
    assert.ok(error instanceof FraudError)
    return error
  }
  assert.fail('was taken in')
}

/** The reasons of one bad label, by its fields. */
function reasons(value: unknown): Readonly<Record<string, string>> {
  const error = refusal(value)
  assert.equal(error.code, 'INPUT_INVALID')
  return Object.fromEntries(error.errors.map(({ field, reason }) => [field, reason]))
}

const badTexts = [
  ['x'.repeat(129), 'is over 128 characters'],
  ['a\ud800', 'is not valid text: it has half of a surrogate pair'],
  ['a\0', 'holds the character U+0000'],
]

describe('a label', () => {
  test('says of a transaction that it is fraud or is not, and may say since when and who says so', () => {
    assert.deepEqual(read(good), [{ ...good, knownAtMs: undefined, source: undefined }])
    const full = { transactionId: 12, isFraud: false, knownAt: '2026-11-22T10:00:00+01:00', source: 'chargeback' }
    assert.deepEqual(read(full), [{ transactionId: '12', isFraud: false, knownAtMs: nowMs, source: 'chargeback' }])
    assert.deepEqual(read({ ...good, knownAt: null, source: null }), read(good))
    assert.deepEqual(read({ ...good, source: '' }), read(good))
  })

  test('may be one of many, or there may be none', () => {
    assert.deepEqual(
      read([good, { ...good, isFraud: false }]).map(({ isFraud }) => isFraud),
      [true, false],
    )
    assert.deepEqual(read([]), [])
  })

  test('has an id as a transaction has one', () => {
    const wanted = 'must be text of 1 to 128 characters, or a whole number'
    assert.deepEqual(reasons({ isFraud: true }), { transactionId: 'is missing' })
    for (const [transactionId, reason] of badTexts)
      assert.deepEqual(reasons({ ...good, transactionId }), { transactionId: reason })
    for (const transactionId of ['', null, true, {}, 1.5, 2 ** 53]) {
      assert.deepEqual(reasons({ ...good, transactionId }), { transactionId: wanted })
    }
    assert.equal(read({ ...good, transactionId: 'x'.repeat(128) })[0].transactionId.length, 128)
  })

  test('says true or false, in no other words', () => {
    assert.deepEqual(reasons({ transactionId: 't' }), { isFraud: 'is missing' })
    for (const [isFraud, kind] of [
      [1, 'a number'],
      ['true', 'text'],
      [null, 'null'],
      [[], 'an array'],
    ]) {
      assert.deepEqual(reasons({ ...good, isFraud }), { isFraud: `is ${kind}, where true or false is required` })
    }
  })

  test('was known by now, or at most five minutes from now, to the millisecond', () => {
    const knownAt = (ms: number) => ({ ...good, knownAt: new Date(nowMs + ms).toISOString() })
    assert.equal(read(knownAt(300_000))[0].knownAtMs, nowMs + 300_000)
    assert.deepEqual(reasons(knownAt(300_001)), { knownAt: "is ahead of the service's clock" })
    for (const wrong of ['yesterday', '', 7, true, '2026-02-30']) {
      assert.deepEqual(reasons({ ...good, knownAt: wrong }), { knownAt: 'is not an ISO 8601 time' })
    }
  })

  test('has a source that is a short text', () => {
    for (const [source, reason] of badTexts) assert.deepEqual(reasons({ ...good, source }), { source: reason })
    for (const source of [7, {}]) {
      assert.deepEqual(reasons({ ...good, source }), { source: 'must be text of at most 128 characters' })
    }
  })

  test('has no other fields', () => {
    assert.deepEqual(reasons({ ...good, isfraud: true, label: 1 }), {
      isfraud: 'is not a field of a label: transactionId, isFraud, knownAt, source',
      label: 'is not a field of a label: transactionId, isFraud, knownAt, source',
    })
  })

  test('is an object', () => {
    assert.deepEqual(reasons(7), { '(body)': 'is a number, where an object is required' })
    assert.deepEqual(reasons([good, null, []]), {
      '[1]': 'is null, where an object is required',
      '[2]': 'is an array, where an object is required',
    })
  })

  test('is refused with all others that come with it, each bad field by its place', () => {
    assert.deepEqual(reasons([good, { transactionId: 't' }, { ...good, source: 7, knownAt: 'x' }]), {
      '[1].isFraud': 'is missing',
      '[2].source': 'must be text of at most 128 characters',
      '[2].knownAt': 'is not an ISO 8601 time',
    })
  })

  test('never has a card number in it, nor does the error that says so', () => {
    const card = '4111 1111-1111 1111'
    for (const [value, field] of [
      [{ ...good, transactionId: card }, 'transactionId'],
      [{ ...good, transactionId: 4111111111111111 }, 'transactionId'],
      [{ ...good, source: `call about ${card}` }, 'source'],
      [[good, { ...good, source: card, isFraud: 1 }], '[1].source'],
      [{ ...good, source: `${card}${'x'.repeat(128)}` }, 'source'],
    ] as const) {
      const error = refusal(value)
      assert.equal(error.code, 'CARD_NUMBER_REFUSED')
      const told = field === 'transactionId' ? {} : { id: good.transactionId }
      assert.deepEqual(error.errors, [{ field, reason: 'holds digits that are a valid card number', ...told }])
      assert.doesNotMatch(JSON.stringify({ ...error, message: error.message }), /4111|1111/)
    }
  })
})
