import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notNegative, readNumber, share, shareOrNone, shareOrOne, wholeNumber } from './option-text.ts'

test('a number is written in decimal digits', () => {
  for (const text of ['0', '-0', '+1.5', '.5', '5.', '1e-7', '2E3', ' 7 ']) assert.equal(readNumber(text), Number(text))
  for (const text of ['', ' ', '0x10', '0b1', '0o7', 'Infinity', '1_000', '1,5', 'e3', '.', '1n', '٣'])
    assert.ok(Number.isNaN(readNumber(text)), text)
})

test('no option takes a number of another base for one of decimal digits', () => {
  for (const read of [wholeNumber(0), notNegative, share, shareOrOne, shareOrNone])
    for (const text of ['0x0', '0x1', '0b1', '']) assert.throws(() => read(text), { code: 'OPTION_INVALID' }, text)
})
