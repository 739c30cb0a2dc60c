import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type TimeEvidence, timeEvidence, toIsoText } from './written-time.ts'

describe('a time as people write it', () => {
  const cases: readonly (readonly [
    text: string,
    TimeEvidence | undefined,
    dayFirst: string | undefined,
    monthFirst: string | undefined,
  ])[] = [
    ['31/01/2024', 'day-first', '2024-01-31T00:00:00', undefined],
    ['01/31/2024', 'month-first', undefined, '2024-01-31T00:00:00'],
    ['02/01/2024 13:05', 'either', '2024-01-02T13:05:00', '2024-02-01T13:05:00'],
    ['1/2/2024 1:05:09 PM', 'either', '2024-02-01T13:05:09', '2024-01-02T13:05:09'],
    ['1/13/2024 12:00 AM', 'month-first', undefined, '2024-01-13T00:00:00'],
    ['1/13/2024 12:00 p.m.', 'month-first', undefined, '2024-01-13T12:00:00'],
    ['05/05/2024', 'same', '2024-05-05T00:00:00', '2024-05-05T00:00:00'],
    ['02.01.2024 08:00:01,5', 'day-first', '2024-01-02T08:00:01.5', '2024-01-02T08:00:01.5'],
    ['2024/01/02 08:00', 'plain', '2024-01-02T08:00:00', '2024-01-02T08:00:00'],
    ['2024-01-02 08:00:01 UTC', 'plain', '2024-01-02T08:00:01Z', '2024-01-02T08:00:01Z'],
    ['2024-01-02 08:00:01.123456 UTC', 'plain', '2024-01-02T08:00:01.123456Z', '2024-01-02T08:00:01.123456Z'],
    ['20240102T080001Z', 'plain', '2024-01-02T08:00:01Z', '2024-01-02T08:00:01Z'],
    ['20240102T0800', 'plain', '2024-01-02T08:00:00', '2024-01-02T08:00:00'],
    ['30/02/2024', undefined, undefined, undefined],
    ['31.02.2024', undefined, undefined, undefined],
    ['13/13/2024', undefined, undefined, undefined],
    ['1/13/2024 13:00 PM', undefined, undefined, undefined],
    ['01/02-2024', undefined, undefined, undefined],
    ['20240102', undefined, undefined, undefined],
    ['', undefined, undefined, undefined],
  ]
  for (const [text, evidence, dayFirst, monthFirst] of cases) {
    test(JSON.stringify(text), () => {
      assert.equal(timeEvidence(text), evidence)
      assert.equal(toIsoText(text, 'day-first'), dayFirst)
      assert.equal(toIsoText(text, 'month-first'), monthFirst)
    })
  }

  test('means none where day and month could change places and nobody said which is first', () => {
    assert.equal(toIsoText('02/01/2024', undefined), undefined)
    assert.equal(toIsoText('05/05/2024', undefined), '2024-05-05T00:00:00')
  })

  test('is the one that was written, in British and American spelling', () => {
    const noInvalid = { noInvalidDate: true, min: new Date('1990-01-01'), max: new Date('2030-01-01') }
    fc.assert(
      fc.property(fc.date(noInvalid), fc.constantFrom('en-GB', 'en-US'), (date, locale) => {
        const written = date.toLocaleString(locale, { timeZone: 'UTC' })
        const iso = toIsoText(written, locale === 'en-GB' ? 'day-first' : 'month-first')
        assert.equal(iso, date.toISOString().slice(0, 19))
      }),
    )
  })
})
