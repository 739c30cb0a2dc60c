import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { declarations, everyValue, noValue, subjectOf } from '../../test/language/declared.ts'
import { compileTemplate } from './index.ts'

function render(text: string, subject = everyValue): string {
  const compiled = compileTemplate(text, declarations)
  if (!compiled.ok) assert.fail(compiled.problems.map(({ message }) => message).join('; '))
  return compiled.template.render(subject)
}

describe('a template', () => {
  test('shows values in the place of names', () => {
    assert.equal(render('{card_count_10m} small payments within ten minutes'), '9 small payments within ten minutes')
    assert.equal(render('{ merchant name } in {country}, {{{payment.method}}}'), 'Café "Zoë" 🦊 in DE, {card}')
    assert.equal(render('{amount} at {time}: {score}, {is_guest}'), '12.5 at 2026-01-04T23:30:15.25Z: 0.25, true')
    assert.equal(render('an account of {account_age}'), 'an account of 1.5 hours')
    const subject = subjectOf({ amount: 1234567.891, score: 1 / 3, card_count_1h: 1e-9, ip_count_1h: 200 / 3 })
    const numbers = '{amount} {score} {card_count_1h} {ip_count_1h}'
    assert.equal(render(numbers, subject), '1234567.891 0.333 1e-9 66.67')
    assert.equal(render(''), '')
  })

  test('says where a value is missing', () => {
    assert.equal(render('from {country}, {card_count_1h} times', noValue), 'from unknown, unknown times')
  })

  test('has all of its problems told at once', () => {
    const compiled = compileTemplate('{card_count_1} } of {device}\n{', declarations)
    assert.ok(!compiled.ok)
    assert.deepEqual(
      compiled.problems.map(({ line, column, message }) => `${line}:${column} ${message}`),
      [
        '1:1 The name "card_count_1" is unknown; did you mean card_count_1h?',
        '1:16 This brace is without its other one; a name is written {name}, and a brace itself twice',
        '1:21 "device" is a personal value, which is kept as a token, so it can\'t be shown',
        '2:1 This brace is without its other one; a name is written {name}, and a brace itself twice',
      ],
    )
    assert.ok(!compileTemplate('{'.repeat(1e6), declarations).ok)
  })
})
