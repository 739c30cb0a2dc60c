import assert from 'node:assert/strict'
import { test } from 'node:test'
import { showValue } from '../core/show-value.ts'
import { BadRowLog } from './bad-rows.ts'

test('names file, line, column, value and reason, or only what there is', () => {
  const rows = new BadRowLog('cards.csv', 'fail')
  assert.throws(() => rows.add({ line: 7, column: 'V3', value: 'abc' }, 'is not a number'), {
    code: 'DATA_INVALID',
    message: 'cards.csv, line 7, column "V3": "abc" is not a number',
    errors: [{ field: 'V3', reason: 'is not a number' }],
  })
  assert.throws(() => rows.add({ line: 8 }, 'has 2 cells'), { message: 'cards.csv, line 8: has 2 cells' })
})

test('counts what it skips and lists the first twenty', () => {
  const rows = new BadRowLog('cards.csv', 'skip')
  for (let line = 1; line <= 25; line++) rows.add({ line, column: 'V3', value: 'x' }, 'is bad')
  const { count, first } = rows.report()
  assert.equal(count, 25)
  assert.deepEqual(
    first.map(({ line }) => line),
    Array.from({ length: 20 }, (_, index) => index + 1),
  )
  assert.deepEqual(first[0], { line: 1, column: 'V3', value: 'x', reason: 'column "V3": "x" is bad' })
})

test('shows a value on one line, shortened, and never a card number', () => {
  assert.equal(showValue('a\nb\u0000\u202e"\\'), 'a\\u000ab\\u0000\\u202e\\"\\\\')
  assert.equal(showValue('x'.repeat(100)), `${'x'.repeat(40)}…`)
  assert.equal(showValue('4111111111111111'), '****************')
  assert.equal(showValue('card 4111 1111-1111 1111 x'), 'card **** ****-**** **** x')
  assert.equal(showValue(`${' '.repeat(30)}4111111111111111`), `${' '.repeat(30)}**********…`)
  assert.equal(showValue('12.50 EUR, 2018-04-01'), '12.50 EUR, 2018-04-01')
})
