import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { parseDetectorFile } from '../src/detector/detector.ts'
import { draftOf, formatDraft } from '../src/training/draft-file.ts'
import type { InputRequest } from '../src/training/read-input.ts'
import { quietRun } from './quiet-run.ts'
import { shapes, writeMadeTable } from './tables/write.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-drafts-'))
after(() => rmSync(folder, { recursive: true }))

const run = { ...quietRun, nowMs: Date.now }

async function draftOfMade(shape: string, isMessy = false) {
  const file = join(folder, `${shape}.csv`)
  await writeMadeTable(shape, { rows: 6000, seed: 3, isMessy, out: file })
  return drafted(file, isMessy ? { badRows: 'skip' } : {})
}

async function drafted(file: string, flags: InputRequest = {}) {
  const { draft } = await draftOf(file, flags, run)
  const text = formatDraft(draft, 'x.csv')
  assert.deepEqual(parseDetectorFile(text, 'x.yaml').detector, draft.detector, 'the file says what was drafted')
  return { ...draft, text, leftOut: Object.fromEntries(draft.leftOut.map(({ column, reason }) => [column, reason])) }
}

async function draftOfLines(...lines: string[]) {
  const file = join(folder, 'own.csv')
  writeFileSync(file, `${lines.join('\n')}\n`)
  return drafted(file)
}

/** The columns of numbers among the inputs. */
const columnsIn = (features: readonly unknown[]) => features.filter((feature) => typeof feature === 'string')

describe('well-known tables are read right without a flag, clean and messy', () => {
  for (const isMessy of [false, true]) {
    const how = isMessy ? 'messy' : 'clean'
    test(`PaySim, ${how}: steps are hours, balances afterwards and the flag are left out`, async () => {
      const { detector, leftOut, isNumbered, unsure, text } = await draftOfMade('paysim', isMessy)
      assert.deepEqual(detector.transaction, {
        id: 'transaction_id',
        time: { field: 'step', format: 'hours-since' },
        amount: { field: 'amount', digits: 2 },
        keys: { customer: 'nameOrig', recipient: 'nameDest' },
        fields: { type: 'type' },
        label: { field: 'isFraud', delay: '1d' },
        personal: ['customer'],
      })
      assert.deepEqual(leftOut, {
        nameOrig: 'declared as the key customer, but no feature uses it yet',
        newbalanceOrig: 'the balance after the transaction, which is not known when it is decided',
        newbalanceDest: 'the balance after the transaction, which is not known when it is decided',
        isFlaggedFraud: 'has more about the label, by its name',
      })
      assert.deepEqual(columnsIn(detector.features), ['amount', 'hour', 'oldbalanceOrg', 'oldbalanceDest'])
      assert.ok(isNumbered)
      assert.match(unsure.join('\n'), /^time: step counts hours from an unknown start/m)
      assert.equal(text.includes('4539'), false, 'a card number of a messy row is not written down')
    })

    test(`Sparkov, ${how}: cards hashed, home and merchant apart, persons left out`, async () => {
      const { detector, leftOut } = await draftOfMade('sparkov', isMessy)
      const { fields, notCardNumber: _, ...transaction } = detector.transaction
      assert.deepEqual(transaction, {
        id: 'trans_num',
        time: { field: 'trans_date_trans_time', format: 'iso' },
        amount: { field: 'amt', digits: 2 },
        keys: { card: 'cc_num', merchant: 'merchant' },
        position: { latitude: 'merch_lat', longitude: 'merch_long' },
        label: { field: 'is_fraud', delay: '7d' },
        personal: ['card'],
        hashCardNumber: ['cc_num'],
      })
      assert.equal(fields?.category, 'category')
      const home = { distance: { latitude: 'lat', longitude: 'long', as: 'home_distance' } }
      assert.deepEqual(
        detector.features.find((feature) => typeof feature === 'object' && 'distance' in feature),
        home,
      )
      for (const column of ['first', 'last', 'gender', 'street', 'dob']) {
        assert.equal(leftOut[column], 'personal data, so not an input')
      }
      assert.equal(leftOut.unix_time, 'another time, by its name')
      assert.equal(leftOut.unnamed_1, 'an index, by its name')
      assert.deepEqual(columnsIn(detector.features), ['amount', 'hour', 'weekend', 'city_pop'])
    })

    test(`IEEE-CIS, ${how}: seconds from an unknown start, codes as categories, hundreds of columns with holes`, async () => {
      const { detector } = await draftOfMade('ieee-cis', isMessy)
      const { time, amount, keys, label, id } = detector.transaction
      assert.deepEqual(
        { time, keys, label, id, field: amount?.field },
        {
          time: { field: 'TransactionDT', format: 'seconds-since' },
          keys: { card: 'card1' },
          label: { field: 'isFraud', delay: '7d' },
          id: 'TransactionID',
          field: 'TransactionAmt',
        },
      )
      const fields = Object.values(detector.transaction.fields ?? {})
      for (const column of ['ProductCD', 'card2', 'card4', 'addr1', 'P_emaildomain', 'M4'])
        assert.ok(fields.includes(column), column)
      const columns = columnsIn(detector.features)
      assert.ok(columns.includes('V339') && columns.includes('C1') && columns.length > 350)
      assert.ok(!columns.includes('TransactionDT') && !columns.includes('card2'))
    })

    test(`BankSim, ${how}: steps are days, and no window is shorter than one`, async () => {
      const { detector, leftOut, unsure } = await draftOfMade('banksim', isMessy)
      assert.deepEqual(detector.transaction, {
        id: 'transaction_id',
        time: { field: 'step', format: 'days-since' },
        amount: { field: 'amount', digits: 2 },
        keys: { customer: 'customer', merchant: 'merchant' },
        fields: { category: 'category' },
        label: { field: 'fraud', delay: '7d' },
        personal: ['customer'],
      })
      assert.deepEqual(Object.keys(leftOut), ['age', 'gender', 'zipcodeOri', 'zipMerchant'])
      assert.doesNotMatch(JSON.stringify(detector.features), /"\d+[mh]"|"hour"/)
      if (!isMessy) assert.match(unsure.join('\n'), /^customer: its values are in single quotes; callers/m)
    })
  }
})

describe('a draft', () => {
  test('of the flat table has columns alone, and no id', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i * 60},${(i * 7) % 11},${i % 9}.5,${i % 13 === 5 ? 1 : 0}`)
    const { detector, hasHistories } = await draftOfLines('Time,V1,Amount,Class', ...rows)
    assert.equal(hasHistories, false)
    assert.deepEqual(detector.transaction, {
      time: { field: 'Time', format: 'seconds-since' },
      amount: { field: 'Amount', digits: 2 },
      label: { field: 'Class' },
    })
    assert.deepEqual(detector.features, ['amount', 'V1'])
  })

  test('adds no amounts of several currencies up, and says why', async () => {
    const rows = Array.from(
      { length: 60 },
      (_, i) =>
        `t${i},2026-0${1 + Math.floor(i / 28)}-${String(1 + (i % 28)).padStart(2, '0')},c${i % 5},${i}.5,${i % 2 ? 'EUR' : 'SEK'},${i % 7 === 3 ? 1 : 0}`,
    )
    const { detector, unsure } = await draftOfLines('id,time,card_id,amount,currency,is_fraud', ...rows)
    assert.match(unsure.join('\n'), /^amount: currency has 2 values, and no rate to one currency is known/m)
    assert.doesNotMatch(JSON.stringify(detector.features), /"of":"amount"/)
    assert.deepEqual(detector.transaction.keys, { card: 'card_id' })
  })

  test('keeps no history by a key that hardly comes again', async () => {
    const { detector, unsure } = await draftOfMade('paysim')
    assert.match(unsure.join('\n'), /^customer: only \d\.\d % of the rows have a nameOrig that came before/m)
    assert.doesNotMatch(JSON.stringify(detector.features), /"by":"customer"/)
  })

  test('does not guess what a step counts in a table that nobody knows', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i >> 1},${(i * 7) % 11}.5,${i % 13 === 5 ? 1 : 0}`)
    const { detector, leftOut, unsure } = await draftOfLines('step,amount,isFraud', ...rows)
    assert.equal(detector.transaction.time, undefined)
    assert.match(leftOut.step, /if it is the time, use option `time` step/)
    assert.match(unsure.join('\n'), /^time: none was found/m)
  })
})

/** The columns that a part of a detector speaks of. */
function namesIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(namesIn) : []
}

test('each column of a table is declared, an input or left out with the reason', async () => {
  const check = async (file: string, flags: InputRequest = {}) => {
    const { detector, leftOut } = await drafted(file, flags)
    const spoken = new Set([...namesIn(detector), ...Object.keys(leftOut)])
    const header = readFileSync(file, 'utf8')
      .split('\n')[0]
      .split(',')
      .map((name, i) => name || `unnamed_${i + 1}`)
    assert.deepEqual(
      header.filter((name) => !spoken.has(name)),
      [],
      file,
    )
  }
  for (const shape of Object.keys(shapes)) {
    const file = join(folder, `whole-${shape}.csv`)
    await writeMadeTable(shape, { rows: 1500, seed: 5, isMessy: false, out: file })
    await check(file)
  }
  const file = join(folder, 'homes.csv')
  const rows = Array.from(
    { length: 60 },
    (_, i) => `${i % 50}.25,${i % 70}.5,c${i % 6},${i % 7}.5,x${i % 40},${i % 5 === 3 ? 1 : 0}`,
  )
  writeFileSync(file, `${['home_lat,home_long,customer,amount,branch,is_fraud', ...rows].join('\n')}\n`)
  await check(file)
  await check(file, { ignore: ['branch'] })
})

describe('a draft of an export', () => {
  const day = (i: number) => `${String(1 + (i % 28)).padStart(2, '0')}.0${1 + Math.floor(i / 28)}.2026 1${i % 10}:30`

  test('of a German bank is one of its columns’ roles, and codes with leading zeros stay texts', async () => {
    const rows = Array.from(
      { length: 160 },
      (_, i) =>
        `B${i};${day(i)};"${i},50 €";${String(i % 9).padStart(5, '0')};H${i % 7};${String(i % 35).padStart(3, '0')};${i % 9 ? 'ok' : 'Betrug'}`,
    )
    const { detector } = await draftOfLines(
      'Buchungsnr;Datum;Betrag (EUR);Kundennummer;Händler;Filialcode;Betrugsfall',
      ...rows,
    )
    assert.deepEqual(detector.transaction, {
      id: 'Buchungsnr',
      time: { field: 'Datum', format: 'iso' },
      amount: { field: 'Betrag (EUR)', digits: 2, currency: 'EUR' },
      keys: { customer: 'Kundennummer', merchant: 'Händler' },
      fields: { filialcode: 'Filialcode' },
      label: { field: 'Betrugsfall', delay: '7d' },
      personal: ['customer'],
    })
    assert.deepEqual(columnsIn(detector.features), ['amount', 'hour', 'weekend'])
  })

  test('whose label has other words is refused with what to write, but for a few in bad rows', async () => {
    const rows = (words: readonly string[]) =>
      Array.from(
        { length: 40 },
        (_, i) => `t${i},2026-01-${10 + (i % 15)}T10:00:00Z,c${i % 4},${i}.5,${words[i] ?? i % 2}`,
      )
    const head = 'id,time,client,montant,fraude'
    await assert.rejects(draftOfLines(head, ...rows(Array(40).fill('suspect'))), {
      code: 'DATA_INVALID',
      message:
        /^own\.csv: 40 rows have "suspect" in "fraude", which is not a label:.*Write 1 for fraud and 0 for others/,
    })
    await assert.rejects(draftOfLines(head, ...rows(['peut-être'])), { message: /1 rows? ha(s|ve) "peut-être"/ })
    const { detector } = await drafted(join(folder, 'own.csv'), { badRows: 'skip' })
    assert.deepEqual(detector.transaction.keys, { customer: 'client' })
  })

  test('of nested JSON has its amount, its currency and its keys', async () => {
    const file = join(folder, 'nested.ndjson')
    const write = (value: (i: number) => number, currency: (i: number) => string) => {
      const lines = Array.from({ length: 80 }, (_, i) => ({
        ...{ id: `t${i}`, created: new Date(Date.UTC(2026, 0, 1 + i)), fraud: i % 9 === 0 },
        ...{ amount: { value: value(i), currency: currency(i) }, payment: { card: { token: `c${i % 8}` } } },
      }))
      writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    }
    write(
      (i) => 100 * i,
      () => 'EUR',
    )
    const one = await drafted(file)
    assert.deepEqual(one.detector.transaction.amount, { field: 'amount.value', digits: 2, currency: 'EUR' })
    assert.deepEqual(one.detector.transaction.keys, { card: 'payment.card.token' })
    assert.match(one.unsure.join('\n'), /^amount: all of amount\.value are whole numbers; if 1250 stands for 12\.50/m)
    write(
      (i) => i + 0.25,
      (i) => (i % 2 ? 'EUR' : 'USD'),
    )
    const several = await drafted(file)
    assert.deepEqual(several.detector.transaction.amount?.currency, { field: 'amount.currency' })
    assert.doesNotMatch(JSON.stringify(several.detector.features), /"of":"amount"/)
  })

  test('lists what it declares and no feature uses', async () => {
    const rows = Array.from({ length: 120 }, (_, i) => `${(i * 7) % 11}.5,b${i % 40},${i % 13 === 5 ? 1 : 0}`)
    const { detector, leftOut } = await draftOfLines('amount,branch,is_fraud', ...rows)
    assert.deepEqual(detector.transaction.fields, { branch: 'branch' })
    assert.match(leftOut.branch, /declared as the field branch, but no feature uses it/)
  })
})

test('what is said of a draft stands in its file', async () => {
  const { text } = await draftOfMade('sparkov')
  assert.match(
    text,
    /^# - label: how long after a transaction is_fraud is known is not in the table; a week is assumed$/m,
  )
  assert.match(
    text,
    /^ {2}# Card numbers: they are replaced by a hash with SHRIKE_CARD_KEY\.\n {2}hashCardNumber: \[ cc_num \]$/m,
  )
  assert.match(text, /^# {3}unix_time: another time, by its name$/m)
  assert.ok(readFileSync(join(folder, 'sparkov.csv')).length > 0)
})

describe('a draft says of its table', () => {
  const head = 'id,time,card,amount,is_fraud'
  const rows = (label: string) =>
    Array.from({ length: 40 }, (_, i) => `t${i},2026-01-${10 + (i % 15)}T10:00:00Z,c${i % 4},${i}.5,${label}`)

  test('that it has no rows, rows of one class alone, or no labels', async () => {
    const first = async (...lines: string[]) => (await draftOfLines(head, ...lines)).unsure[0]
    assert.match(await first(), /^rows: the file has none/)
    assert.match(await first(...rows('0')), /^label: all rows with one are legitimate;.*training needs both kinds/)
    assert.match(await first(...rows('1')), /^label: all rows with one are fraud;/)
    assert.match(await first(...rows('')), /^label: no row has a is_fraud;/)
    assert.doesNotMatch(await first(...rows('0'), 't99,2026-01-10T10:00:00Z,c1,1.5,1'), /^(rows|label: (all|no))/)
  })

  test('which columns tell of a person and are kept as they come', async () => {
    const { unsure, text } = await draftOfMade('sparkov')
    assert.match(unsure.join('\n'), /^privacy: city, zip, job, lat, long may be personal data, and the log keeps/m)
    assert.match(text, /^# - privacy: /m)
    assert.doesNotMatch((await draftOfMade('paysim')).unsure.join(), /privacy/)
  })

  test('that a few long values which look like card numbers are hashed, not exempted', async () => {
    const visa = ['4111111111111111', '4012888888881881']
    const own = Array.from({ length: 40 }, (_, i) => `t${i},2026-01-10T10:00:00Z,${visa[i % 2]},${i}.5,${i % 2}`)
    const { detector, unsure, text } = await draftOfLines(head, ...own)
    const { hashCardNumber, notCardNumber } = detector.transaction
    assert.deepEqual([hashCardNumber, notCardNumber], [['card'], undefined])
    assert.match(unsure.join('\n'), /^card: its few long values look like card numbers, so they are hashed/m)
    assert.doesNotMatch(text, /4111|4012/)
  })
})
