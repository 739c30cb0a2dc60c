import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { durationMs, parseDuration, sayDuration } from './duration.ts'

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
const unit = fc.constantFrom(...Object.entries(units))

describe('a duration', () => {
  test('is a whole number of its unit', () => {
    const property = fc.property(fc.nat(100_000), unit, fc.constantFrom('', ' '), (count, [name, ms], blank) => {
      assert.equal(parseDuration(`${count}${blank}${name}`), count * ms)
    })
    fc.assert(property)
  })

  test('may have decimals, as long as it is whole milliseconds by decimal arithmetic', () => {
    const property = fc.property(
      fc.nat(99_999),
      fc.integer({ min: 1, max: 4 }),
      unit,
      (digits, decimals, [name, ms]) => {
        const scale = 10 ** decimals
        const text = `${(digits / scale).toFixed(decimals)}${name}`
        const expected = (BigInt(digits) * BigInt(ms)) / BigInt(scale)
        const isWhole = expected * BigInt(scale) === BigInt(digits) * BigInt(ms)
        if (isWhole) assert.equal(parseDuration(text), Number(expected), text)
        else assert.equal(parseDuration(text), `${text} is not a whole number of milliseconds`)
      },
    )
    fc.assert(property, { numRuns: 2000 })
    assert.equal(parseDuration('8.2h'), 29_520_000)
    assert.equal(parseDuration('1.005s'), 1005)
  })

  test('that is wrong says what to write', () => {
    const reasons: Record<string, RegExp> = {
      7: /^7 needs a unit, such as 7d \(ms, s, m, h, d or w\)$/,
      '7 ': /needs a unit/,
      '7days': /^"days" is not a unit of time; use ms, s, m, h, d or w, as in 7d$/,
      '7M': /^"M" is not a unit of time/,
      '7y': /^"y" is not a unit of time/,
      '7constructor': /^"constructor" is not a unit of time/,
      d: /^write a number and its unit, such as 7d/,
      '': /^write a number and its unit/,
      '-1d': /^write a number and its unit/,
      '1h30m': /^write a number and its unit/,
      '1e3s': /^write a number and its unit/,
      '.5h': /^write a number and its unit/,
      '0.5ms': /^0\.5ms is not a whole number of milliseconds$/,
      '99999999999999999999w': /is not a whole number/,
    }
    for (const [text, reason] of Object.entries(reasons)) assert.match(String(parseDuration(text)), reason, text)
  })

  test('that was not checked before is a bug', () => {
    assert.equal(durationMs('30d'), 30 * units.d)
    assert.throws(() => durationMs('30'), RangeError)
  })
})

test('a length of time is told in the largest unit that it fills', () => {
  const told = {
    '10m': '10 minutes',
    '1h': '1 hour',
    '90m': '1.5 hours',
    '7d': '7 days',
    '1w': '7 days',
    '250ms': '250 milliseconds',
  }
  for (const [text, words] of Object.entries(told)) assert.equal(sayDuration(durationMs(text)), words)
  assert.equal(sayDuration(0), '0 seconds')
})
