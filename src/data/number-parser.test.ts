import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseDecimal, readAheadBytes, readDecimal } from './number-parser.ts'

function read(text: string): { value: number; end: number } {
  const bytes = new Uint8Array(text.length + readAheadBytes)
  new TextEncoder().encodeInto(text, bytes)
  const values = new Float64Array(1)
  const end = readDecimal(bytes, new DataView(bytes.buffer), 0, values, 0)
  return { value: values[0], end }
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

test('reads a plain decimal as Number does, to the last bit, or leaves it to the parser', () => {
  fc.assert(
    fc.property(plainDecimal, (text) => {
      const { value, end } = read(text)
      assert.ok(end === 0 || end === text.length)
      assert.ok(Object.is(value, end === 0 ? Number.NaN : Number(text)), `${text} was read as ${value}`)
      assert.ok(Object.is(parse(text), Number(text)))
    }),
    { numRuns: 20_000 },
  )
})

test('itself reads nearly every text of up to 17 digits', () => {
  const ordinary = fc
    .double({ min: -1000, max: 1000, noNaN: true })
    .map(String)
    .filter((text) => /^-?\d+\.\d+$/.test(text))
  const left = fc
    .sample(ordinary, { numRuns: 10_000, seed: 1 })
    .filter((text) => text.length < 20 && read(text).end === 0)
  assert.deepEqual(left, [])
})

test('reads the shortest text of every double back to it', () => {
  const anyDouble = fc.double({ noNaN: true, noDefaultInfinity: true })
  const ordinary = fc.double({ min: -1000, max: 1000, noNaN: true })
  fc.assert(
    fc.property(fc.oneof(ordinary, anyDouble), (value) => {
      const text = Object.is(value, -0) ? '-0' : String(value)
      assert.ok(Object.is(parse(text), value), text)
      const direct = read(text)
      assert.ok(direct.end < text.length || Object.is(direct.value, value), text)
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
        const { value, end } = read(text)
        assert.ok(end === 0 || value === Number(text), text)
        assert.equal(parse(text), Number(text))
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

test('does not take what needs more than it can hold exactly', () => {
  for (const text of ['9'.repeat(400), '9007199254740992', `0.${'0'.repeat(400)}1`, '0.12345678901234567890']) {
    assert.deepEqual(read(text), { value: Number.NaN, end: 0 })
  }
  assert.deepEqual(read('9007199254740991'), { value: 9007199254740991, end: 16 })
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
