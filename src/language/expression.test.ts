import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { declarations, everyValue, noValue, subjectOf } from '../../test/language/declared.ts'
import { compileExpression, type Program, type Subject } from './index.ts'

function programOf(text: string): Program {
  const compiled = compileExpression(text, declarations)
  if (!compiled.ok) assert.fail(`${text}: ${compiled.problems.map(({ message }) => message).join('; ')}`)
  return compiled.program
}

function problemsOf(text: string): readonly string[] {
  const compiled = compileExpression(text, declarations)
  assert.ok(!compiled.ok, text)
  return compiled.problems.map(({ line, column, message }) => `${line}:${column} ${message}`)
}

function isEach(subject: Subject, answers: Readonly<Record<string, boolean | undefined>>): void {
  for (const [text, answer] of Object.entries(answers)) assert.equal(programOf(text).evaluate(subject), answer, text)
}

describe('a condition', () => {
  test('is true or false of what a subject has', () => {
    isEach(everyValue, {
      'card_count_10m > 8 && amount < 20': true,
      'amount > 3 * customer_amount_mean_7d': false,
      'country == "DE" && country != ip_country': true,
      'country in ["AT", "DE"] && !(country in [])': true,
      'items in [1, 7.0] && items / 2 == 3 && items % 2 == 1 && -items / 2 == -3': true,
      'card_count_1h / 24 == 0.5': true,
      'email.endsWith("@example.com") && email.matches("^an+a@")': true,
      '`merchant name`.contains("🦊") && `merchant name`.size() == 12': true,
      'payment.method + "!" == "card!"': true,
      'is_guest ? score > 0.2 : false': true,
      'device in lists.blocked && device != last_device': true,
      'device in lists.`known devices`': false,
      'has(score) && has(country)': true,
      '"Z" < "a" && "\\uffee" < "🦊"': true,
      'true > false': true,
    })
  })

  test('counts time by the clock of a zone', () => {
    isEach(everyValue, {
      'time.getDayOfWeek() == 0 && time.getDayOfWeek("Europe/Berlin") == 1': true,
      'time.getHours() == 23 && time.getHours("+05:30") == 5 && time.getMinutes("+05:30") == 0': true,
      'time.getFullYear() == 2026 && time.getMonth() == 0 && time.getDate() == 4 && time.getDayOfMonth() == 3': true,
      'time.getDayOfYear() == 3 && time.getSeconds() == 15 && time.getMilliseconds() == 250': true,
      'time - timestamp("2026-01-04T23:30:00Z") == duration("15.25s")': true,
      'account_age < duration("2h") && account_age.getMinutes() == 90': true,
      'time - account_age < timestamp("2026-01-04T23:30:00+01:00")': true,
      'duration("7d") == duration("168h") && duration("-1h30m") < duration("0")': true,
    })
  })

  test('converts values', () => {
    isEach(everyValue, {
      'int(2.9) == 2 && int(-2.9) == -2 && int("42") == 42 && double("1e3") == 1000.0': true,
      'string(items) == "7" && string(amount) == "12.5" && string(is_guest) == "true"': true,
      'bool("true") && !bool("False")': true,
      'string(timestamp(0)) == "1970-01-01T00:00:00Z" && int(timestamp("1970-01-01T00:01:00Z")) == 60': true,
      'string(duration("1.5s")) == "1.5s"': true,
    })
    isEach(everyValue, {
      'int("4x") == 4': undefined,
      'double("much") > 1.0': undefined,
      'bool("yes")': undefined,
      'int(1e300) > 0': undefined,
    })
  })

  test('looks at the items of a list', () => {
    isEach(everyValue, {
      '[card_count_10m, ip_count_1h].exists(x, x > 8)': true,
      '[card_count_10m, ip_count_1h].all(x, x > 8)': false,
      '["DE", country, ip_country].exists_one(c, c == "FR")': true,
      '[1, 2].all(x, [2, 3].exists(y, y == x + 1))': true,
      '[true, is_guest].all(b, b) && [].all(x, false) && !([].exists(x, true))': true,
    })
  })
})

describe('a missing value', () => {
  test('makes unknown what is made of it', () => {
    isEach(noValue, {
      'card_count_10m > 8': undefined,
      'card_count_10m == card_count_10m': undefined,
      'card_count_10m + 1 > 0': undefined,
      '!(country == "DE")': undefined,
      'country != "DE"': undefined,
      'country in ["DE"]': undefined,
      'country.startsWith("D")': undefined,
      'country + "x" != "y"': undefined,
      'device in lists.blocked': undefined,
      is_guest: undefined,
      'is_guest ? true : true': undefined,
      'items > 3': undefined,
      'account_age.getHours() == 0': undefined,
      'string(score) == "x"': undefined,
      'timestamp(items).getHours("Europe/Berlin") > 0': undefined,
    })
  })

  test('does not matter where the rest decides', () => {
    isEach(noValue, {
      'card_count_10m > 8 && amount > 100': false,
      'amount > 100 && card_count_10m > 8': false,
      'card_count_10m > 8 || amount > 10': true,
      'amount > 10 || card_count_10m > 8': true,
      'card_count_10m > 8 && amount > 10': undefined,
      'card_count_10m > 8 || amount > 100 || score > 0.5': undefined,
      '[card_count_10m, amount].exists(x, x > 10)': true,
      '[card_count_10m, amount].all(x, x > 100)': false,
      '[score, 1, 1].exists_one(x, x == 1)': false,
      '[score, 1, 2].exists_one(x, x == 1)': undefined,
      '"DE" in [country, "DE"]': true,
      '"DE" in [country, "FR"]': undefined,
      'country in []': false,
      'has(country) || amount > 10': true,
      'has(country)': false,
    })
  })

  test('comes of arithmetic that has no answer', () => {
    isEach(everyValue, {
      'amount / 0 > 1': undefined,
      '0.0 / 0.0 == 1.0': undefined,
      'items / 0 == 1 || items % 0 == 1': undefined,
      '9007199254740991 + 1 > 0': undefined,
      '9007199254740991 * 3 > 0': undefined,
      'timestamp("9999-12-31T23:59:59Z") + duration("1h") > time': undefined,
      'device in lists.down': undefined,
    })
    isEach(subjectOf({ items: 2.5 }), { 'items > 1': undefined })
  })

  test('is warned of where a rule reads as if it were true then', () => {
    const warningsOf = (text: string) => compileExpression(text, declarations).warnings.map(({ column }) => column)
    assert.deepEqual(warningsOf('amount > 1 && !(country == "DE")'), [15])
    assert.deepEqual(warningsOf('country != ip_country'), [1])
    assert.deepEqual(warningsOf('!(device in lists.blocked) && !is_guest'), [1, 31])
    assert.deepEqual(warningsOf('!has(country) || !(country == "DE")'), [])
    assert.deepEqual(warningsOf('!(amount > 3) && amount != 4'), [])
    const [{ message }] = compileExpression('!(`merchant name` == "x")', declarations).warnings
    assert.match(message, /`merchant name`.*has\(`merchant name`\)/)
  })
})

describe('a text that is wrong', () => {
  test('has all of its problems told at once, with their places', () => {
    assert.deepEqual(problemsOf('amout > 3 &&\n  contry == "x" && country > 1'), [
      '1:1 The name "amout" is unknown; did you mean amount?',
      '2:3 The name "contry" is unknown; did you mean country?',
      "2:20 A value of type string can't be compared with an int; convert one, by double(…) or string(…)",
    ])
  })

  test('is read on where it is clear what other languages mean', () => {
    assert.deepEqual(
      problemsOf('amout = 1 AND NOT (country <> "x") or not is_guest & items IN [1] && amount === "1"'),
      [
        '1:1 The name "amout" is unknown; did you mean amount?',
        '1:7 "=" is written ==',
        '1:11 "AND" is written &&',
        '1:15 "NOT" is written !',
        '1:28 "<>" is written !=',
        '1:36 "or" is written ||',
        '1:39 "not" is written !',
        '1:52 "&" is written &&',
        '1:60 "IN" is written in',
        "1:70 A value of type double can't be compared with a string; convert one, by double(…) or string(…)",
        '1:77 "===" is written ==',
      ],
    )
    const named = new Map([
      ['not', { type: 'double', slot: 0 } as const],
      ['or', { type: 'bool', slot: 1 } as const],
    ])
    assert.ok(compileExpression('not > 1 && or || `or`', { names: named, lists: new Map() }).ok)
  })

  const refused: Readonly<Record<string, string>> = {
    '': '1:1 There is no expression',
    'amount >': '1:9 The text ends where a value is expected',
    'amount > 1 amount': '1:12 The name "amount" is here where the end is expected',
    'amount = 1': '1:8 "=" is written ==',
    'amount > 1 and score > 1': '1:12 "and" is written &&',
    'is_guest == True': '1:13 "True" is written true',
    'amount is 1': '1:8 "is" is written ==',
    ':amount: > 1': '1:1 Names are written without colons',
    'country == “DE”': '1:12 Texts are written between straight quotes, "like this"',
    'country == "DE': '1:12 The text that begins here does not end; it needs "',
    'country == "\\d"':
      '1:13 \\d is not an escape; a backslash itself is written \\\\, or the text begins with r as in r"\\d"',
    'country == null': '1:12 null is not part of the language; ask has(name) whether a value is there',
    'amount > 1u': '1:10 Unsigned ints are not part of the language; leave out the "u"',
    'amount > 1.': '1:10 A number needs a digit behind its point, as in 2.0',
    'amount > 1.2.3': '1:10 1.2.3 is not a number',
    'amount > 1,000.5': '1:10 1,000 is not a number',
    'items > 9007199254740993': '1:9 A whole number is at most 9007199254740991; as a double, write it with ".0"',
    'country == b"DE"': '1:12 Bytes are not part of the language; leave out the "b"',
    '{"a": 1}.a == 1': '1:1 Maps are not part of the language',
    '[1, 2][0] == 1': '1:7 Lists are not indexed in this language; use in, all, exists or exists_one',
    'while > 1': '1:1 while is a reserved word; as a name, write it between backticks: `while`',
    '1 < amount < 3': '1:1 Comparisons are not chained; write a < b && b < c',
    amount: '1:1 A rule must be true or false; this is a double',
    'amount && is_guest': '1:1 && is for bools; this is a double; compare it, with > 0 for example',
    '!country': '1:2 ! is for bools; this is a string; compare it, with == for example',
    'amount % 2 == 0.0': '1:1 double % int is not defined; make them whole by int(…)',
    'time > "2026-01-01"': `1:1 A value of type timestamp can't be compared with a string; write timestamp("2026-01-31T08:00:00Z")`,
    'time > timestamp("2026-02-30T00:00:00Z")': '1:18 This is not a date and time of the calendar',
    'time > timestamp("2026-02-03")':
      '1:18 A timestamp is written like "2026-01-31T08:00:00Z", with Z or an offset such as +01:00',
    'account_age > duration("5 minutes")':
      '1:24 A duration is written like "1h30m": numbers with the units ms, s, m, h, d or w',
    'account_age > duration("5us")': '1:24 Durations are counted in milliseconds; this one is finer',
    'time.getHours("Europe/Berlín") > 1':
      '1:15 A zone is a name such as "Europe/Berlin", or an offset such as "+01:00"',
    'time.getHours(country) > 1': '1:15 A zone is written as a text in the rule, since it is checked with it',
    'email.matches("(a")': "1:15 The pattern can't be read: missing closing ): `(a`",
    'email.matches(country)': '1:15 A pattern is written as a text in the rule, since it is checked with it',
    'cntains(email, "a")': '1:1 The function "cntains" is unknown; did you mean contains?',
    'amount.startsWith("a")': '1:1 double.startsWith(string) is not defined; there is string.startsWith(string)',
    '[1, 2].map(x, x + 1) == 3':
      '1:8 map is not part of the language; write the list out, or use all, exists or exists_one',
    '[1, "a"].all(x, true)': '1:5 A list holds values of one type; this is a string among int',
    '[1].all(1, true)': '1:1 all needs a name for the item and a condition, as in all(x, x > 1)',
    'country.exists(x, true)':
      '1:1 exists looks at the items of a list that is written in the rule, as in [1, 2].exists(x, x > 1)',
    'country in ("DE", "AT")': '1:17 A list is written in square brackets, as in ["a", "b"]',
    'country NOT IN ["DE"]': '1:9 "NOT" is written ! before what it denies, as in !(a in b)',
    'is_missing(country)': '1:1 Whether a value is missing is asked by !has(name)',
    'country.lower() == "de"': '1:9 Texts are compared as they are; a pattern that begins with (?i) does not mind case',
    '[1] == [1]': '1:1 A list is used with in, all, exists, exists_one or size, and nowhere else',
    'country in "DE"': '1:12 in needs a list: ["a", "b"] or lists.NAME',
    'device in blocked': '1:11 in needs a list: ["a", "b"] or lists.NAME; write lists.blocked',
    'device in lists.blockd': '1:11 The list "blockd" is unknown; did you mean lists.blocked?',
    'amount in lists.blocked': '1:1 Lists hold texts, and this is a double; write string(…)',
    'lists.blocked': '1:1 A list is asked whether it holds something: `device in lists.blocked`',
    'device == "d1"':
      "1:1 A value of type token can't be compared with a string; a personal value is kept as a token, so one that is written in a rule never matches, and would stay in the log: put it on a list, and ask `in lists.NAME`",
    'device < last_device': '1:1 A personal value is kept as a token, so values have no order',
    'has(amount + 1)': '1:1 has asks whether one name has a value, as in has(country)',
    'has(amout)': '1:5 The name "amout" is unknown; did you mean amount?',
    'amount.x > 1': '1:1 The name "amount.x" is unknown; did you mean amount?',
    '__proto__ > 1 || constructor.x': '1:1 The name "__proto__" is unknown',
  }
  for (const [text, problem] of Object.entries(refused)) {
    test(`is refused: ${text === '' ? 'nothing at all' : text.replaceAll('\n', ' ')}`, () => {
      assert.equal(problemsOf(text)[0], problem)
    })
  }
})

test('a program tells what it reads, and what each of its conditions saw', () => {
  const program = programOf('card_count_10m > 8 && (score > 0.5 || device in lists.blocked) && has(country)')
  assert.deepEqual(program.names, ['card_count_10m', 'score', 'device', 'country'])
  assert.deepEqual(program.lists, ['blocked'])
  assert.deepEqual(program.explain(everyValue), [
    { text: 'card_count_10m > 8', result: true, values: [{ name: 'card_count_10m', type: 'double', value: 9 }] },
    {
      text: '(score > 0.5 || device in lists.blocked)',
      result: true,
      values: [
        { name: 'score', type: 'double', value: 0.25 },
        { name: 'device', type: 'token', value: 'd1' },
      ],
    },
    { text: 'has(country)', result: true, values: [{ name: 'country', type: 'string', value: 'DE' }] },
  ])
})
