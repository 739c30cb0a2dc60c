import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseDecimal, readAheadBytes, readDecimal } from './number-parser.ts'

function read(text: string): { value: number; end: number } {
  const bytes = new Uint8Array(text.length + readAheadBytes)
  new TextEncoder().encodeInto(text, bytes)
  const cursor = { end: -1 }
  const value = readDecimal(bytes, new DataView(bytes.buffer), 0, cursor)
  return { value, end: cursor.end }
}

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
    fc.property(plainDecimal, (text) => {
      const { value, end } = read(text)
      assert.ok(Object.is(value, Number(text)), `${text} was read as ${value}`)
      assert.equal(end, text.length)
    }),
    { numRuns: 20_000 },
  )
})

test('reads the shortest text of every double back to it', () => {
  const anyDouble = fc.double({ noNaN: true, noDefaultInfinity: true })
  const ordinary = fc.double({ min: -1000, max: 1000, noNaN: true })
  fc.assert(
    fc.property(fc.oneof(ordinary, anyDouble), (value) => {
      const text = Object.is(value, -0) ? '-0' : String(value)
      assert.ok(Object.is(parse(text), value), text)
      if (/^[-.\d]+$/.test(text)) assert.ok(Object.is(read(text).value, value), text)
    }),
    { numRuns: 20_000 },
  )
})

test('rounds correctly next to the middle between two doubles', () => {
  // The exact middle of two neighbours from 2^53 up is a whole number, and one digit more or less decides.
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 30 }), fc.integer({ min: 0, max: 3 }), (offset, decimals) => {
      for (const step of [-1n, 0n, 1n]) {
        const middle = 2n ** 53n + 2n * BigInt(offset) + 1n
        const scaled = (middle * 10n ** BigInt(decimals) + (decimals === 0 ? 0n : step)).toString()
        const text = decimals === 0 ? scaled : `${scaled.slice(0, -decimals)}.${scaled.slice(-decimals)}`
        assert.equal(read(text).value, Number(text), text)
      }
    }),
  )
})

test('stops where the number stops', () => {
  assert.deepEqual(read('12,5'), { value: 12, end: 2 })
  assert.deepEqual(read('1.25\n'), { value: 1.25, end: 4 })
  assert.deepEqual(read('1.23456789,'), { value: 1.23456789, end: 10 })
  assert.deepEqual(read('7.,'), { value: 7, end: 2 })
  assert.deepEqual(read('2e5'), { value: 2, end: 1 })
  for (const text of ['', ',', '-', '-,', '.5', 'abc', '"1"', ' 1']) {
    assert.deepEqual(read(text), { value: Number.NaN, end: 0 }, text)
  }
})

test('does not take what no double can hold', () => {
  assert.equal(read('9'.repeat(400)).end, 0)
  assert.equal(read(`0.${'0'.repeat(400)}1`).value, 0)
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
