import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { examples } from '../../test/examples.ts'
import { NumberCells, plainNumber, undecidedNumber } from './number-cells.ts'

const cells = NumberCells.take()
const columns = [new Float64Array(1), new Float64Array(1)]

/** The number of the cell before another; undefined where it is left to the caller. */
function read(text: string, way = plainNumber): number | undefined {
  cells.begin(2)
  cells.ways.set([way, plainNumber])
  const { written } = new TextEncoder().encodeInto(`${text},7\n\0`, cells.bytes)
  cells.use(written - 1, 0x2c)
  const end = cells.read(0, 0, 0, 1)
  if (cells.rowsEnded === 0) {
    assert.deepEqual([end, cells.column], [0, 0])
    return undefined
  }
  assert.equal(end, written - 1)
  cells.moveRows(columns, 1)
  cells.moveRows(columns, 0)
  assert.equal(columns[1][0], 7)
  return columns[0][0]
}

const digits = (maxLength: number) => fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength })
const sign = fc.constantFrom('', '-', '+')
const decimal = fc
  .tuple(sign, digits(20), fc.option(digits(24), { nil: undefined }))
  .map(([s, whole, decimals]) => s + whole + (decimals === undefined ? '' : `.${decimals}`))
const exponent = fc.tuple(fc.constantFrom('e', 'E'), sign, digits(3)).map((parts) => parts.join(''))
const written = fc
  .tuple(decimal, fc.oneof(fc.constant(''), exponent), fc.constantFrom('', '', '"'))
  .map(([number, power, quote]) => quote + number + power + quote)

test('reads a number as Number does, to the last bit, or leaves it', () => {
  fc.assert(
    fc.property(written, (text) => {
      const value = read(text)
      assert.ok(
        value === undefined || Object.is(value, Number(text.replaceAll('"', ''))),
        `${text} was read as ${value}`,
      )
    }),
    { numRuns: examples(4000) },
  )
})

test('reads every shortest text of up to 17 digits itself', () => {
  const ordinary = fc
    .double({ min: -1000, max: 1000, noNaN: true })
    .map((value) => (value === 0 ? '-0' : String(value)))
  fc.assert(
    fc.property(
      ordinary.filter((text) => !text.includes('e')),
      (text) => assert.ok(Object.is(read(text), Number(text)), text),
    ),
    { numRuns: examples(2000) },
  )
})

test('rounds correctly next to the middle between two doubles', () => {
  // The exact middle of two neighbours from 2^53 up is a whole number, and one digit more or less decides.
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 30 }), fc.integer({ min: 1, max: 3 }), (offset, decimals) => {
      for (const step of [-1n, 0n, 1n]) {
        const middle = 2n ** 53n + 2n * BigInt(offset) + 1n
        const scaled = (middle * 10n ** BigInt(decimals) + step).toString()
        const text = `${scaled.slice(0, -decimals)}.${scaled.slice(-decimals)}`
        assert.equal(read(text), Number(text), text)
      }
    }),
  )
})

test('takes whatever looks like no number for none', () => {
  const alphabet = fc.constantFrom(...'0123456789-+.eE"/:\r\t é\0')
  const plain = /^(?:"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?"|[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)$/
  fc.assert(
    fc.property(fc.string({ unit: alphabet, maxLength: 40 }), (text) => {
      const value = read(text)
      if (text === '') assert.ok(Number.isNaN(value))
      else if (!plain.test(text)) assert.equal(value, undefined, text)
      else assert.ok(value === undefined || Object.is(value, Number(text.replaceAll('"', ''))), text)
    }),
    { numRuns: examples(4000) },
  )
})

test('leaves whole numbers past 2^53, and what may be thousands where that is open', () => {
  assert.equal(read('9007199254740991'), 9007199254740991)
  for (const text of ['9007199254740992', '9'.repeat(40), '1e400', `0.${'0'.repeat(40)}1`]) {
    assert.equal(read(text), undefined, text)
  }
  assert.equal(read('1.234', undecidedNumber), undefined)
  assert.equal(read('"-1.234"', undecidedNumber), undefined)
  assert.equal(read('1.5e3', undecidedNumber), undefined)
  assert.equal(read('-1.2345', undecidedNumber), -1.2345)
  assert.equal(read('12.345678901234567', undecidedNumber), 12.345678901234567)
})
