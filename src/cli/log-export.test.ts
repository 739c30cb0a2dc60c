import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  amountPredictor,
  cardsDetector,
  closedAfterEach,
  dayMs,
  openTestDecisions,
  startMs,
} from '../../test/service/decisions-fixture.ts'
import { openTables } from '../data/read-table.ts'
import { writeCsv } from '../data/write-csv.ts'
import { createDetectorInForce } from '../deciding/detector-in-force.ts'
import type { Detector } from '../detector/detector.ts'
import { SqliteLogReader } from '../stores/sqlite/sqlite-log-reader.ts'
import { exportTables } from './log-export.ts'

const open = closedAfterEach()

const inForceOf = (name: string, transaction: Partial<Detector['transaction']>, changed: Partial<Detector> = {}) =>
  createDetectorInForce(cardsDetector(changed, transaction), amountPredictor(`${name}@000000000000`))

async function start(inForce: ReturnType<typeof inForceOf>, options: object = {}) {
  const opened = await openTestDecisions({ inForce, ...options })
  open.push(opened)
  opened.clock.nowMs = startMs + 1000 * dayMs
  await opened.service.resume()
  const decide = (id: string, more: object) =>
    opened.service.decide({ ID: id, TIME: startMs, CARD: 'c', SHOP: 's', ...more }, undefined, () => 0)
  return { ...opened, decide }
}

/** The texts of an exported file's column. */
async function exported(logPath: string, folder: string, name: string): Promise<readonly (string | undefined)[]> {
  const reader = new SqliteLogReader(logPath)
  const path = join(folder, 'export.csv')
  try {
    await writeCsv(exportTables(reader, false, { rows: 0 }), path)
  } finally {
    reader.close()
  }
  const texts: (string | undefined)[] = []
  for await (const { columns } of openTables(path, { columns: { [name]: 'text' }, required: [], rowsPerTable: 100 })
    .tables) {
    const column = columns.find((each) => each.name === name)
    assert.ok(column?.kind === 'text')
    for (const code of column.codes) texts.push(column.dictionary[code])
  }
  return texts
}

const cents = { amount: { field: 'AMOUNT', digits: 2, minorUnits: true } }
// A third of doubles of money are not what multiplying gives back: 4.35, 1.15, 8.7.
const sent = [435, 115, 870, 100_000_000_001, 0, -1999]

test('amounts in minor units are shown and exported as they were sent, and features see them in major ones', async () => {
  const { service, decide, log, logPath, path } = await start(inForceOf('cents', cents))
  for (const [i, amount] of sent.entries()) await decide(`t-${i}`, { AMOUNT: amount, CARD: `c-${i}` })
  for (const [i, amount] of sent.entries()) {
    const found = await service.find(`t-${i}`)
    assert.equal(found?.transaction.AMOUNT, amount)
    const record = log.reading.find(`t-${i}`)
    assert.ok(record?.kind === 'decision')
    assert.ok(Object.is(record.fields[0], Number(`${amount}e-2`)))
    assert.ok(Object.is(record.row[0], Number(`${amount}e-2`)))
  }
  assert.deepEqual(await exported(logPath, path, 'AMOUNT'), sent.map(String))
  assert.equal((await decide('t-0', { AMOUNT: 435, CARD: 'c-0' })).duplicate, true)
})

test('all fields that were kept are exported in one column', async () => {
  const { service, decide, logPath, path } = await start(inForceOf('all', { keep: 'all' }))
  await decide('t-0', { AMOUNT: 4.35, ip: '10.0.0.1', n: 7 })
  await service.use(inForceOf('ip', { keep: ['ip'] }))
  await decide('t-1', { AMOUNT: 1, ip: '10.0.0.2', n: 8 })
  assert.deepEqual(await exported(logPath, path, 'kept_fields'), ['{"ip":"10.0.0.1","n":7}', undefined])
  assert.deepEqual(await exported(logPath, path, 'ip'), ['10.0.0.1', '10.0.0.2'])
})

test('an export has all amounts in the unit of the detector that decides now', async () => {
  const { service, decide, logPath, path } = await start(inForceOf('major', {}, { features: ['weekend'] }))
  await decide('t-0', { AMOUNT: 4.35 })
  await service.use(inForceOf('cents', cents, { features: ['weekend'] }))
  await decide('t-1', { AMOUNT: 435 })
  assert.equal((await service.find('t-0'))?.transaction.AMOUNT, 4.35)
  assert.equal((await service.find('t-1'))?.transaction.AMOUNT, 435)
  assert.deepEqual(await exported(logPath, path, 'AMOUNT'), ['435', '435'])
})

test('what the policy did is exported: the version that a decision names, rules, lists, and the control group', async () => {
  const { service, decide, logPath, path } = await start(inForceOf('policy', cents))
  const change = (given: object) => service.change(given, { by: 'user:ann', why: 'a test' })
  await decide('before', { AMOUNT: 1 })
  const rule = { id: 'all', when: 'amount >= 0.0', then: 'decline', state: 'live' }
  const controlGroup = { share: 0.5, upTo: 1000 }
  await change({
    kind: 'together',
    changes: [
      { kind: 'rule', rule },
      { kind: 'policy', policy: { thresholds: {}, controlGroup } },
    ],
  })
  await change({ kind: 'list', list: { name: 'known', of: 'card', effect: 'allow' } })
  const { version } = await change({ kind: 'entries', list: 'known', add: [{ value: 'c2' }] })
  const answers = [await decide('drawn', { AMOUNT: 1 }), await decide('listed', { AMOUNT: 1, CARD: 'c2' })]
  assert.deepEqual(
    answers.map(({ policy }) => policy),
    [version, version],
  )
  const columnOf = (name: string) => exported(logPath, path, name)
  assert.deepEqual(await columnOf('policy'), ['1', String(version), String(version)])
  assert.deepEqual(await columnOf('rules'), [undefined, 'all:live', 'all:live'])
  assert.deepEqual(await columnOf('lists'), [undefined, undefined, 'known'])
  assert.deepEqual(await columnOf('would_be'), [undefined, 'decline', undefined])
  assert.deepEqual(await columnOf('propensity'), [undefined, '0.5', undefined])
  assert.deepEqual(await columnOf('fuses'), [undefined, undefined, undefined])
})

test('what a file of history called legitimate is exported as such', async () => {
  const { service, decide, logPath, path } = await start(inForceOf('told', {}))
  const bringIn = (id: string, isLabelled: boolean) =>
    service.bringIn({ ID: id, TIME: startMs, CARD: 'c', SHOP: 's', AMOUNT: 1 }, isLabelled)
  await bringIn('legitimate', true)
  await bringIn('fraud', true)
  await bringIn('unsaid', false)
  await decide('decided', { AMOUNT: 1 })
  await service.label([{ transactionId: 'fraud', isFraud: true }], 'key:desk')
  assert.deepEqual(await exported(logPath, path, 'is_fraud'), ['0', '1', undefined, undefined])
})
