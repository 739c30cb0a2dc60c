import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatIsoTime, parseIsoTime, readPlainTime } from './time-parser.ts'

function parse(text: string): number {
  const bytes = new TextEncoder().encode(text)
  return parseIsoTime(bytes, 0, bytes.length)
}

const year0 = Date.parse('0000-01-01T00:00:00Z')
const year9999 = Date.parse('9999-12-31T23:59:59.999Z')

test('reads back every time that it writes, from the year 0 to 9999', () => {
  fc.assert(
    fc.property(fc.integer({ min: year0, max: year9999 }), (timestampMs) => {
      assert.equal(parse(formatIsoTime(timestampMs)), timestampMs)
    }),
    { numRuns: 5_000 },
  )
})

test('reads an offset as the language does', () => {
  const two = (bound: number) => fc.integer({ min: 0, max: bound }).map((value) => String(value).padStart(2, '0'))
  fc.assert(
    fc.property(fc.constantFrom('+', '-'), two(23), two(59), (sign, hour, minute) => {
      const text = `2018-04-01T00:00:31${sign}${hour}:${minute}`
      assert.equal(parse(text), Date.parse(text))
      assert.equal(parse(`2018-04-01T00:00:31${sign}${hour}${minute}`), Date.parse(text))
    }),
  )
  assert.equal(parse('2018-04-01T00:00:31+02'), Date.parse('2018-04-01T00:00:31+02:00'))
})

test('reads a time without an offset as UTC, and every shortened form', () => {
  const expected = Date.parse('2018-04-01T09:05:00Z')
  for (const text of ['2018-04-01T09:05:00', '2018-04-01 09:05:00', '2018-04-01T09:05', '2018-04-01t09:05:00z']) {
    assert.equal(parse(text), expected, text)
  }
  assert.equal(parse('2018-04-01'), Date.parse('2018-04-01T00:00:00Z'))
  assert.equal(parse('2018-04-01T09:05:00.5'), expected + 500)
  assert.equal(parse('2018-04-01T09:05:00,123456789Z'), expected + 123)
  assert.equal(parse('2016-02-29'), Date.parse('2016-02-29T00:00:00Z'))
})

test('refuses what is no time', () => {
  const texts = [
    '',
    '2018',
    '20180401',
    '2018-04',
    '2018-13-01',
    '2018-00-01',
    '2018-02-29',
    '2018-04-31',
    '2018-04-00',
  ]
  texts.push('2018-04-01T', '2018-04-01T9:05', '2018-04-01T24:00', '2018-04-01T09:60', '2018-04-01T09:05:60')
  texts.push('2018-04-01T09:05:', '2018-04-01T09:05:0', '2018-04-01T09:05:00.', '2018-04-01T09:05:00+2')
  texts.push('2018-04-01T09:05:00+24:00', '2018-04-01T09:05:00+02:60', '2018-04-01T09:05Zulu', '2018-04-01x09:05:00')
  texts.push('01.04.2018 09:05', '2018/04/01', '2018-04-01T09:05:00 UTC', '2018-04-01T09h05')
  for (const text of texts) assert.ok(Number.isNaN(parse(text)), text)
})

test('reads a plain time where the other function reads it, and nothing else', () => {
  const two = (bound: number) => fc.integer({ min: 0, max: bound }).map((value) => String(value).padStart(2, '0'))
  const year = fc.constantFrom('2018', '2016', '1900', '2000', '0000', '20x8', '201-')
  const end = fc.constantFrom('', 'Z', '.5', '.123Z', '.123456789', '.', '+02:00', ',5', 'z', ':', ' ')
  const time = fc.tuple(year, two(13), two(32), fc.constantFrom('T', ' ', 't', 'x'), two(25), two(61), two(61), end)
  const property = fc.property(
    time,
    fc.constantFrom(',', '\n', ''),
    ([y, month, day, t, hour, minute, second, z], next) => {
      const text = `${y}-${month}-${day}${t}${hour}:${minute}:${second}${z}`
      const bytes = new TextEncoder().encode(`,${text}${next}${'\0'.repeat(8)}`)
      const values = Float64Array.of(-1)
      const at = readPlainTime(bytes, 1, values, 0)
      assert.equal(at === 1, Number.isNaN(values[0]), text)
      if (at === text.length + 1) assert.equal(values[0], parse(text), text)
      else assert.ok(Number.isNaN(parse(text)) || !/^[T ][\d:]{8}(\.\d+)?Z?$/.test(text.slice(10)), text)
    },
  )
  fc.assert(property, { numRuns: 5_000 })
})
