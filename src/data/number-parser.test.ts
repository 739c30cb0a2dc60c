import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseDecimal, skipDecimal } from './number-parser.ts'

function parse(text: string): number {
  const bytes = new TextEncoder().encode(text)
  return parseDecimal(bytes, 0, bytes.length)
}

const digits = (maxLength: number) => fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength })
const sign = fc.constantFrom('', '-', '+')
const plainDecimal = fc
  .tuple(sign, digits(22), fc.option(digits(26), { nil: undefined }))
  .map(([s, whole, decimals]) => s + whole + (decimals === undefined ? '' : `.${decimals}`))

test('reads a plain decimal as Number does, to the last bit', () => {
  fc.assert(
    fc.property(plainDecimal, (text) => assert.ok(Object.is(parse(text), Number(text)))),
    { numRuns: 5_000 },
  )
})

test('reads the shortest text of every double back to it', () => {
  const anyDouble = fc.double({ noNaN: true, noDefaultInfinity: true })
  fc.assert(
    fc.property(anyDouble, (value) => {
      const text = Object.is(value, -0) ? '-0' : String(value)
      assert.ok(Object.is(parse(text), value), text)
    }),
    { numRuns: 5_000 },
  )
})

test('skips a plain number that is none past 2^53', () => {
  const skipped = (text: string) => skipDecimal(Buffer.from(`${text}\0`), 0)
  for (const text of ['7', '-12.5', '7.', '0.12345678901234567890', '999999999999999', '12345678901234567.5']) {
    assert.equal(skipped(`${text},1`), text.length, text)
  }
  for (const text of ['', '-', ',', '.5', '+5', 'abc', '"1"', ' 1', '1234567890123456']) assert.equal(skipped(text), 0)
})

test('parses exactly the decimal texts, exponents included', () => {
  const exponent = fc.tuple(fc.constantFrom('e', 'E'), sign, digits(3)).map((parts) => parts.join(''))
  fc.assert(
    fc.property(plainDecimal, exponent, (mantissa, power) => {
      assert.ok(Object.is(parse(mantissa + power), Number(mantissa + power)), mantissa + power)
    }),
    { numRuns: 5_000 },
  )
  assert.equal(parse('.5'), 0.5)
  assert.equal(parse('1e999'), Number.POSITIVE_INFINITY)
  for (const text of [
    '',
    '-',
    '.',
    'e5',
    '1e',
    '1e+',
    '0x10',
    '1_000',
    'Infinity',
    'NaN',
    ' 1',
    '1 ',
    '1,5',
    '1.2.3',
  ]) {
    assert.ok(Number.isNaN(parse(text)), text)
  }
})
