import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FraudError } from '../core/errors.ts'
import { wholeDetector } from '../learners/detector-model.ts'
import { type Detector, formatDetector, parseDetectorFile } from './detector.ts'

const detector: Detector = {
  detector: 'creditcard',
  transaction: {
    time: { field: 'Time', format: 'seconds-since' },
    amount: { field: 'Amount' },
    label: { field: 'Class' },
  },
  features: ['V1', 'Amount'],
}

function reasonOf(text: string): string {
  try {
    parseDetectorFile(text, 'bad.yaml', wholeDetector)
  } catch (error) {
    assert.ok(error instanceof FraudError && error.code === 'DETECTOR_INVALID')
    return error.message
  }
  return assert.fail('it was accepted')
}

describe('a detector file', () => {
  test('reads back as it was written', () => {
    assert.deepEqual(parseDetectorFile(formatDetector(detector), 'creditcard.yaml').detector, detector)
  })

  test('may say whom it is about, what may hold a card number, when labels are mature and how long a score may take', () => {
    const { transaction } = detector
    const full: Detector = {
      ...detector,
      transaction: {
        ...transaction,
        id: 'ID',
        amount: { field: 'Amount', currency: { field: 'CURRENCY' }, conversion: 'RATE' },
        keys: { card: 'CARD', customer: 'CUSTOMER' },
        fields: { note: 'NOTE' },
        position: { latitude: 'LATITUDE', longitude: 'LONGITUDE' },
        label: { field: 'Class', delay: '7d', maturity: '30d' },
        personal: ['customer', 'card'],
        notCardNumber: ['ID', 'RATE', 'LATITUDE', 'V1', 'V2', 'CURRENCY'],
        hashCardNumber: ['CARD', 'NOTE'],
      },
      features: ['V1', { column: 'V2' }],
      policy: { review: 0.2, whenUnavailable: 'review', deadlineMs: 60_000 },
    }
    assert.deepEqual(parseDetectorFile(formatDetector(full), 'full.yaml').detector, full)
  })

  test('that is wrong names the line, the field and what is allowed', () => {
    const text = formatDetector(detector)
    assert.match(
      reasonOf(text.replace('seconds-since', 'seconds')),
      /bad\.yaml:\d+: transaction\.time\.format: .*"epoch-s"/,
    )
    assert.match(reasonOf(text.replace('label:', 'lable:')), /bad\.yaml:\d+: transaction.*lable/)
    assert.match(reasonOf('features:\n\t- V1\n'), /bad\.yaml:2: .*spaces, not tabs/)
    assert.match(reasonOf(''), /bad\.yaml/)
    assert.match(reasonOf(text.replace('creditcard', '"no such name!"')), /bad\.yaml:1: detector: use letters/)
  })
})

describe('a mistake in a detector file is told with its line, its cause and a cure', () => {
  const text = `detector: cards
transaction:
  id: ID
  time: { field: TIME, format: iso }
  amount: { field: AMOUNT, digits: 2 }
  keys: { card: CARD }
  label: { field: FRAUD, delay: 7d }
  zone: UTC
features: [amount]
model: { learner: random-forest, nEstimators: 100 }
policy: { review: 0.2, decline: 0.8 }
`
  /** The problems after something was changed, each a line. */
  const problems = (from: string, to: string) => {
    assert.ok(text.includes(from), from)
    return reasonOf(text.replace(from, to)).split('\n')
  }

  test('where a field is misspelt', () => {
    assert.deepEqual(problems('model:', 'modle:'), [
      'bad.yaml:10: modle: there is no such field here. Did you mean "model"?',
    ])
    assert.deepEqual(problems('  zone:', '  zoen:'), [
      'bad.yaml:8: transaction.zoen: there is no such field here. Did you mean "zone"?',
    ])
    assert.deepEqual(problems('field: TIME, ', 'feild: TIME, field: TIME, '), [
      'bad.yaml:4: transaction.time.feild: there is no such field here. Did you mean "field"?',
    ])
    assert.deepEqual(problems('nEstimators', 'n_estimators'), [
      'bad.yaml:10: model.n_estimators: there is no such field here. Did you mean "nEstimators"?',
    ])
    assert.deepEqual(problems('delay: 7d', 'dealy: 7d, delay: 7d'), [
      'bad.yaml:7: transaction.label.dealy: there is no such field here. Did you mean "delay"?',
    ])
    assert.deepEqual(problems('  label: { field: FRAUD, delay: 7d }\n', ''), [
      'bad.yaml:2: transaction.label: it is missing',
    ])
  })

  test('where a value is none of those allowed', () => {
    const [learner] = problems('random-forest', 'random-forrest')
    assert.match(learner, /^bad\.yaml:10: model\.learner: .*Did you mean "random-forest"\?/)
    assert.match(problems('iso', 'ISO')[0], /^bad\.yaml:4: transaction\.time\.format: .*Did you mean "iso"\?/)
    assert.match(problems('UTC', 'Europe/Pariss')[0], /^bad\.yaml:8: transaction\.zone: use a time zone such as UTC or/)
    assert.match(problems('7d', '7')[0], /^bad\.yaml:7: transaction\.label\.delay: 7 needs a unit, such as 7d/)
    assert.match(problems('7d', '7x')[0], /^bad\.yaml:7: transaction\.label\.delay: "x" is not a unit of time; use ms/)
    assert.match(problems('digits: 2', 'digits: 7')[0], /^bad\.yaml:5: transaction\.amount\.digits: .*6/)
    assert.match(problems('[amount]', '[]')[0], /^bad\.yaml:9: features: list at least one feature/)
    assert.match(problems('[amount]', '[7]')[0], /^bad\.yaml:9: features\.0: write a name, or a kind of feature/)
    assert.match(
      problems('0.8 }', '0.8, whenUnavailable: block }')[0],
      /^bad\.yaml:11: policy\.whenUnavailable: .*"decline"/,
    )
  })

  test('where thresholds are out of order', () => {
    assert.deepEqual(problems('decline: 0.8', 'decline: 0.1'), [
      "bad.yaml:11: policy.decline: decline is more severe than review, so its threshold can't be under 0.2",
    ])
    assert.deepEqual(problems('decline: 0.8', 'challenge: 0.3, decline: 0.8'), [
      "bad.yaml:11: policy.review: review is more severe than challenge, so its threshold can't be under 0.3",
    ])
    assert.match(problems('0.8', '80')[0], /^bad\.yaml:11: policy\.decline: .*1/)
    assert.ok(parseDetectorFile(text.replace('0.8', '0.2'), 'equal.yaml'))
  })

  test('where two things contradict each other', () => {
    const both = 'a label has a delay or a column that says when it was known, not both'
    assert.deepEqual(problems('delay: 7d', 'delay: 7d, knownAt: K'), [`bad.yaml:7: transaction.label.knownAt: ${both}`])
    assert.deepEqual(problems('format: iso', "format: iso, start: '2020-01-01T00:00:00Z'"), [
      'bad.yaml:4: transaction.time.start: only the formats seconds-since, hours-since and days-since have a start',
    ])
    const rate = 'bad.yaml:5: transaction.amount.conversion: a conversion also needs currency: { field: COLUMN }'
    assert.deepEqual(problems('digits: 2', 'digits: 2, conversion: RATE'), [rate])
    assert.deepEqual(problems('digits: 2', 'digits: 2, currency: EUR, conversion: RATE'), [rate])
  })

  test('where a currency is neither a code nor a field', () => {
    const code =
      'bad.yaml:5: transaction.amount.currency: write a code of three capitals, such as EUR, or { field: COLUMN }'
    assert.deepEqual(problems('digits: 2', 'digits: 2, currency: { column: C }'), [code])
    assert.deepEqual(problems('digits: 2', 'digits: 2, currency: 978'), [code])
  })

  test('where the text is no YAML or has references', () => {
    assert.match(problems('  zone', '\tzone')[0], /^bad\.yaml:8: .*spaces, not tabs/)
    assert.match(problems('model:', 'features:')[0], /^bad\.yaml:10: .*unique/)
    assert.match(problems('[amount]', '[amount')[0], /^bad\.yaml:\d+: /)
    const alias = /is an alias, which is not allowed; write its value out/
    assert.match(problems('[amount]', '[{ count: &c { by: card, over: 7d } }, { sum: *c }]')[0], alias)
    assert.match(problems('[amount]', '&f [amount, *f]')[0], alias)
    assert.match(problems('[amount]', '[{ count: { <<: *c, over: 7d } }]')[0], alias)
  })

  test('where several things are wrong, all of them', () => {
    const wrong = text.replace('7d', '7').replace('iso', 'ISO').replace('0.8', '0.1')
    const lines = reasonOf(wrong)
      .split('\n')
      .map((problem) => problem.slice(0, problem.indexOf(': ')))
    assert.deepEqual(lines, ['bad.yaml:4', 'bad.yaml:7', 'bad.yaml:11'])
  })

  test('where a list names what the detector does not have, or names it twice', () => {
    const list = (entry: string) => problems('  zone: UTC', `  ${entry}`)
    assert.deepEqual(list('personal: [crad]'), [
      'bad.yaml:8: transaction.personal.0: transaction.keys has no "crad". Did you mean "card"?',
    ])
    assert.deepEqual(list('personal: [card, card]'), ['bad.yaml:8: transaction.personal.1: "card" is listed twice'])
    // The name of a key is not its column's.
    assert.match(list('personal: [CUSTOMER]')[0], /transaction\.keys has no "CUSTOMER". It has "card"\.$/)
    assert.deepEqual(list('notCardNumber: [CARD, CRAD]'), [
      'bad.yaml:8: transaction.notCardNumber.1: the detector declares no column "CRAD". Did you mean "CARD"?',
    ])
    assert.match(list('notCardNumber: [TIME]')[0], /declares no column "TIME"/)
    assert.match(list('notCardNumber: [ID, ID]')[0], /transaction\.notCardNumber\.1: "ID" is listed twice/)
    assert.match(
      list('hashCardNumber: [CUSTOMER]')[0],
      /declares no column of texts "CUSTOMER". It has "ID", "CARD"\.$/,
    )
    assert.match(list('hashCardNumber: [amount]')[0], /declares no column of texts "amount"/)
    assert.deepEqual(list('notCardNumber: [CARD]\n  hashCardNumber: [CARD]'), [
      'bad.yaml:9: transaction.hashCardNumber.0: it is also listed in notCardNumber; remove it from one of the two',
    ])
  })

  test('where a maturity or a deadline is none', () => {
    assert.match(
      problems('delay: 7d', 'delay: 7d, maturity: 30')[0],
      /^bad\.yaml:7: transaction\.label\.maturity: 30 needs/,
    )
    for (const deadline of ['0', '60001', '1.5', '100ms']) {
      const [problem] = problems('0.8 }', `0.8, deadlineMs: ${deadline} }`)
      assert.match(problem, /^bad\.yaml:11: policy\.deadlineMs: /)
    }
  })

  test('in words, where a currency is no code', () => {
    assert.match(problems('digits: 2', 'digits: 2, currency: euro')[0], /write a code of three capitals, such as EUR/)
  })

  test('in words, where the name of a key may not be', () => {
    assert.match(problems('card: CARD', 'Card Number: CARD')[0], /a name begins with a small letter/)
  })

  test('in words, where the file is empty, a list, or two files', () => {
    for (const wrong of ['', '- a\n', `${text}---\n${text}`]) {
      assert.doesNotMatch(reasonOf(wrong), /expected object|YAML\.parseAllDocuments/)
    }
  })

  test('in words, where braces are missing', () => {
    assert.match(problems('{ field: TIME, format: iso }', 'TIME')[0], /\{ field/)
  })

  test('with a suggestion, where two letters are swapped', () => {
    assert.match(problems('  zone:', '  zoen:')[0], /Did you mean "zone"\?/)
  })
})
