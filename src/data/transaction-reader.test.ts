import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { FraudError } from '../core/errors.ts'
import { createRandom } from '../core/random.ts'
import { cardNumberHash } from '../detector/card-number-hash.ts'
import { parseDetectorFile } from '../detector/detector.ts'
import type { TransactionLayout } from '../detector/transaction.ts'
import { openTables } from './read-table.ts'
import { TransactionReader } from './transaction-reader.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shrike-reader-'))
})
after(() => rm(folder, { recursive: true }))

const text = `detector: cards
transaction:
  time: { field: time, format: iso }
  amount: { field: amount, digits: 2 }
  keys: { card: card_id }
  fields: { points: points }
  label: { field: fraud, delay: 7d }
features: [V1, amount]
`
const layout: TransactionLayout = {
  texts: [{ name: 'card', column: 'card_id' }],
  numbers: [
    { name: 'points', column: 'points' },
    { name: 'V1', column: 'V1' },
  ],
}

interface Read {
  readonly time: string
  readonly amount: number
  readonly card: string | undefined
  readonly numbers: readonly number[]
  readonly label: number
  readonly known: string | undefined
}

interface Given {
  readonly badRows?: 'fail' | 'skip'
  /** What to put in place of what in the detector. */
  readonly changed?: readonly (readonly [string, string])[]
  readonly ending?: string
  readonly rowsPerTable?: number
  readonly reads?: TransactionLayout
  readonly hashCardNumber?: (digits: string) => string
}

/** Reads a file's transactions by the detector; of a CSV file, all cells but the named ones are as in a good row. */
async function read(content: string, given: Given = {}) {
  const { changed = [], ending = 'csv', rowsPerTable = 1e6, reads = layout, hashCardNumber, badRows } = given
  const path = join(folder, `transactions.${ending}`)
  await writeFile(path, content)
  const detector = changed.reduce((all, [from, to]) => {
    assert.ok(all.includes(from), from)
    return all.replace(from, to)
  }, text)
  const reader = new TransactionReader(parseDetectorFile(detector, 'cards.yaml'), reads, {
    file: 'transactions',
    nowMs: Date.UTC(2026, 10, 22),
    ...(hashCardNumber && { hashCardNumber }),
    badRows,
  })
  const found: Read[] = []
  for await (const table of openTables(path, { columns: reader.kinds, required: [], rowsPerTable }).tables) {
    reader.open(table)
    for (let row = 0; row < table.rowCount; row++) {
      const taken = reader.take(row)
      if (taken === undefined) continue
      const { transaction, label, knownAtMs } = taken
      const { timestampMs, amount, texts, numbers } = transaction
      const known = Number.isNaN(knownAtMs) ? undefined : new Date(knownAtMs).toISOString()
      const time = new Date(timestampMs).toISOString()
      found.push({ time, amount, card: texts[0], numbers: Array.from(numbers), label, known })
    }
  }
  return found
}

const good = { time: '2026-03-28T12:00:00Z', amount: '1.5', card_id: 'c', points: '2', fraud: '0', V1: '0.25' }

/** A file of rows in which these cells are other than in a good one. */
function csv(...rows: Readonly<Record<string, string>>[]): string {
  const names = [...new Set([...Object.keys(good), ...rows.flatMap((row) => Object.keys(row))])]
  const lines = rows.map((row) => names.map((name) => ({ ...good, ...row })[name] ?? '').join(','))
  return `${names.join(',')}\n${lines.join('\n')}\n`
}

describe('a column of currencies beside amounts of one currency', () => {
  const changed = [['digits: 2', 'digits: 2, currency: EUR']] as const
  const message = 'transactions, line 3, column "currency": is USD, but all amounts of the detector are in EUR'

  test('says the same, or nothing', async () => {
    const rows = [{ currency: 'EUR' }, { currency: 'eur' }, { currency: '' }]
    assert.equal((await read(csv(...rows), { changed })).length, 3)
    assert.equal((await read(csv({ currency: 'USD' }))).length, 1)
  })

  test('is refused by the line of another one, in CSV and NDJSON', async () => {
    const rows = [{ ...good, amount: 1.5, points: 2, V1: 0.25, currency: 'EUR' }]
    const lines = [...rows, ...rows, { ...rows[0], currency: 'USD' }].map((row) => JSON.stringify(row)).join('\n')
    await assert.rejects(read(csv({ currency: 'EUR' }, { currency: 'USD' }), { changed }), {
      code: 'DATA_INVALID',
      message,
    })
    await assert.rejects(read(lines, { changed, ending: 'ndjson' }), { code: 'DATA_INVALID', message })
    await assert.rejects(read(csv({ currency: '840' }), { changed }), { message: /is 840, but/ })
  })
})

describe('amounts in minor units', () => {
  const changed = [['digits: 2', 'digits: 2, minorUnits: true']] as const
  const reads = { ...layout, numbers: [...layout.numbers, { name: 'amount', column: 'amount' }] }

  test('are read, by their column too, bit for bit as the same file in major ones', async () => {
    const random = createRandom(7)
    const cents = Array.from({ length: 500 }, () => Math.floor(random.uniform() * 10 ** (1 + random.uniform() * 11)))
    const minor = await read(csv(...cents.map((cent) => ({ amount: String(cent) }))), { changed, reads })
    const decimals = cents.map((cent) => ({
      amount: `${Math.floor(cent / 100)}.${String(cent % 100).padStart(2, '0')}`,
    }))
    const major = await read(csv(...decimals), { reads })
    assert.deepEqual(minor, major)
    assert.deepEqual(
      minor.map(({ amount }) => amount),
      cents,
    )
  })

  test('are whole numbers', async () => {
    await assert.rejects(read(csv({}, { amount: '12.5' }), { changed }), {
      code: 'DATA_INVALID',
      message: /column "amount": is 1.5: it is not a whole number, but amounts are in minor units/,
    })
    await assert.rejects(read(csv({ amount: '1000000000000' }), { changed }), { message: /13 digits or more/ })
    await assert.rejects(read(csv({ amount: '' }), { changed }), { message: /has no amount/ })
  })

  test('need digits, no conversion, and a column of their own', async () => {
    const refusal = (to: string) =>
      read(csv({}), { changed: [['{ field: amount, digits: 2 }', to]] }).then(
        () => '',
        ({ message }) => message,
      )
    assert.match(await refusal('{ field: amount, minorUnits: true }'), /minorUnits: minor units also need digits/)
    const converted = '{ field: amount, digits: 2, minorUnits: true, currency: { field: ccy }, conversion: rate }'
    assert.match(await refusal(converted), /minorUnits: minor units can't have a conversion/)
    assert.match(await refusal('{ field: points, digits: 2, minorUnits: true }'), /transaction.fields names it, too/)
  })
})

describe('a transaction', () => {
  test('is read by the detector’s fields', async () => {
    assert.deepEqual(await read(csv({}, { fraud: '1', points: '', V1: 'NaN' })), [
      {
        time: '2026-03-28T12:00:00.000Z',
        amount: 150,
        card: 'c',
        numbers: [2, 0.25],
        label: 0,
        known: '2026-04-04T12:00:00.000Z',
      },
      {
        time: '2026-03-28T12:00:00.000Z',
        amount: 150,
        card: 'c',
        numbers: [Number.NaN, Number.NaN],
        label: 1,
        known: '2026-04-04T12:00:00.000Z',
      },
    ])
  })

  test('has keys that are text without blanks around it, whole numbers included, and none where the cell is empty', async () => {
    const keys = ['007', '7', '', 'NA', '1e3', ' x ', '"  "', '9007199254740993', '7.0']
    const cards = (await read(csv(...keys.map((card_id) => ({ card_id }))))).map(({ card }) => card)
    assert.deepEqual(cards, ['007', '7', undefined, undefined, '1e3', 'x', undefined, '9007199254740993', '7.0'])
    const all = (await read(csv({ card_id: '12' }, { card_id: '13' }))).map(({ card }) => card)
    assert.deepEqual(all, ['12', '13'])
  })

  test('has keys that are text in files of JSON lines', async () => {
    const line = (card_id: unknown) =>
      JSON.stringify({ ...good, amount: 1.5, points: 2, V1: 0.25, fraud: false, card_id })
    const given = [7, '7', '007', null, '', 9007199254740991]
    const cards = (await read(given.map(line).join('\n'), { ending: 'ndjson' })).map(({ card }) => card)
    assert.deepEqual(cards, ['7', '7', '007', undefined, undefined, '9007199254740991'])
  })

  test('has every digit of a key that is a whole number of JSON, and no key that is another number', async () => {
    const line = (card: string) => JSON.stringify({ ...good, card_id: 0 }).replace('"card_id":0', `"card_id":${card}`)
    const wide = ['9007199254740993', '9007199254740992', '-123456789012345678901234567890']
    const exact = await read(wide.map(line).join('\n'), { ending: 'ndjson' })
    assert.deepEqual(
      exact.map(({ card }) => card),
      wide,
    )
    for (const card of ['9007199254740993.0', '1e21', '1.5']) {
      await assert.rejects(read(line(card), { ending: 'ndjson' }), { code: 'DATA_INVALID', message: /card_id/ })
    }
  })

  test('has an amount in whole minor units', async () => {
    const amounts = ['0', '-0.01', '85.64999999999999', '1234567.89', '3', '1e2']
    const minor = (await read(csv(...amounts.map((amount) => ({ amount }))))).map(({ amount }) => amount)
    assert.deepEqual(minor, [0, -1, 8565, 123456789, 300, 10_000])
    const changed = [['digits: 2', 'digits: 0']] as const
    assert.equal((await read(csv({ amount: '1500' }), { changed }))[0].amount, 1500)
    const plain = [[', digits: 2', '']] as const
    const [first, second] = await read(csv({ amount: '1.23456' }, { amount: '' }), { changed: plain })
    assert.deepEqual([first.amount, second.amount], [1.23456, Number.NaN])
  })

  test('has its amount turned into one currency where there is a rate', async () => {
    const changed = [['digits: 2', 'digits: 2, currency: { field: ccy }, conversion: rate }'.slice(0, -2)]] as const
    const rates = [
      { amount: '10', rate: '1.0837', ccy: 'USD' },
      { amount: '0.01', rate: '0.4', ccy: 'X' },
      { amount: '1000', rate: '0.0061728', ccy: 'JPY' },
    ]
    const amounts = (await read(csv(...rates), { changed })).map(({ amount }) => amount)
    assert.deepEqual(amounts, [1084, 0, 617])
    await assert.rejects(read(csv({ rate: '', ccy: 'USD' }), { changed }), {
      message: 'transactions, line 2, column "rate": has no rate',
    })
    // Some write 0 where they do not know it: every amount would be nothing.
    await assert.rejects(read(csv({ rate: '0', ccy: 'USD' }), { changed }), {
      message: 'transactions, line 2, column "rate": is 0: it has to be above 0',
    })
    await assert.rejects(read(csv({ amount: '1e17', rate: '1', ccy: 'USD' }), { changed }), {
      message: /^transactions, line 2, column "amount": has 13 digits or more, as many as a card number$/,
    })
  })
})

describe('the time of a transaction', () => {
  const timesOf = async (times: readonly string[], ...changed: (readonly [string, string])[]) =>
    (await read(csv(...times.map((time) => ({ time }))), { changed })).map(({ time }) => time)
  const paris = ['  label', '  zone: Europe/Paris\n  label'] as const

  test('is UTC unless it says otherwise', async () => {
    const times = ['2026-03-29T02:30:00', '2026-03-29 02:30', '2026-03-29', '2026-03-29T02:30:00+02:00']
    assert.deepEqual(await timesOf(times), [
      ...[
        '2026-03-29T02:30:00.000Z',
        '2026-03-29T02:30:00.000Z',
        '2026-03-29T00:00:00.000Z',
        '2026-03-29T00:30:00.000Z',
      ],
    ])
  })

  test('is one of the detector’s zone unless it says otherwise', async () => {
    const local = {
      '2026-03-28T12:00:00': '2026-03-28T11:00:00.000Z',
      '2026-07-01 12:00': '2026-07-01T10:00:00.000Z',
      '2026-07-01': '2026-06-30T22:00:00.000Z',
      // Skipped, and come twice.
      '2026-03-29T02:30:00': '2026-03-29T01:30:00.000Z',
      '2026-10-25T02:30:00.125': '2026-10-25T00:30:00.125Z',
      '2026-07-01T12:00:00Z': '2026-07-01T12:00:00.000Z',
      '2026-07-01T12:00:00.5z': '2026-07-01T12:00:00.500Z',
      '2026-07-01T12:00+05:30': '2026-07-01T06:30:00.000Z',
      '2026-07-01 12:00:00-05': '2026-07-01T17:00:00.000Z',
      '2026-07-01T12:00:00.25-0500': '2026-07-01T17:00:00.250Z',
    }
    assert.deepEqual(await timesOf(Object.keys(local), paris), Object.values(local))
  })

  test('is asked for where it can mean two, whatever becomes of bad rows', async () => {
    const rows = csv({ time: '01/02/2026 12:00' }, { time: '05/02/2026 12:00' })
    for (const badRows of ['fail', 'skip'] as const) {
      await assert.rejects(read(rows, { changed: [paris], badRows }), (error) => {
        assert.ok(error instanceof FraudError)
        assert.match(error.message, /line 2, column "time": "01\/02\/2026 12:00" can mean two dates.*option `dates`/)
        return error.hint === undefined
      })
    }
  })

  describe('whose clock is in a column of its own', () => {
    const clock = ['format: iso', 'format: iso, clock: hour'] as const
    const apart = (...rows: readonly (readonly [string, string])[]) =>
      csv(...rows.map(([time, hour]) => ({ time, hour })))
    const timesOfRows = async (rows: string, ...more: (readonly [string, string])[]) =>
      (await read(rows, { changed: [clock, ...more] })).map(({ time }) => time)

    test('is both together, by the clocks of the zone', async () => {
      const rows = apart(['28.03.2026', '08:30'], ['29.03.2026', '12:00:01.5'], ['30.03.2026 00:00:00', '0830'])
      const hours = ['2026-03-28T08:30:00.000Z', '2026-03-29T12:00:01.500Z', '2026-03-30T08:30:00.000Z']
      assert.deepEqual(await timesOfRows(rows), hours)
      const summer = ['2026-03-28T07:30:00.000Z', '2026-03-29T10:00:01.500Z', '2026-03-30T06:30:00.000Z']
      assert.deepEqual(await timesOfRows(rows, paris), summer)
    })

    test('is whole where the file has no such column', async () => {
      assert.deepEqual(await timesOfRows(csv({ time: '2026-03-28T08:30' })), ['2026-03-28T08:30:00.000Z'])
    })

    test('is refused with its column where one of them is not what it has to be', async () => {
      const refused = (day: string, hour: string, message: RegExp) =>
        assert.rejects(timesOfRows(apart(['2026-03-28', '08:00'], [day, hour])), { code: 'DATA_INVALID', message })
      await refused('2026-03-28', '', /line 3, column "hour": has no time of day/)
      await refused('2026-03-28', '25:00', /line 3, column "hour": "25:00" is not a time of day such as/)
      await refused('', '08:00', /line 3, column "time": has no time/)
      await refused('soon', '08:00', /line 3, column "time": "soon" is not a day such as/)
      await refused('2026-03-28T09:00', '08:00', /line 3, column "time": is not a day alone, and hour has its time/)
      await refused('01/02/2026', '08:00', /line 3, column "time": "01\/02\/2026" can mean two dates/)
    })
  })

  test('may be a number of seconds or milliseconds, whatever the zone', async () => {
    const format = (name: string) => ['format: iso', name] as const
    assert.deepEqual(await timesOf(['1774699200', '1774699200.5'], format('format: epoch-s'), paris), [
      ...['2026-03-28T12:00:00.000Z', '2026-03-28T12:00:00.500Z'],
    ])
    assert.deepEqual(await timesOf(['1774699200000'], format('format: epoch-ms')), ['2026-03-28T12:00:00.000Z'])
    assert.deepEqual(await timesOf(['0', '90.5', '-60'], format('format: seconds-since')), [
      ...['1970-01-01T00:00:00.000Z', '1970-01-01T00:01:30.500Z', '1969-12-31T23:59:00.000Z'],
    ])
    const since = format("format: seconds-since, start: '2018-04-01T00:00:00+02:00'")
    assert.deepEqual(await timesOf(['31'], since), ['2018-03-31T22:00:31.000Z'])
  })

  test('is told to be wrong with its row, its field and what it is', async () => {
    const isWrong = async (time: string, message: RegExp, ...changed: (readonly [string, string])[]) =>
      assert.rejects(read(csv({}, { time }), { changed }), { code: 'DATA_INVALID', message })
    await isWrong('', /^transactions, line 3, column "time": has no time$/)
    await isWrong('', /^transactions, line 3, column "time": has no time$/, paris)
    await isWrong('29 March 2026', /line 3, column "time": "29 March 2026" is not an ISO 8601 time/)
    await isWrong(
      '29 March 2026',
      /^transactions, line 3, column "time": "29 March 2026" is not a time that can be read: write it as/,
      paris,
    )
    await isWrong(
      '2026-02-30T00:00:00',
      /^transactions, line 3, column "time": "2026-02-30T00:00:00" is not a time that can be read: write it as/,
      paris,
    )
    await isWrong('1774699200', /line 2, column "time"/, ['format: iso', 'format: epoch-s'])
  })

  test('is refused outside 1990 to two years from now, with the unit that makes sense of it', async () => {
    const isOutside = async (format: string, time: string, message: string) =>
      assert.rejects(read(csv({ time }), { changed: [['format: iso', `format: ${format}`]] }), {
        code: 'DATA_INVALID',
        message: `transactions, line 2, column "time": is ${message}`,
      })
    const bounds = 'it is outside 1990 to two years from now'
    const sense = (format: string) => `; the format ${format} would fit`
    await isOutside('epoch-s', '1767225600000', `in the year 57971: ${bounds}, read as epoch-s${sense('epoch-ms')}`)
    await isOutside('epoch-ms', '1767225600', `in the year 1970: ${bounds}, read as epoch-ms${sense('epoch-s')}`)
    await isOutside(
      'epoch-ms',
      '1767225600000000',
      `in the year 57971: ${bounds}, read as epoch-ms${sense('epoch-us')}`,
    )
    const excel = `in the year 1970: ${bounds}, read as epoch-s${sense('excel-days')}`
    await isOutside('epoch-s', '46023.5', excel)
    const beyond = `beyond the calendar: ${bounds}, read as seconds-since${sense('epoch-ns')}`
    await isOutside('seconds-since', '1767225600000000000', beyond)
    await isOutside('iso', '1900-01-01T00:00:00Z', `in the year 1900: ${bounds}, read as iso`)
    const known = { changed: [['delay: 7d', 'knownAt: known']] } as const
    await assert.rejects(read(csv({ known: '9999-12-31' }), known), {
      message: /^transactions, line 2, column "known": is in the year 9999/,
    })
  })
})

describe('a label', () => {
  test('is fraud, legitimate or not known', async () => {
    const labels = (await read(csv({ fraud: '1' }, { fraud: '0' }, { fraud: '' }, { fraud: '1.0' }))).map(
      ({ label }) => label,
    )
    assert.deepEqual(labels, [1, 0, Number.NaN, 1])
    for (const fraud of ['2', '-1', '0.5']) {
      await assert.rejects(read(csv({}, {}, { fraud })), {
        message: `transactions, line 4, column "fraud": is ${Number(fraud)}; a label is 0, 1, true, false, yes, no, fraud, legitimate or empty`,
      })
    }
  })

  test('is known as long after its transaction as the detector says, or at once', async () => {
    assert.equal((await read(csv({})))[0].known, '2026-04-04T12:00:00.000Z')
    assert.equal((await read(csv({}), { changed: [[', delay: 7d', '']] }))[0].known, '2026-03-28T12:00:00.000Z')
  })

  test('is known when its row says', async () => {
    const knownAt = ['delay: 7d', 'knownAt: known'] as const
    const rows = csv({ known: '2026-04-01T00:00:00' }, { known: '', fraud: '' })
    const [first, second] = await read(rows, { changed: [knownAt] })
    assert.deepEqual([first.known, second.known], ['2026-04-01T00:00:00.000Z', undefined])
    const [inParis] = await read(rows, { changed: [knownAt, ['  label', '  zone: Europe/Paris\n  label']] })
    assert.equal(inParis.known, '2026-03-31T22:00:00.000Z')
    const changed = [knownAt, ['format: iso', 'format: epoch-s']] as const
    const [inSeconds] = await read(csv({ time: '1774699200', known: '1774785600' }), { changed })
    assert.equal(inSeconds.known, '2026-03-29T12:00:00.000Z')
    await assert.rejects(read(csv({ known: '' }), { changed: [knownAt] }), {
      message: 'transactions, line 2, column "known": does not say when the label became known',
    })
  })

  test('is known once it is mature where nobody says when a legitimate one was', async () => {
    const changed = [['delay: 7d', 'knownAt: known, maturity: 30d']] as const
    const legitimate = { known: '', fraud: '0' }
    const [first, second] = await read(csv(legitimate, { ...legitimate, known: '2026-04-01T00:00:00' }), { changed })
    assert.deepEqual([first.known, second.known], ['2026-04-27T12:00:00.000Z', '2026-04-01T00:00:00.000Z'])
    await assert.rejects(read(csv({ known: '', fraud: '1' }), { changed }), /does not say when the label became known/)
  })

  test('is not known before its transaction took place', async () => {
    const changed = [['delay: 7d', 'knownAt: known']] as const
    const [atOnce] = await read(csv({ known: '2026-03-28T12:00:00' }), { changed })
    assert.equal(atOnce.known, '2026-03-28T12:00:00.000Z')
    await assert.rejects(read(csv({ known: '2026-03-28T12:00:00' }, { known: '2026-03-28T11:59:59' }), { changed }), {
      code: 'DATA_INVALID',
      message: 'transactions, line 3, column "known": is before the transaction\'s own time',
    })
  })

  test('is not known where the file has no such column', async () => {
    const content = csv({}).replace('fraud', 'other')
    assert.deepEqual(
      (await read(content)).map(({ label }) => label),
      [Number.NaN],
    )
    const knownAt = ['delay: 7d', 'knownAt: known'] as const
    assert.deepEqual(
      (await read(content, { changed: [knownAt] })).map(({ known }) => known),
      [undefined],
    )
  })
})

describe('a coordinate', () => {
  const changed = [['  fields:', '  position: { latitude: points, longitude: V1 }\n  fields:']] as const

  test('lies on the globe', async () => {
    const [north, south] = await read(csv({ points: '90', V1: '180' }, { points: '-90', V1: '-180' }), { changed })
    assert.deepEqual(
      [north.numbers, south.numbers],
      [
        [90, 180],
        [-90, -180],
      ],
    )
    for (const [cell, column, what] of [
      [{ points: '90.001' }, 'points', 'latitude: it is beyond 90'],
      [{ points: '-91' }, 'points', 'latitude: it is beyond 90'],
      [{ V1: '180.5' }, 'V1', 'longitude: it is beyond 180'],
      [{ V1: '-4111111111111111' }, 'V1', 'longitude: it is beyond 180'],
    ] as const) {
      await assert.rejects(read(csv({}, cell), { changed }), {
        code: 'DATA_INVALID',
        message: `transactions, line 3, column "${column}": is not a ${what} degrees`,
        errors: [{ field: column, reason: `is not a ${what} degrees` }],
      })
    }
  })
})

describe('a coordinate of a file', () => {
  test('has the seven decimals that are kept of one in a request', async () => {
    const changed = [['  fields:', '  position: { latitude: points, longitude: V1 }\n  fields:']] as const
    const [{ numbers }] = await read(csv({ points: '41.11111111111111', V1: '-0.00000004' }), { changed })
    assert.deepEqual(numbers, [41.1111111, 0])
  })
})

describe('a row that is no transaction', () => {
  test('is left out and counted, with its line, where that is asked for', async () => {
    const path = join(folder, 'bad.csv')
    await writeFile(
      path,
      csv({}, { amount: '1.005' }, { fraud: '2' }, { time: '1970-01-01' }, { amount: '7' }, { amount: '' }),
    )
    const reader = new TransactionReader(parseDetectorFile(text, 'cards.yaml'), layout, {
      ...{ file: 'bad.csv', nowMs: Date.UTC(2026, 10, 22), badRows: 'skip' },
    })
    const amounts: (number | undefined)[] = []
    for await (const table of openTables(path, { columns: reader.kinds, required: [], rowsPerTable: 2 }).tables) {
      reader.open(table)
      for (let row = 0; row < table.rowCount; row++) amounts.push(reader.take(row)?.transaction.amount)
    }
    assert.deepEqual(amounts, [150, undefined, undefined, undefined, 700, undefined])
    const { count, first } = reader.badRows()
    assert.equal(count, 4)
    assert.deepEqual(
      first.map(({ line, column }) => [line, column]),
      [
        [3, 'amount'],
        [4, 'fraud'],
        [5, 'time'],
        [7, 'amount'],
      ],
    )
  })
})

describe('a card number', () => {
  // Made up: visa's range, sixteen digits, and the digit that Luhn's check asks for.
  const cards = Array.from({ length: 40 }, (_, i) =>
    withCheckDigit(`4${String(123456789012 + 7919 * i).padStart(14, '0')}`),
  )
  const rows = cards.map((card_id) => ({ card_id }))

  test('is refused as a key, by the column and the cure', async () => {
    for (const given of [
      rows,
      rows.slice(0, 4),
      rows.map(({ card_id }) => ({ card_id: card_id.replace(/(?=(.{4})+$)/g, ' ') })),
    ]) {
      await assert.rejects(read(csv(...given)), (error) => {
        assert.ok(error instanceof FraudError)
        assert.equal(error.code, 'CARD_NUMBER_REFUSED')
        assert.match(
          error.message,
          /^transactions: the column "card_id" holds card numbers, .*transaction\.hashCardNumber/,
        )
        assert.doesNotMatch(JSON.stringify([error.message, error.errors]), /\d{6}/)
        return true
      })
    }
  })

  test('is refused as a number that features look at', async () => {
    await assert.rejects(read(csv(...cards.map((V1) => ({ V1 })))), { code: 'CARD_NUMBER_REFUSED', message: /"V1"/ })
    assert.equal((await read(csv(...cards.map((other) => ({ other }))))).length, 40)
  })

  test('is not seen in references of random digits, or where the detector says that there is none', async () => {
    const random = createRandom(7)
    const digits = (length: number) => Array.from({ length }, () => random.integer(10)).join('')
    for (const length of [13, 15, 16, 19]) {
      const references = Array.from({ length: 2000 }, () => ({ card_id: `4${digits(length - 1)}` }))
      assert.equal((await read(csv(...references))).length, 2000)
    }
    const changed = [['  label', '  notCardNumber: [card_id]\n  label']] as const
    assert.deepEqual(
      (await read(csv(...rows), { changed })).map(({ card }) => card),
      cards,
    )
  })

  test('becomes the hash that the service keeps, however it is written', async () => {
    const changed = [['  label', '  hashCardNumber: [card_id]\n  label']] as const
    const hashCardNumber = cardNumberHash('secret')
    const spaced = cards[0].replace(/(?=(.{4})+$)/g, ' ').trim()
    const [first, same, token] = await read(csv({ card_id: cards[0] }, { card_id: spaced }, { card_id: 'tok-1' }), {
      changed,
      hashCardNumber,
    })
    assert.deepEqual([first.card, same.card, token.card], [hashCardNumber(cards[0]), first.card, 'tok-1'])
    assert.match(first.card ?? '', /^pan_[\w-]{27}$/)
    await assert.rejects(read(csv(...rows), { changed }), {
      code: 'OPTION_INVALID',
      message: /"card_id" holds card numbers, .* set SHRIKE_CARD_KEY/,
    })
    await assert.rejects(read(csv({ card_id: `${cards[0]} 12/27` }), { changed, hashCardNumber }), {
      message:
        'transactions, line 2, column "card_id": holds a card number and other text; only a card number alone can be hashed',
    })
  })
})

describe('what is no transaction', () => {
  test('is refused with its row, counted over all pieces of the file', async () => {
    const bad = csv(...Array.from({ length: 20_000 }, () => ({})), { amount: '1.005' }, {})
    for (const rowsPerTable of [1, 1000, 1e6]) {
      await assert.rejects(read(bad, { rowsPerTable }), {
        code: 'DATA_INVALID',
        message: 'transactions, line 20002, column "amount": is 1.005, which has more than 2 decimals',
        errors: [{ field: 'amount', reason: 'is 1.005, which has more than 2 decimals' }],
      })
    }
    await assert.rejects(read(csv({ amount: '' })), { message: 'transactions, line 2, column "amount": has no amount' })
    await assert.rejects(read(csv({ amount: '1e17' })), {
      message: /^transactions, line 2, column "amount": has 13 digits or more, as many as a card number$/,
    })
  })

  test('is refused where a column that is text and number has a cell that is no number', async () => {
    const reads = { texts: [{ name: 'points', column: 'points' }], numbers: layout.numbers }
    const [one, two] = await read(csv({ points: '007' }, { points: '' }), { reads })
    assert.deepEqual([one.card, one.numbers[0], two.card, two.numbers[0]], ['007', 7, undefined, Number.NaN])
    assert.deepEqual((await read(csv({ points: 'NA' }), { reads }))[0].numbers[0], Number.NaN)
    for (const points of ['seven', '0x10', '7 8']) {
      await assert.rejects(read(csv({}, { points }), { reads }), {
        message: `transactions, line 3, column "points": "${points}" is not a number`,
      })
    }
  })

  test('is a file without a column, by the line of the detector that names it', async () => {
    const lacks = async (column: string, other: string, message: string) =>
      assert.rejects(read(csv({}).replace(column, other)), { code: 'DATA_INVALID', message })
    await lacks(
      'card_id',
      'card',
      'cards.yaml:5: transaction.keys.card: the file has no column "card_id". Did you mean "card"?'.replace(
        'Did you mean "card"?',
        'It has "time", "amount", "card", "points", "fraud", "V1".',
      ),
    )
    await lacks(
      'time',
      'times',
      'cards.yaml:3: transaction.time.field: the file has no column "time". Did you mean "times"?',
    )
    await lacks(
      'amount',
      'amunt',
      'cards.yaml:4: transaction.amount.field: the file has no column "amount". Did you mean "amunt"?',
    )
    await lacks(
      'points',
      'point',
      'cards.yaml:6: transaction.fields.points: the file has no column "points". Did you mean "point"?',
    )
    await lacks('V1', 'V2', 'cards.yaml:8: features.0: the file has no column "V1". Did you mean "V2"?')
    const changed = [['delay: 7d', 'knownAt: known']] as const
    await assert.rejects(read(csv({ knwn: '' }), { changed }), {
      message: 'cards.yaml:7: transaction.label.knownAt: the file has no column "known". Did you mean "knwn"?',
    })
  })

  test('may lack a field of JSON lines for as long as its first table is', async () => {
    const line = JSON.stringify({ ...good, amount: 1, fraud: 0, V1: 0, points: undefined })
    const last = JSON.stringify({ ...good, amount: 1, fraud: 0, V1: 0, points: 7 })
    const content = `${`${line}\n`.repeat(4000)}${last}\n`
    const found = await read(content, { ending: 'ndjson', rowsPerTable: 1e6 })
    assert.deepEqual([found.length, found[0].numbers[0], found[4000].numbers[0]], [4001, Number.NaN, 7])
    // Later it can't be told from a misspelt one.
    await assert.rejects(read(content, { ending: 'ndjson', rowsPerTable: 100 }), { message: /has no column "points"/ })
  })
})

/** The digits with the one behind them that makes Luhn's sum a multiple of ten. */
function withCheckDigit(digits: string): string {
  const sum = [...digits].reverse().reduce((all, digit, place) => {
    const doubled = place % 2 === 0 ? 2 * Number(digit) : Number(digit)
    return all + (doubled > 9 ? doubled - 9 : doubled)
  }, 0)
  return `${digits}${(10 - (sum % 10)) % 10}`
}
