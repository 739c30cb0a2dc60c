import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { type FieldError, FraudError } from '../core/errors.ts'
import type { TimeFormat } from '../core/time-formats.ts'
import { openTables, readTable } from '../data/read-table.ts'
import { TransactionReader } from '../data/transaction-reader.ts'
import { compileDetector } from '../features/feature-set.ts'
import { type Detector, inMemory, parseDetector } from './detector.ts'
import { ReceivedTransactionReader } from './received-transaction.ts'

type Declared = Detector['transaction']

const usual: Declared = {
  id: 'ID',
  time: { field: 'TIME', format: 'iso' },
  amount: { field: 'AMOUNT', digits: 2 },
  keys: { card: 'CARD', shop: 'SHOP' },
  fields: { city: 'CITY', points: 'POINTS', note: 'NOTE' },
  label: { field: 'FRAUD', delay: '7d' },
}
const features: Detector['features'] = [
  ...['amount', 'V1'],
  { sum: { of: 'points', by: 'card', over: '1d' } },
  { distinct: { of: 'city', by: 'card', over: '1d' } },
  { count: { by: 'shop', over: '1d' } },
]
const good = { ID: 't-1', TIME: '2026-11-22T09:00:00Z', AMOUNT: 12.5, CARD: 'c-1', SHOP: 's', V1: 0.25 }
/** Visa's and Mastercard's own test numbers. */
const card = '4111111111111111'
const spaced = '4111 1111-1111 1111'

const nowMs = Date.UTC(2026, 10, 22, 9)

function detectorOf(transaction: Partial<Declared> = {}): Detector {
  return parseDetector({ detector: 'test', transaction: { ...usual, ...transaction }, features })
}

function readerOf(transaction: Partial<Declared> = {}, isStrict = false) {
  const detector = detectorOf(transaction)
  const { layout } = compileDetector(detector)
  const hashed: string[] = []
  const tokens: string[] = []
  const reader = new ReceivedTransactionReader(
    detector,
    layout,
    {
      hashCardNumber: (digits) => `pan_${hashed.push(digits)}_${digits.length}`,
      token: (key, value) => {
        tokens.push(`${key}=${value}`)
        return `tok_${value.length}`
      },
    },
    () => nowMs,
    isStrict,
  )
  /** A good transaction but for these fields; undefined leaves one out. */
  const read = (changed: object = {}, repeated?: ReadonlySet<string>) =>
    reader.read(JSON.parse(JSON.stringify({ ...good, ...changed })), repeated)
  const kept = (changed: object = {}) => {
    const { fields } = read(changed)
    return Object.fromEntries(reader.columns.map((column, i) => [column, fields[i]]))
  }
  const refusal = (changed: object, repeated?: ReadonlySet<string>): FraudError => {
    try {
      read(changed, repeated)
    } catch (error) {
      assert.ok(error instanceof FraudError)
      return error
    }
    assert.fail('was taken in')
  }
  const errors = (changed: object): readonly FieldError[] => {
    const error = refusal(changed)
    assert.equal(error.code, 'INPUT_INVALID')
    return error.errors
  }
  return { reader, layout, read, kept, refusal, errors, hashed, tokens }
}

/** All that an error shows to anybody. */
const shown = (error: FraudError) =>
  JSON.stringify({ ...error, message: error.message, stack: error.stack, cause: error.cause })

const halfSurrogate = 'is not valid text: it has half of a surrogate pair'

describe('a transaction', () => {
  test('is what features see of it, and what is kept of it', () => {
    const { read, kept, layout } = readerOf()
    const { id, transaction } = read({ POINTS: 7, CITY: 'Rome', NOTE: 'free text', OTHER: 'ignored', FRAUD: 1 })
    assert.equal(id, 't-1')
    assert.equal(transaction.timestampMs, Date.UTC(2026, 10, 22, 9))
    assert.equal(transaction.amount, 1250)
    const seen = Object.fromEntries([
      ...layout.texts.map(({ column }, i) => [column, transaction.texts[i]]),
      ...layout.numbers.map(({ column }, i) => [column, transaction.numbers[i]]),
    ])
    assert.deepEqual(seen, { CARD: 'c-1', CITY: 'Rome', SHOP: 's', V1: 0.25, POINTS: 7 })
    assert.deepEqual(kept({ POINTS: 7, CITY: 'Rome', NOTE: 'free text', OTHER: 'ignored', FRAUD: 1 }), {
      ...{ AMOUNT: 12.5, CARD: 'c-1', SHOP: 's', CITY: 'Rome', POINTS: 7, V1: 0.25, NOTE: 'free text' },
    })
  })

  test('may lack anything but its id, its time and an amount that has decimals', () => {
    for (const missing of [undefined, null, '']) {
      const { CARD, SHOP, V1, CITY, POINTS, NOTE } = readerOf().kept({
        ...{ CARD: missing, SHOP: missing, V1: missing, CITY: missing, POINTS: missing, NOTE: missing },
      })
      assert.deepEqual([CARD, SHOP, V1, CITY, POINTS, NOTE], new Array(6).fill(undefined))
      assert.deepEqual(readerOf().errors({ AMOUNT: missing }), [{ field: 'AMOUNT', reason: 'has no amount' }])
    }
    const { transaction } = readerOf({ amount: { field: 'AMOUNT' } }).read({ AMOUNT: undefined })
    assert.ok(Number.isNaN(transaction.amount))
  })

  test('has an amount in minor units, which is the double of its decimals', () => {
    for (const digits of [0, 2, 3]) {
      const { kept, read, errors } = readerOf({ amount: { field: 'AMOUNT', digits, minorUnits: true } })
      fc.assert(
        fc.property(fc.maxSafeInteger(), (any) => {
          const minor = any % 1e12
          assert.ok(Object.is(kept({ AMOUNT: minor }).AMOUNT, Number(`${minor}e-${digits}`) + 0))
          assert.equal(read({ AMOUNT: minor }).transaction.amount, minor + 0)
        }),
      )
      const reason = 'is not a whole number, but amounts are in minor units'
      assert.deepEqual(errors({ AMOUNT: 12.5 }), [{ field: 'AMOUNT', reason }])
      assert.deepEqual(errors({ AMOUNT: 1e12 }), [
        { field: 'AMOUNT', reason: 'has 13 digits or more, as many as a card number' },
      ])
      assert.deepEqual(errors({ AMOUNT: null }), [{ field: 'AMOUNT', reason: 'has no amount' }])
      assert.match(errors({ AMOUNT: '1250' })[0].reason, /^is text, where a number is required/)
    }
    const amount = { field: 'AMOUNT', digits: 2, minorUnits: true }
    const { kept, errors } = readerOf({ amount, notCardNumber: ['AMOUNT'] })
    assert.equal(kept({ AMOUNT: 411111111111111 }).AMOUNT, 4111111111111.11)
    assert.deepEqual(errors({ AMOUNT: 1e15 + 1 }), [
      { field: 'AMOUNT', reason: 'is too large for an amount in minor units' },
    ])
  })

  test('has names that match exactly', () => {
    const { errors, kept } = readerOf()
    assert.deepEqual(errors({ ID: undefined, id: 't-1', TIME: undefined, time: good.TIME }), [
      { field: 'ID', reason: 'is missing' },
      { field: 'TIME', reason: 'is missing' },
      { field: 'id', reason: 'is not declared by the detector; did you mean ID?' },
      { field: 'time', reason: 'is not declared by the detector; did you mean TIME?' },
    ])
    assert.equal(kept({ card: 'c' }).CARD, 'c-1')
  })

  test('has no misspelt name of a field that was not sent', () => {
    const { errors, kept } = readerOf({
      keys: { card: 'cc_num', shop: 'SHOP' },
      fields: { city: 'Category', points: 'POINTS' },
    })
    const misspelt = { ccnum: 'cc_num', 'CC-Num': 'cc_num', cc_nm: 'cc_num', cc_nmu: 'cc_num', card: 'cc_num' }
    const others = {
      category: 'Category',
      'Category ': 'Category',
      Cathegory: 'Category',
      city: 'Category',
      shop: 'SHOP',
    }
    for (const [name, meant] of Object.entries({ ...misspelt, ...others })) {
      const sent = { SHOP: 's', cc_num: 'c', Category: 'x', [meant]: undefined, [name]: 'y' }
      assert.deepEqual(errors(sent), [
        { field: name, reason: `is not declared by the detector; did you mean ${meant}?` },
      ])
      // Beside the field itself it is another one, also where that is said to be unknown.
      for (const given of ['z', null]) assert.equal('x' in kept({ ...sent, [meant]: given }), false)
    }
    for (const name of ['number', 'cc_number', 'V2', 'V', 'cc', 'FRAUD', 'constructor', 'toString', '__proto__x'])
      assert.doesNotThrow(() => kept({ cc_num: undefined, SHOP: undefined, V1: undefined, [name]: 1 }), name)
  })

  test('has only declared names where the service is strict', () => {
    const detector = detectorOf()
    const { layout } = compileDetector(detector)
    const conceal = { hashCardNumber: String, token: String }
    const reader = new ReceivedTransactionReader(detector, layout, conceal, () => nowMs, true)
    assert.equal(reader.read({ ...good, FRAUD: 1, NOTE: 'x' }).id, 't-1')
    assert.throws(() => reader.read({ ...good, card: 'c', other: 1 }), {
      code: 'INPUT_INVALID',
      errors: ['card', 'other'].map((field) => ({ field, reason: 'is not declared by the detector' })),
    })
  })

  test('may say where the service is strict that its currency is the one of all amounts', () => {
    const strict = (amount: Declared['amount']) => readerOf({ amount }, true)
    const { read, errors } = strict({ field: 'AMOUNT', digits: 2, currency: 'EUR' })
    for (const currency of ['EUR', 'eur ', null]) assert.doesNotThrow(() => read({ currency }))
    assert.deepEqual(errors({ currency: 'USD' }), [
      { field: 'currency', reason: 'is USD, but all amounts of the detector are in EUR' },
    ])
    const undeclared = [{ field: 'currency', reason: 'is not declared by the detector' }]
    assert.deepEqual(strict({ field: 'AMOUNT', digits: 2 }).errors({ currency: 'EUR' }), undeclared)
  })

  test('has texts without blanks around them, as those of files have none', () => {
    const { kept } = readerOf()
    const { CARD, CITY, NOTE } = kept({ CARD: ' c-1\t', CITY: '\u00a0Rome \n', NOTE: ' \u2003 ' })
    assert.deepEqual([CARD, CITY, NOTE], ['c-1', 'Rome', undefined])
  })

  test('takes place on the globe', () => {
    const { errors, kept } = readerOf({ position: { latitude: 'LAT', longitude: 'LON' } })
    for (const [LAT, LON] of [
      [90, -180],
      [-90, 180],
      [0, 0],
    ])
      assert.equal(kept({ LAT, LON }).LAT, LAT)
    for (const LAT of [90.01, -91, 1e300])
      assert.deepEqual(errors({ LAT }), [{ field: 'LAT', reason: 'is not a latitude: it is beyond 90 degrees' }])
    for (const LON of [180.01, -4111111111111111])
      assert.deepEqual(errors({ LON }), [{ field: 'LON', reason: 'is not a longitude: it is beyond 180 degrees' }])
  })

  test('is an object', () => {
    const { reader } = readerOf()
    for (const [value, kind] of [
      [null, 'null'],
      [[good], 'an array'],
      ['text', 'text'],
      [7, 'a number'],
      [true, 'a boolean'],
    ]) {
      assert.throws(() => reader.read(value), {
        code: 'INPUT_INVALID',
        errors: [{ field: '(body)', reason: `is ${kind}, where an object is required` }],
      })
    }
  })

  test('has an id of 1 to 128 characters, or a whole number', () => {
    const { read, errors } = readerOf()
    assert.equal(read({ ID: 12 }).id, '12')
    assert.equal(read({ ID: -3 }).id, '-3')
    assert.equal(read({ ID: 'é'.repeat(128) }).id.length, 128)
    const reason = (ID: unknown) => errors({ ID })[0].reason
    assert.equal(reason('x'.repeat(129)), 'is over 128 characters')
    assert.equal(reason(''), 'is empty')
    assert.equal(reason('a\ud800b'), halfSurrogate)
    assert.equal(reason('a\0b'), 'holds the character U+0000')
    for (const [ID, kind] of [
      [null, 'null'],
      [true, 'a boolean'],
      [[], 'an array'],
      [{}, 'an object'],
    ]) {
      assert.equal(reason(ID), `is ${kind}, where text or a whole number is required`)
    }
    assert.equal(reason(12.5), 'is not a whole number: send it as text')
    assert.equal(reason(2 ** 53), 'is a whole number past 2^53: send it as text')
  })

  test('is not of another currency than the one of all amounts', () => {
    const amount = { field: 'AMOUNT', digits: 2, currency: 'EUR' }
    const { errors, read } = readerOf({ amount })
    for (const currency of ['EUR', ' eur', '', null, undefined]) assert.doesNotThrow(() => read({ currency }))
    for (const field of ['currency', 'Currency', 'CURRENCY', 'currencyCode', 'currency_code', 'ccy'])
      assert.deepEqual(errors({ [field]: 'USD' }), [
        { field, reason: 'is USD, but all amounts of the detector are in EUR' },
      ])
    const reason = (currency: unknown) => errors({ currency })[0].reason.split(',')[0]
    assert.equal(reason(840), 'is 840')
    for (const other of [card, {}, true, 'euros']) assert.equal(reason(other), 'is something else')
    const nested = readerOf({ amount: { ...amount, field: 'payment.amount' } })
    assert.equal(nested.errors({ payment: { amount: 1, currency: 'USD' } })[0].field, 'payment.currency')
    assert.doesNotThrow(() => nested.read({ payment: { amount: 1 }, fee: { currency: 'USD' } }))
    const named = readerOf({ amount: { ...amount, field: 'TX_AMOUNT' } })
    assert.equal(named.errors({ TX_AMOUNT: 1, TX_CURRENCY: 'USD' })[0].field, 'TX_CURRENCY')
  })

  test('may have a field named currency where the detector says what that is, or has no one currency', () => {
    const declared = {
      amount: { field: 'AMOUNT', digits: 2, currency: 'EUR' },
      fields: { ...usual.fields, ordered: 'currency' },
    }
    for (const transaction of [{}, declared, { amount: { field: 'AMOUNT', currency: { field: 'currency' } } }])
      assert.doesNotThrow(() => readerOf(transaction).read({ currency: 'USD' }))
  })

  test('has texts of at most 512 characters, each a whole one', () => {
    const { read, errors } = readerOf()
    assert.doesNotThrow(() => read({ CITY: '👍'.repeat(256), NOTE: ' ' }))
    for (const [CITY, reason] of [
      ['x'.repeat(513), 'is over 512 characters'],
      ['\udc00', halfSurrogate],
      ['a\ud83d', halfSurrogate],
      ['\0', 'holds the character U+0000'],
    ]) {
      assert.deepEqual(errors({ CITY }), [{ field: 'CITY', reason }])
    }
  })

  test('has keys that are texts, or whole numbers that a double tells apart', () => {
    const { kept, errors } = readerOf()
    for (const [CARD, text] of [
      [7, '7'],
      [0, '0'],
      [-12, '-12'],
      [9007199254740991, '9007199254740991'],
      ['007', '007'],
      [1e15, '1000000000000000'],
    ]) {
      assert.equal(kept({ CARD }).CARD, text)
    }
    const reasonOf = (CARD: number) => errors({ CARD })[0].reason
    for (const CARD of [2 ** 53, -1e300]) assert.equal(reasonOf(CARD), 'is a whole number past 2^53: send it as text')
    for (const CARD of [12.5, -0.1]) assert.equal(reasonOf(CARD), 'is not a whole number: send it as text')
  })

  test('has numbers as they are', () => {
    const { kept } = readerOf()
    for (const V1 of [0, -1.5, 5e-324, 1e308, 2 ** 53, -0.1]) assert.equal(kept({ V1 }).V1, V1)
  })

  test('has fields that features do not use as they come, of either kind', () => {
    const { kept } = readerOf()
    assert.equal(kept({ NOTE: 'text' }).NOTE, 'text')
    assert.equal(kept({ NOTE: 1.5 }).NOTE, 1.5)
    assert.equal(kept({ NOTE: 12 }).NOTE, 12)
  })
})

describe('what is wrong with a transaction', () => {
  test('is said of every field at once, by its name and a reason', () => {
    const bad = { ID: null, TIME: 7, AMOUNT: 1.005, CARD: 1.5, SHOP: {}, CITY: true, POINTS: 'many', V1: [1], NOTE: {} }
    const { refusal } = readerOf()
    const error = refusal(bad)
    assert.equal(error.message, '9 fields are not what the detector needs')
    assert.deepEqual(Object.fromEntries(error.errors.map(({ field, reason }) => [field, reason])), {
      ID: 'is null, where text or a whole number is required',
      TIME: 'is a number, where an ISO 8601 time is required',
      AMOUNT: 'has more than 2 decimals',
      CARD: 'is not a whole number: send it as text',
      SHOP: 'is an object, where text is required',
      CITY: 'is a boolean, where text is required',
      POINTS: 'is text, where a number is required',
      V1: 'is an array, where a number is required',
      NOTE: 'is an object, where text or a number is required',
    })
    assert.equal(error.errors.length, 9)
  })

  test('is said of one field once, without its value', () => {
    const { errors } = readerOf()
    assert.deepEqual(errors({ AMOUNT: '12.5' }), [{ field: 'AMOUNT', reason: 'is text, where a number is required' }])
    assert.deepEqual(errors({ AMOUNT: 1.23456 }), [{ field: 'AMOUNT', reason: 'has more than 2 decimals' }])
    assert.deepEqual(readerOf({ amount: { field: 'AMOUNT', digits: 6 } }).errors({ AMOUNT: 1e11 }), [
      { field: 'AMOUNT', reason: 'is too large' },
    ])
  })

  test('may be a number that no double holds', () => {
    const { reader } = readerOf()
    const of = (field: string) =>
      JSON.parse(JSON.stringify({ ...good, [field]: 0 }).replace(`"${field}":0`, `"${field}":1e999`))
    const reason = 'is too large for a 64-bit number'
    assert.throws(() => reader.read(of('V1')), { errors: [{ field: 'V1', reason }] })
    assert.throws(() => reader.read(of('AMOUNT')), { errors: [{ field: 'AMOUNT', reason }] })
  })

  test('may be a name that is given twice, if it is one that counts', () => {
    const { refusal, read } = readerOf()
    const names = ['ID', 'TIME', 'CARD', 'NOTE', 'AMOUNT', 'OTHER']
    assert.deepEqual(
      refusal({}, new Set(names)).errors,
      names.slice(0, 5).map((field) => ({ field, reason: 'is given more than once' })),
    )
    assert.doesNotThrow(() => read({}, new Set(['OTHER'])))
  })

  test('is never its values, whatever they are', () => {
    const { refusal } = readerOf()
    const secret = 'Sanchez-31337'
    for (const value of [secret, secret.repeat(40), [secret], { a: secret }, 31337.12345]) {
      const error = refusal({
        ID: [secret],
        TIME: secret,
        AMOUNT: value,
        CARD: [value],
        CITY: { value },
        POINTS: secret,
        V1: secret,
      })
      assert.doesNotMatch(shown(error), /Sanchez|31337/)
    }
  })
})

describe('the time of a transaction', () => {
  const timeOf = (TIME: unknown, changed: Partial<Declared> = {}) => {
    const { timestampMs } = readerOf(changed).read({ TIME }).transaction
    return new Date(timestampMs).toISOString()
  }
  const numeric = (format: TimeFormat, start?: string): Partial<Declared> => ({
    time: { field: 'TIME', format, ...(start && { start }) },
  })

  test('may come as a day and a clock’s time apart, or whole', () => {
    const apart: Partial<Declared> = { time: { field: 'TIME', format: 'iso', clock: 'CLOCK' }, zone: 'Europe/Paris' }
    const { read, refusal } = readerOf(apart)
    const timeAt = (changed: object) => new Date(read(changed).transaction.timestampMs).toISOString()
    const day = { TIME: '2026-11-20' }
    assert.equal(timeAt({ ...day, CLOCK: '08:30' }), '2026-11-20T07:30:00.000Z')
    assert.equal(timeAt({ TIME: '2026-11-20T08:30:00' }), '2026-11-20T07:30:00.000Z')
    const why = (changed: object) => refusal(changed).errors
    assert.deepEqual(why(day), [{ field: 'CLOCK', reason: 'is missing, and TIME is a day alone' }])
    for (const CLOCK of ['25:00', 830, '2026-11-20T08:30'])
      assert.deepEqual(why({ ...day, CLOCK }), [{ field: 'CLOCK', reason: 'is not a time of day such as 08:30:00' }])
    assert.deepEqual(why({ CLOCK: '08:30' }), [
      { field: 'TIME', reason: 'is not a day alone, and CLOCK has its time of day' },
    ])
  })

  test('is UTC, or one of the detector’s zone, unless it says otherwise', () => {
    const zone = { zone: 'Europe/Paris' }
    assert.equal(timeOf('2026-07-01T12:00:00'), '2026-07-01T12:00:00.000Z')
    assert.equal(timeOf('2026-07-01 12:00'), '2026-07-01T12:00:00.000Z')
    assert.equal(timeOf('2026-07-01T12:00:00', zone), '2026-07-01T10:00:00.000Z')
    assert.equal(timeOf('2026-07-01', zone), '2026-06-30T22:00:00.000Z')
    assert.equal(timeOf('2026-07-01T12:00:00.1239-05:00', zone), '2026-07-01T17:00:00.123Z')
    assert.equal(timeOf('2026-07-01T12:00:00Z', zone), '2026-07-01T12:00:00.000Z')
  })

  test('may be a number of seconds or milliseconds, to the millisecond', () => {
    assert.equal(timeOf(1774699200.5, numeric('epoch-s')), '2026-03-28T12:00:00.500Z')
    assert.equal(timeOf(1774699200123, numeric('epoch-ms')), '2026-03-28T12:00:00.123Z')
    assert.equal(timeOf(1774699200123.4, numeric('epoch-ms')), '2026-03-28T12:00:00.123Z')
    assert.equal(timeOf(-60, numeric('seconds-since')), '1969-12-31T23:59:00.000Z')
    assert.equal(timeOf(31, numeric('seconds-since', '2018-04-01T00:00:00+02:00')), '2018-03-31T22:00:31.000Z')
  })

  test('is never -0, which the log would not give back', () => {
    for (const value of [-0.0001, -0]) {
      const { reader } = readerOf(numeric('seconds-since'))
      assert.ok(Object.is(reader.read({ ...good, TIME: value }).transaction.timestampMs, 0))
    }
  })

  test('is told to be wrong without being repeated', () => {
    const reason = (TIME: unknown, changed: Partial<Declared> = {}) => readerOf(changed).errors({ TIME })[0].reason
    for (const TIME of ['29/03/2026', '2026-02-30T00:00:00', '', ' ', '2026-01-01T25:00', 'now', '\ud800']) {
      assert.equal(reason(TIME), 'is not an ISO 8601 time')
    }
    assert.equal(reason(undefined), 'is missing')
    assert.equal(reason(null), 'is null, where an ISO 8601 time is required')
    assert.equal(reason('0', numeric('epoch-s')), 'is text, where a number is required')
    assert.equal(reason(1e300, numeric('epoch-s')), 'is not a time')
    assert.equal(reason(8.64e15 + 1, numeric('epoch-ms')), 'is not a time')
  })

  test('may be microseconds, nanoseconds, hours since a start or days as Excel counts them', () => {
    assert.equal(timeOf(1774699200123456, numeric('epoch-us')), '2026-03-28T12:00:00.123Z')
    assert.equal(timeOf(1774699200123456 * 1000, numeric('epoch-ns')), '2026-03-28T12:00:00.123Z')
    assert.equal(timeOf(7.5, numeric('hours-since', '2018-04-01T00:00:00Z')), '2018-04-01T07:30:00.000Z')
    assert.equal(timeOf(46109.5, numeric('excel-days')), '2026-03-28T12:00:00.000Z')
    assert.equal(timeOf(46109.5, { ...numeric('excel-days'), zone: 'Europe/Paris' }), '2026-03-28T11:00:00.000Z')
  })

  test('is refused outside 1990 to two years from now, with the unit that makes sense of it', () => {
    const reason = (TIME: unknown, changed: Partial<Declared> = {}) => readerOf(changed).errors({ TIME })[0].reason
    const outside = (format: string, better?: string) =>
      `is outside 1990 to two years from now, read as ${format}${better === undefined ? '' : `; the format ${better} would fit`}`
    const seconds = 1774699200
    assert.equal(reason(seconds * 1e3, numeric('epoch-s')), outside('epoch-s', 'epoch-ms'))
    assert.equal(reason(seconds, numeric('epoch-ms')), outside('epoch-ms', 'epoch-s'))
    assert.equal(reason(seconds * 1e6, numeric('epoch-ms')), outside('epoch-ms', 'epoch-us'))
    assert.equal(reason(seconds * 1e9, numeric('epoch-us')), outside('epoch-us', 'epoch-ns'))
    assert.equal(reason(46109, numeric('epoch-s')), outside('epoch-s', 'excel-days'))
    assert.equal(reason(seconds * 1e3, numeric('seconds-since')), outside('seconds-since', 'epoch-ms'))
    assert.equal(reason(-1, numeric('epoch-s')), outside('epoch-s'))
    assert.equal(reason('1970-01-01T00:00:00Z'), outside('iso'))
    assert.equal(timeOf('1990-01-01T00:00:00Z'), '1990-01-01T00:00:00.000Z')
    assert.equal(timeOf('2028-11-22T09:00:00Z'), '2028-11-22T09:00:00.000Z')
    assert.equal(reason('2028-12-01T00:00:00Z'), outside('iso'))
    const far = numeric('seconds-since', '2018-04-01T00:00:00Z')
    assert.equal(reason(-seconds, far), outside('seconds-since', undefined))
  })
})

describe('a card number', () => {
  test('is refused wherever it is, by the field’s name alone', () => {
    const { refusal } = readerOf()
    const number = Number(card)
    const places: Record<string, readonly unknown[]> = {
      ID: [card, spaced, number, `order ${card}`],
      CARD: [card, spaced, number],
      CITY: [`paid with ${spaced} today`],
      NOTE: [card, number, `${spaced}/12-27`, '４１１１１１１１１１１１１１１１'],
      POINTS: [number, number + 0.5],
      V1: [number, -number],
    }
    for (const [field, values] of Object.entries(places)) {
      for (const value of values) {
        const error = refusal({ [field]: value })
        assert.equal(error.code, 'CARD_NUMBER_REFUSED', field)
        assert.deepEqual(error.errors, [
          { field, reason: 'holds digits that are a valid card number; send a token instead' },
        ])
        assert.doesNotMatch(shown(error), /4111|1111|４１/)
      }
    }
  })

  test('is refused in every field that holds one, before anything else that is wrong', () => {
    const error = readerOf().refusal({ CARD: card, NOTE: spaced, TIME: 'no time', AMOUNT: null })
    assert.deepEqual([error.code, error.errors.map(({ field }) => field)], ['CARD_NUMBER_REFUSED', ['CARD', 'NOTE']])
  })

  test('is not repeated where it stands in a field that is wrong in other ways', () => {
    const { refusal } = readerOf()
    const number = Number(card)
    for (const changed of [
      ...[
        { AMOUNT: number + 0.5 },
        { AMOUNT: Number(`${card}111`) },
        { AMOUNT: card },
        { TIME: card },
        { TIME: number },
      ],
      ...[{ ID: `${card}${'x'.repeat(120)}` }, { CARD: [card] }, { V1: card }, { CITY: `${card}${' '.repeat(512)}` }],
      ...[{ CARD: Number(`${card}111`) }],
    ]) {
      assert.doesNotMatch(shown(refusal(changed)), /4111|1111/, JSON.stringify(changed))
    }
  })

  test('is replaced by its hash where the detector says so, the same with and without hyphens', () => {
    const { kept, hashed, refusal } = readerOf({ hashCardNumber: ['CARD'] })
    for (const CARD of [card, spaced, '4111-1111-1111-1111', Number(card)])
      assert.match(String(kept({ CARD }).CARD), /^pan_\d+_16$/)
    assert.deepEqual([...new Set(hashed)], [card])
    assert.equal(kept({ CARD: 'c-1' }).CARD, 'c-1')
    assert.equal(refusal({ CARD: `no. ${card}` }).code, 'CARD_NUMBER_REFUSED', 'more than the number')
    assert.equal(refusal({ NOTE: card }).code, 'CARD_NUMBER_REFUSED', 'another field')
    assert.deepEqual([...new Set(hashed)], [card])
  })

  test('is none in a field that the detector exempts', () => {
    const { kept, read } = readerOf({ notCardNumber: ['CARD', 'NOTE', 'V1', 'ID'] })
    assert.equal(kept({ CARD: card }).CARD, card)
    assert.equal(kept({ CARD: Number(card) }).CARD, card)
    assert.equal(kept({ NOTE: spaced }).NOTE, spaced)
    assert.equal(kept({ V1: Number(card) }).V1, Number(card))
    assert.equal(read({ ID: card }).id, card)
  })

  test('is looked for by whole groups of digits in ids and keys, and anywhere in other texts', () => {
    const { read, refusal } = readerOf()
    const within = '411111111111111112272029'
    for (const changed of [{ ID: within }, { CARD: within }]) assert.doesNotThrow(() => read(changed))
    for (const changed of [{ NOTE: within }, { CARD: `1234-${card}` }, { ID: `card:${card}` }])
      assert.equal(refusal(changed).code, 'CARD_NUMBER_REFUSED')
  })

  test('is no identifier that is as long', () => {
    const { read } = readerOf()
    for (const CARD of ['4111111111111112', '1774699200123', '123e4567-e89b-12d3-a456-426614174000', 1774699200123]) {
      assert.doesNotThrow(() => read({ CARD }), String(CARD))
    }
  })

  test('is no amount or rate: these have at most 12 digits before the point, unless exempted', () => {
    const declared = { amount: { field: 'AMOUNT', currency: { field: 'CITY' }, conversion: 'RATE' } }
    const reason = 'has 13 digits or more, as many as a card number'
    const { errors, kept } = readerOf(declared)
    const exempt = readerOf({ ...declared, notCardNumber: ['AMOUNT', 'RATE'] })
    for (const field of ['AMOUNT', 'RATE']) {
      for (const value of [1e12, -1e12, Number(card)])
        assert.deepEqual(errors({ RATE: 1, [field]: value }), [{ field, reason }])
      assert.equal(kept({ RATE: 1, [field]: 999999999999 })[field], 999999999999)
      assert.equal(exempt.kept({ RATE: 1, [field]: 1e12 })[field], 1e12)
    }
    assert.equal(kept({ RATE: 1.0837219384756 }).RATE, 1.0837219384756)
    for (const RATE of [0, -1]) {
      assert.deepEqual(errors({ RATE }), [{ field: 'RATE', reason: 'has to be above 0' }])
      assert.deepEqual(exempt.errors({ RATE }), [{ field: 'RATE', reason: 'has to be above 0' }])
    }
  })

  test('is no amount whose currency leaves fewer decimals: it is kept without what arithmetic left', () => {
    const { kept, errors } = readerOf()
    for (const [AMOUNT, rounded] of [
      [184.20000000000002, 184.2],
      [40.00000000000002, 40],
      [-85.64999999999999, -85.65],
    ])
      assert.equal(kept({ AMOUNT }).AMOUNT, rounded)
    for (const AMOUNT of [41.11111111111111, 99999999999.99])
      assert.match(errors({ AMOUNT })[0].reason, /has 13 digits or more with its decimals/)
  })

  test('is no amount with its decimals, but for those that arithmetic leaves', () => {
    const { errors, kept } = readerOf({ amount: { field: 'AMOUNT' } })
    const reason = 'has 13 digits or more with its decimals, as many as a card number'
    for (const AMOUNT of [
      ...[305693090259.04, -305693090259.04, 41.11111111111111, 4.111111111111111, 3.0569309025904e-9, 99999999999.99],
      // Visa's own 4000000000000002.
      ...[40.00000000000002, 0.4000000000000002],
    ])
      assert.deepEqual(errors({ AMOUNT }), [{ field: 'AMOUNT', reason }], String(AMOUNT))
    for (const AMOUNT of [9999999999.99, -12.5, 0.1 + 0.2, 85.64999999999999, 1e-7, 0.000123456789012, 999999999999])
      assert.equal(kept({ AMOUNT }).AMOUNT, AMOUNT)
    const exempt = readerOf({ amount: { field: 'AMOUNT' }, notCardNumber: ['AMOUNT'] })
    assert.equal(exempt.kept({ AMOUNT: 41.11111111111111 }).AMOUNT, 41.11111111111111)
  })

  test('is no coordinate: seven decimals of it are kept, unless it is exempted', () => {
    const position = { latitude: 'LAT', longitude: 'LON' }
    const { kept, read } = readerOf({ position })
    const { LAT, LON } = kept({ LAT: 41.11111111111111, LON: -41.11111119 })
    assert.deepEqual([LAT, LON], [41.1111111, -41.1111112])
    assert.ok(Object.is(kept({ LAT: -1e-9, LON: 0 }).LAT, 0))
    assert.ok(read({ LAT: 41.11111111111111, LON: 1 }).fields.includes(41.1111111))
    const exempt = readerOf({ position, notCardNumber: ['LAT'] })
    assert.equal(exempt.kept({ LAT: 41.11111111111111, LON: 1 }).LAT, 41.11111111111111)
  })
})

describe('a personal key', () => {
  test('enters only as its token, as itself or as the hash of a card number', () => {
    const { read, kept, tokens } = readerOf({ personal: ['card'] })
    assert.deepEqual([kept().CARD, kept({ CARD: 12 }).CARD], ['tok_3', 'tok_2'])
    assert.equal(read({ CARD: 'c-9876' }).transaction.texts[0], 'tok_6')
    assert.deepEqual(tokens, ['card=c-1', 'card=12', 'card=c-9876'])
    const both = readerOf({ personal: ['card'], hashCardNumber: ['CARD'] })
    assert.equal(both.kept({ CARD: card }).CARD, 'tok_8')
    assert.deepEqual(both.tokens, ['card=pan_1_16'])
  })

  test('has no token where it is missing', () => {
    const { kept, tokens } = readerOf({ personal: ['card'] })
    for (const CARD of [undefined, null, '']) assert.equal(kept({ CARD }).CARD, undefined)
    assert.deepEqual(tokens, [])
  })

  test('gets no token by a transaction that is refused', () => {
    const { refusal, tokens } = readerOf({ personal: ['card'] })
    for (const bad of [{ ID: null }, { TIME: 'no' }, { AMOUNT: 1.005 }, { AMOUNT: null }, { V1: 'x' }, { NOTE: card }])
      refusal(bad)
    assert.deepEqual(tokens, [])
  })
})

describe('a transaction from JSON is the one that a file’s row is, missing words off', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'shrike-live-'))
  })
  after(() => rm(folder, { recursive: true }))

  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom(...'aZ09 ,";\t-.é€👍'), minLength: 1, maxLength: 8 }),
    fc.constantFrom('007', '1e3', 'NA', '7.0', ' x', '-'),
    fc.constant(undefined),
  )
  const number = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.constant(undefined))
  const cents = fc.integer({ min: -(10 ** 9), max: 10 ** 9 }).map((minor) => minor / 100)
  const amount = fc.oneof(cents, cents, cents, fc.constantFrom(0, 1.005, 1e11, 85.64999999999999, 0.1 + 0.2, undefined))
  const instant = fc.integer({ min: 0, max: 4_000_000_000_000 })
  const row = fc.record({
    instant,
    AMOUNT: amount,
    RATE: fc.oneof(fc.double({ min: 0.0001, max: 1000, noNaN: true }), fc.constant(1), fc.constant(undefined)),
    CARD: fc.oneof(text, fc.integer()),
    SHOP: text,
    CITY: text,
    POINTS: number,
    V1: number,
  })

  const cell = (value: unknown) => {
    const written = value === undefined ? '' : String(value)
    return /[",;\n\t]|^ | $/.test(written) ? `"${written.replaceAll('"', '""')}"` : written
  }

  const iso = (ms: number) => new Date(ms).toISOString()
  const variants: readonly (readonly [string, Partial<Declared>, (ms: number) => unknown])[] = [
    ['with ISO times', {}, iso],
    ['with times of a zone', { zone: 'America/New_York' }, (ms) => iso(ms).slice(0, -1)],
    ['with seconds', { time: { field: 'TIME', format: 'epoch-s' } }, (ms) => ms / 1000],
    ['with milliseconds', { time: { field: 'TIME', format: 'epoch-ms' } }, (ms) => ms],
    [
      'with seconds since',
      { time: { field: 'TIME', format: 'seconds-since', start: '2018-04-01T00:00:00+02:00' } },
      (ms) => ms / 1000,
    ],
    ['without decimals', { amount: { field: 'AMOUNT' } }, iso],
    [
      'with amounts turned into one currency',
      { amount: { field: 'AMOUNT', digits: 3, currency: { field: 'CITY' }, conversion: 'RATE' } },
      iso,
    ],
  ]
  for (const [name, transaction, timeOf] of variants) {
    test(name, async () => {
      const detector = detectorOf(transaction)
      const { reader, layout } = readerOf(transaction)
      const property = fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 40 }), async (rows) => {
        const columns = ['TIME', 'AMOUNT', 'RATE', 'CARD', 'SHOP', 'CITY', 'POINTS', 'V1'] as const
        const given = rows.map(({ instant, ...rest }) => ({ ...rest, TIME: timeOf(instant) }))
        const lines = given.map((each) => columns.map((column) => cell(each[column])).join(','))
        const path = join(folder, 'rows.csv')
        await writeFile(path, `${columns.join(',')}\n${lines.join('\n')}\n`)
        const rowReader = new TransactionReader({ detector, locate: inMemory }, layout, {
          file: path,
          nowMs,
          missing: [],
        })
        let done = 0
        const reading = { columns: rowReader.kinds, required: [], rowsPerTable: 7, missing: [] }
        for await (const table of openTables(path, reading).tables) {
          rowReader.open(table)
          for (let i = 0; i < table.rowCount; i++) {
            const json: unknown = JSON.parse(JSON.stringify({ ...given[done++], ID: 'x' }))
            const live = attempt(() => reader.read(json).transaction)
            const { texts, numbers, ...rest } = attempt(() => rowReader.read(i)) ?? { texts: [], numbers: [] }
            const fromFile = { ...rest, texts: [...texts], numbers: Float64Array.from(numbers) }
            assert.deepEqual(live ?? { texts: [], numbers: new Float64Array(0) }, fromFile)
          }
        }
        assert.equal(done, rows.length)
      })
      await fc.assert(property, { numRuns: 25 })
    })
  }

  test('but "NA" is missing in a CSV file, where nobody says otherwise, and a text in JSON, which has null', async () => {
    const { reader, layout } = readerOf()
    const columns = ['TIME', 'AMOUNT', 'CARD', 'SHOP', 'CITY', 'POINTS', 'V1'] as const
    const sent = { ...good, CARD: 'NA', SHOP: '007', CITY: 'None', POINTS: 3 }
    const path = join(folder, 'words.csv')
    await writeFile(path, `${columns.join(',')}\n${columns.map((column) => sent[column]).join(',')}\n`)
    const textsOfFile = async (missing?: readonly string[]) => {
      const rows = new TransactionReader({ detector: detectorOf(), locate: inMemory }, layout, {
        file: path,
        nowMs,
        missing,
      })
      const { table } = await readTable(path, { columns: rows.kinds, required: [], missing })
      rows.open(table)
      return Object.fromEntries(layout.texts.map(({ column }, i) => [column, rows.read(0).texts[i]]))
    }
    const { texts } = reader.read(JSON.parse(JSON.stringify(sent))).transaction
    const live = Object.fromEntries(layout.texts.map(({ column }, i) => [column, texts[i]]))
    assert.deepEqual(live, { CARD: 'NA', SHOP: '007', CITY: 'None' })
    assert.deepEqual(await textsOfFile([]), live)
    assert.deepEqual(await textsOfFile(), { CARD: undefined, SHOP: '007', CITY: undefined })
    const unset = reader.read(JSON.parse(JSON.stringify({ ...sent, CARD: null, CITY: null }))).transaction.texts
    assert.deepEqual([...unset], Object.values(await textsOfFile()))
  })
})

/** What a reader makes of a row; undefined where it refuses it. */
function attempt<Read>(read: () => Read): Read | undefined {
  try {
    return read()
  } catch (error) {
    assert.ok(error instanceof FraudError, String(error))
    return undefined
  }
}

describe('a detector with paths', () => {
  const nested: Partial<Declared> = {
    id: 'order.id',
    time: { field: 'order.at', format: 'iso' },
    amount: { field: 'payment.amount', digits: 2 },
    keys: { card: 'payment.card.token', shop: 'shop' },
    fields: { city: 'CITY', points: 'POINTS', note: 'NOTE' },
  }
  const order = { id: 'o-1', at: '2026-11-22T09:00:00Z' }
  const payment = { amount: 12.5, card: { token: 'c-1' } }
  // What the usual detector's transactions have is not declared here.
  const without = { ID: undefined, TIME: undefined, AMOUNT: undefined, CARD: undefined, SHOP: undefined }
  const sent = { ...without, order, payment, shop: 's' }

  test('reads nested fields as it reads flat ones of the same names', () => {
    const { read, kept } = readerOf(nested)
    const flat = { 'order.id': 'o-1', 'order.at': order.at, 'payment.amount': 12.5, 'payment.card.token': 'c-1' }
    assert.deepEqual(read(sent), read({ ...without, ...flat, shop: 's' }))
    assert.deepEqual(read(sent), read({ ...without, ...flat, shop: 's', payment: 'card' }))
    assert.equal(read(sent).id, 'o-1')
    assert.equal(kept(sent)['payment.card.token'], 'c-1')
    assert.equal(read({ ...sent, order: { ...order, items: [{ id: 1 }] } }).id, 'o-1')
  })

  test('names the whole path of what is wrong', () => {
    const { errors, refusal } = readerOf(nested)
    assert.deepEqual(errors({ ...sent, order: { at: 'noon' }, payment: { card: { token: true } } }), [
      { field: 'order.id', reason: 'is missing' },
      { field: 'order.at', reason: 'is not an ISO 8601 time' },
      { field: 'payment.card.token', reason: 'is a boolean, where text is required' },
      { field: 'payment.amount', reason: 'has no amount' },
    ])
    const { code, errors: cards } = refusal({ ...sent, payment: { ...payment, card: { token: card } } })
    assert.deepEqual([code, cards[0].field], ['CARD_NUMBER_REFUSED', 'payment.card.token'])
  })

  test('refuses misspellings on every level, and case is one', () => {
    const { errors } = readerOf(nested)
    for (const [wrong, field] of [
      [{ amount: 1, card: { tokn: 'c' } }, 'payment.card.tokn'],
      [{ amount: 1, card: { Token: 'c' } }, 'payment.card.Token'],
      [{ amount: 1, Card: { token: 'c' } }, 'payment.Card.token'],
      [{ amount: 1, card_token: 'c' }, 'payment.card_token'],
    ] as const) {
      const reason = 'is not declared by the detector; did you mean payment.card.token?'
      assert.deepEqual(errors({ ...sent, payment: wrong }), [{ field, reason }])
    }
  })

  test('refuses a field that is given in two ways, by both of them', () => {
    const { errors, read } = readerOf(nested)
    const reason = 'is given in two ways, nested in "payment" and as the flat field "payment.card.token"'
    assert.deepEqual(errors({ ...sent, 'payment.card.token': 'c-1' }), [{ field: 'payment.card.token', reason }])
    assert.equal(read({ ...sent, other: { a: 1 }, 'other.a': 2 }).id, 'o-1')
  })

  test('refuses what is no object where a path leads through it', () => {
    const { errors } = readerOf(nested)
    assert.deepEqual(errors({ ...sent, payment: { amount: 1, card: ['c-1'] } }), [
      { field: 'payment.card', reason: 'is an array, where an object with token is required' },
    ])
    assert.deepEqual(errors({ ...sent, payment: { amount: 1, card: { token: { id: 'c' } } } }), [
      { field: 'payment.card.token', reason: 'is an object, where text is required' },
    ])
  })

  test('refuses names that are given twice, of fields and of what they lie in', () => {
    const { refusal, read } = readerOf(nested)
    for (const name of ['payment', 'payment.card', 'payment.card.token']) {
      const found = refusal(sent, new Set([name])).errors
      assert.deepEqual(found, [{ field: name, reason: 'is given more than once' }])
    }
    assert.equal(read(sent, new Set(['payment.note'])).id, 'o-1')
  })
})
