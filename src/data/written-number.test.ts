import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type NumberEvidence, numberEvidence, readWrittenNumber } from './written-number.ts'

describe('a number as people write it', () => {
  const cases: readonly (readonly [
    text: string,
    evidence: NumberEvidence | undefined,
    point: number,
    comma: number,
  ])[] = [
    ['12,5', 'comma', Number.NaN, 12.5],
    ['12.5', 'point', 12.5, Number.NaN],
    ['1.234,56', 'comma', Number.NaN, 1234.56],
    ['1,234.56', 'point', 1234.56, Number.NaN],
    ["1'234.50", 'point', 1234.5, Number.NaN],
    ['1\u202f234,50 €', 'comma', Number.NaN, 1234.5],
    ['1,234', 'either', 1234, 1.234],
    ['1.234', 'either', 1.234, 1234],
    ['1.234.567', 'comma', Number.NaN, 1234567],
    ['1 234', 'plain', 1234, 1234],
    ['42', 'plain', 42, 42],
    ['0042', 'plain', 42, 42],
    ['0,123', 'comma', Number.NaN, 0.123],
    ['$1,234.50', 'point', 1234.5, Number.NaN],
    ['-$12.50', 'point', -12.5, Number.NaN],
    ['$-12.50', 'point', -12.5, Number.NaN],
    ['(12.50)', 'point', -12.5, Number.NaN],
    ['EUR 12,00', 'comma', Number.NaN, 12],
    ['12,00 kr', 'comma', Number.NaN, 12],
    ['\u221212,5', 'comma', Number.NaN, -12.5],
    ['US$ 12.50', 'point', 12.5, Number.NaN],
    ['12,5,0', undefined, Number.NaN, Number.NaN],
    ['12/5', undefined, Number.NaN, Number.NaN],
    ['1,23,456', undefined, Number.NaN, Number.NaN],
    ['--1,5', undefined, Number.NaN, Number.NaN],
    ['(1,5', undefined, Number.NaN, Number.NaN],
    ['', undefined, Number.NaN, Number.NaN],
    ['abc', undefined, Number.NaN, Number.NaN],
  ]
  for (const [text, evidence, point, comma] of cases) {
    test(JSON.stringify(text), () => {
      assert.equal(numberEvidence(text), evidence)
      assert.equal(readWrittenNumber(text, 'point'), point)
      assert.equal(readWrittenNumber(text, 'comma'), comma)
    })
  }

  test('is the one that was written, in the customs of a dozen countries', () => {
    const locales = [
      'en-US',
      'de-DE',
      'de-CH',
      'fr-FR',
      'sv-SE',
      'pl-PL',
      'pt-BR',
      'it-IT',
      'en-GB',
      'ru-RU',
      'cs-CZ',
      'da-DK',
    ]
    fc.assert(
      fc.property(
        fc.integer({ min: -10_000_000_00, max: 10_000_000_00 }),
        fc.constantFrom(...locales),
        (cents, locale) => {
          const value = cents / 100
          const format = new Intl.NumberFormat(locale, { minimumFractionDigits: 2 })
          const isComma = format.formatToParts(0.5).some(({ type, value: mark }) => type === 'decimal' && mark === ',')
          assert.equal(readWrittenNumber(format.format(value), isComma ? 'comma' : 'point') + 0, value + 0)
        },
      ),
    )
  })
})
