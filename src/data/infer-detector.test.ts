import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type InferenceHints, inferDetector } from './infer-detector.ts'
import type { Column, Table } from './table.ts'

const nowMs = Date.UTC(2026, 10, 27)

function numbers(name: string, ...values: number[]): Column {
  return { kind: 'number', name, values: Float64Array.from(values) }
}

function table(...columns: Column[]): Table {
  return { rowCount: 3, columns }
}

describe('a detector is inferred', () => {
  test('for the card table: Time is no input, V1 and Amount are', () => {
    const { detector, leftOut } = inferDetector(
      table(numbers('Time', 0, 1, 1), numbers('V1', 1, -1, 0), numbers('Amount', 9, 1, 5), numbers('Class', 0, 1, 0)),
      'creditcard',
      nowMs,
    )
    assert.deepEqual(detector, {
      detector: 'creditcard',
      transaction: {
        time: { field: 'Time', format: 'seconds-since' },
        amount: { field: 'Amount' },
        label: { field: 'Class' },
      },
      features: ['V1', 'Amount'],
    })
    assert.deepEqual(leftOut, [{ column: 'Time', reason: 'the time' }])
  })

  test('by the label that the well-known names come before', () => {
    const labelOf = (...names: readonly string[]) => {
      const columns = [numbers('V1', 1, -1, 0), ...names.map((name) => numbers(name, 0, 1, 0))]
      return inferDetector(table(...columns), 'own', nowMs).detector.transaction.label.field
    }
    for (const name of ['chargeback', 'Fraud?', 'was_fraud', 'chargedBack']) assert.equal(labelOf(name), name)
    assert.equal(labelOf('chargeback', 'is_fraud'), 'is_fraud')
  })

  test('without identifiers, clocks, texts and what restates the label', () => {
    const { detector, leftOut } = inferDetector(
      table(
        numbers('TRANSACTION_ID', 3, 1, 2),
        { kind: 'time', name: 'TX_DATETIME', values: Float64Array.of(1e12, 1.1e12, 1.2e12) },
        numbers('TX_TIME_DAYS', 0, 1, 1),
        numbers('TX_AMOUNT', 5, 9, 1),
        numbers('TX_FRAUD', 0, 1, 0),
        numbers('TX_FRAUD_SCENARIO', 0, 2, 0),
        { kind: 'text', name: 'country', codes: Int32Array.of(0, 0, 0), dictionary: ['BE'] },
      ),
      'handbook',
      nowMs,
    )
    assert.deepEqual(detector.features, ['TX_AMOUNT'])
    assert.deepEqual(detector.transaction.time, { field: 'TX_DATETIME', format: 'iso' })
    assert.deepEqual(
      leftOut.map(({ column }) => column),
      ['TRANSACTION_ID', 'TX_DATETIME', 'TX_TIME_DAYS', 'TX_FRAUD_SCENARIO', 'country'],
    )
  })

  test('by the hints where names say nothing, and not at all where nothing is left', () => {
    const hinted = inferDetector(
      table(numbers('x', 1, 0, 3), numbers('bad', 0, 1, 0), numbers('w', 2, 1, 1)),
      'x',
      nowMs,
      {
        label: 'bad',
        ignore: ['w'],
      },
    )
    assert.deepEqual(hinted.detector, { detector: 'x', transaction: { label: { field: 'bad' } }, features: ['x'] })
    for (const mistyped of [{ time: 'wenn' }, { ignore: ['w', 'X1'] }]) {
      const columns = [numbers('w', 2, 1, 1), numbers('x', 1, 0, 3), numbers('Class', 0, 1, 0)]
      assert.throws(() => inferDetector(table(...columns), 'x', nowMs, mistyped), {
        code: 'DATA_INVALID',
        message: /no column/,
      })
    }
    assert.throws(() => inferDetector(table(numbers('x', 1, 0, 3)), 'x', nowMs), /option `label`.*x/)
    assert.throws(() => inferDetector(table(numbers('Class', 1, 0, 1)), 'x', nowMs), /input/)
  })
})

describe('without a time', () => {
  const rows = 60
  const column = (name: string, at: (row: number) => number) =>
    numbers(name, ...Array.from({ length: rows }, (_, row) => at(row)))
  const label = column('isFraud', (row) => (row % 7 === 3 ? 1 : 0))
  const amount = column('amount', (row) => (row * 37) % 41)
  const reasonFor = (other: Column, hints: InferenceHints = {}) => {
    const { detector, leftOut } = inferDetector({ rowCount: rows, columns: [other, amount, label] }, 'x', nowMs, hints)
    assert.deepEqual(detector.features.length, leftOut.length === 0 ? 2 : 1)
    return leftOut[0]?.reason
  }

  test('columns that only rise or fall are left out, and may be named as the time', () => {
    const clock =
      /^only ever rises or falls with the rows: a clock or a counter; if it is the time, use option `time` step$/
    assert.match(reasonFor(column('step', (row) => 1 + Math.floor(row / 9))) ?? '', clock)
    assert.match(reasonFor(column('step', (row) => 1000 - 3 * row)) ?? '', clock)
    assert.match(reasonFor(column('step', (row) => (row % 5 === 0 ? Number.NaN : row))) ?? '', clock)
    assert.equal(reasonFor(column('constant', () => 3)), undefined)
    assert.equal(reasonFor(column('V1', (row) => (row * 37) % 13)), undefined)
  })

  test('amounts that the file is sorted by are an input', () => {
    const sorted = column('Amount', (row) => row / 4)
    const { detector } = inferDetector({ rowCount: rows, columns: [sorted, label] }, 'x', nowMs)
    assert.deepEqual(detector.features, ['Amount'])
  })

  test('an index is left out, shuffled or not, named or not', () => {
    const shuffled = (start: number) => column('key', (row) => start + ((row * 23) % rows))
    for (const start of [0, 1, 5000]) assert.equal(reasonFor(shuffled(start)), 'a running number of the rows')
    for (const name of ['Unnamed: 0', 'unnamed_1', 'index', 'row_number', 'level_0']) {
      assert.equal(reasonFor(column(name, (row) => (row * 977) % 100_003)), 'an index, by its name')
    }
    assert.equal(reasonFor(column('V1', (row) => (row * 23) % (rows - 1))), undefined)
  })

  test('flags named after the label, and what says the same row by row, are left out', () => {
    const named = 'has more about the label, by its name'
    for (const name of ['isFlaggedFraud', 'fraud_flag', 'FRAUDULENT', 'isFraud_2']) {
      assert.equal(reasonFor(column(name, (row) => (row === 5 ? 1 : 0))), named, name)
    }
    assert.equal(reasonFor(column('terminal_fraud_rate_7d', (row) => ((row * 17) % 9) / 9)), undefined)
    const same = 'equals the label in every row'
    assert.equal(reasonFor(column('chargeback', (row) => (row % 7 === 3 ? 1 : 0))), same)
    assert.equal(reasonFor(column('good', (row) => (row === 9 ? Number.NaN : row % 7 === 3 ? 0 : 1))), same)
  })

  test('card numbers are left out, as numbers and as texts, and references are not', () => {
    const cards = Array.from({ length: rows }, (_, row) => luhn(`4${String(10_000_019 * row).padStart(14, '0')}`))
    const reason = 'card numbers; to keep histories by card, declare it as a key, and under hashCardNumber'
    assert.equal(reasonFor(column('cc_num', (row) => Number(cards[row]))), reason)
    const texts: Column = { kind: 'text', name: 'cc_num', codes: Int32Array.from(cards.keys()), dictionary: cards }
    assert.equal(reasonFor(texts), reason)
    assert.equal(reasonFor(column('ref', (row) => 4e15 + ((((row * 23) % 59) * 7_919_113_337) % 9e14))), undefined)
  })
})

describe('the time', () => {
  const march = Date.UTC(2026, 2, 28, 12)
  const formatFor = (name: string, values: readonly number[], hints: InferenceHints = {}) =>
    inferDetector(table(numbers(name, ...values), numbers('x', 1, -1, 0), numbers('Class', 0, 1, 0)), 'x', nowMs, {
      time: name,
      ...hints,
    }).detector.transaction.time?.format

  test('says by its range what it counts', () => {
    const since = (unit: number) => [0, 1.5, 9].map((hours) => Math.round((march + hours * 3.6e6) / unit))
    assert.equal(formatFor('t', since(1000)), 'epoch-s')
    assert.equal(formatFor('t', since(1)), 'epoch-ms')
    assert.equal(formatFor('t', since(1e-3)), 'epoch-us')
    assert.equal(formatFor('t', since(1e-6)), 'epoch-ns')
    assert.equal(formatFor('t', since(3.6e6)), 'hours-since')
    assert.equal(formatFor('t', [46109, 46109.5, 46110]), 'excel-days')
    assert.equal(formatFor('Time', since(1000)), 'epoch-s')
    assert.equal(formatFor('Time', [45_000, 45_001, 46_000]), 'seconds-since')
    assert.equal(formatFor('TransactionDT', [86_400, 86_401, 15_811_131]), 'seconds-since')
  })

  test('is asked for where its range does not say', () => {
    assert.throws(() => formatFor('step', [1, 2, 743]), {
      code: 'DATA_INVALID',
      message:
        /^The numbers in "step", 1 to 743, do not show what they count: use option `timeFormat` with one of epoch-s,/,
    })
    assert.equal(formatFor('step', [1, 2, 743], { timeFormat: 'hours-since' }), 'hours-since')
    assert.throws(() => formatFor('date', [20_240_131, 20_240_201, 20_240_202]), { message: /option `ignore` date/ })
    const dictionary = ['1774699200123456789', '1774699200123456790', '1774699200123456791']
    const ns: Column = { kind: 'text', name: 'timestamp', codes: Int32Array.of(0, 1, 2), dictionary }
    const columns = [ns, numbers('x', 1, -1, 0), numbers('Class', 0, 1, 0)]
    assert.throws(() => inferDetector(table(...columns), 'x', nowMs), { message: /format: epoch-ns/ })
    assert.equal(
      inferDetector(table(...columns), 'x', nowMs, { ignore: ['timestamp'] }).detector.transaction.time,
      undefined,
    )
  })
})

/** The digits with the one behind them that makes Luhn's sum a multiple of ten. */
function luhn(digits: string): string {
  const sum = [...digits].reverse().reduce((all, digit, place) => {
    const doubled = place % 2 === 0 ? 2 * Number(digit) : Number(digit)
    return all + (doubled > 9 ? doubled - 9 : doubled)
  }, 0)
  return `${digits}${(10 - (sum % 10)) % 10}`
}
