import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  amountPredictor,
  assertReplayed,
  cardsDetector,
  closedAfterEach,
  dayMs,
  namedDetector,
  openDeciding,
  openTestDecisions,
  type TestDecisionsOptions,
  takenThrough,
} from '../../test/service/decisions-fixture.ts'
import type { Detector } from '../detector/detector.ts'
import { createDetectorInForce } from './detector-in-force.ts'
import type { TakenSnapshot } from './keeper.ts'
import { LostHistories } from './lost-histories.ts'

const open = closedAfterEach()

const start = (options: TestDecisionsOptions = {}) => openDeciding(open, options)

const detectorOf = (
  name: string,
  transaction: Partial<Detector['transaction']>,
  features: Detector['features'] = ['amount', { count: { by: 'card', over: '7d' } }],
) => namedDetector(name, transaction, features)

const shops = detectorOf('shops', { keys: { shop: 'SHOP' } }, ['amount', { count: { by: 'shop', over: '2d' } }])
const cards = detectorOf('cards', {})
const pans = detectorOf('pans', { keys: { card: 'PAN' } })

describe('a detector whose histories the log can not give', () => {
  test('is refused with figures, at a reload and at the start, and the one before goes on', async () => {
    const { service, decide, close, path } = await start({ inForce: shops })
    for (let i = 0; i < 3; i++) await decide(i)
    await assert.rejects(service.use(cards), {
      code: 'HISTORIES_LOST',
      message: /: of 3 transactions none has "CARD"\. /,
    })
    const decision = await decide(3)
    assert.deepEqual([decision.model, decision.degraded], ['shops@000000000000', []])
    await close({ keep: true })
    const again = await openTestDecisions({ inForce: cards, directory: path })
    open.push(again)
    await assert.rejects(again.service.resume(), {
      code: 'HISTORIES_LOST',
      message: /of 4 transactions none has "CARD"/,
    })
    assert.deepEqual(again.log.reading.definitionSequences(), [1], 'nothing is written')
  })

  test('takes over where that is accepted, and decisions say so until a span has passed, over restarts', async () => {
    const { service, decide, close, path, say: logger } = await start({ inForce: shops, acceptLostHistories: true })
    for (let i = 0; i < 3; i++) await decide(i)
    await service.use(cards)
    assert.ok(
      logger.lines.some((line) => /histories-lost.*of 3 transactions none has .*CARD/.test(line)),
      logger.lines.join(),
    )
    // The last transaction without a card is that of day 2, and the history looks back seven days.
    for (const day of [3, 5]) assert.deepEqual((await decide(day)).degraded, ['history-short', 'histories-lost'])
    await close({ keep: true })
    const again = await start({ inForce: cards, directory: path })
    assert.deepEqual((await again.decide(6)).degraded, ['history-short', 'histories-lost'])
    assert.deepEqual((await again.decide(8.999)).degraded, ['histories-lost'])
    assert.deepEqual((await again.decide(9)).degraded, [])
    const record = again.log.reading.find('t-6')
    assert.deepEqual(record?.kind === 'decision' && record.degraded, ['history-short', 'histories-lost'])
    await again.close({ keep: true })
    const later = await start({ inForce: cards, directory: path })
    assert.deepEqual((await later.decide(9.5)).degraded, [])
    await later.close({ keep: true })
    assert.deepEqual(assertReplayed(later.logPath, [shops, cards]), [3, 6])
  })

  test('is told how many have what some lack, and welcome once those are out of sight', async () => {
    const { service, decide } = await start({ inForce: shops })
    await decide(0)
    await decide(1)
    const both = detectorOf('both', {}, ['amount', { count: { by: 'shop', over: '2d' } }])
    await service.use(both)
    await decide(2)
    await assert.rejects(service.use(cards), { message: /: of 3 transactions 1 has "CARD"\. / })
    await decide(8)
    await service.use(cards)
    assert.equal((await decide(9, { CARD: 'c' })).degraded.length, 0)
  })

  test('is refused where a column is declared and never sent', async () => {
    const { service, decide } = await start({ inForce: shops })
    await decide(0)
    const noted = detectorOf('noted', { keys: { shop: 'SHOP', note: 'NOTE' } }, [{ count: { by: 'note', over: '1d' } }])
    const declared = detectorOf('declared', { keys: { shop: 'SHOP', note: 'NOTE' } }, ['amount'])
    await service.use(declared)
    await decide(9)
    await assert.rejects(service.use(noted), { code: 'HISTORIES_LOST', message: /of 2 transactions none has "NOTE"/ })
  })

  test('may be another detector of an empty log, and of one that is pruned of what lacks it', async () => {
    const retainMs = 20 * dayMs
    let safeThrough = 0
    const takeSnapshot = async (cutoffMs?: number): Promise<TakenSnapshot> =>
      takenThrough(safeThrough, log, shops, cutoffMs)
    const { service, decide, log } = await start({ inForce: shops, retainMs, takeSnapshot, acceptLostHistories: true })
    await service.use(pans)
    await service.use(shops)
    await decide(0)
    await service.use(cards)
    for (const day of [30, 31, 60]) await decide(day)
    safeThrough = log.reading.lastSequence()
    await service.snapshot()
    assert.ok(log.reading.prunedThrough() > 0)
    const lost = new LostHistories(cards, log.reading)
    while (lost.step());
    assert.deepEqual([lost.losses, lost.untilMs], [[], Number.NEGATIVE_INFINITY])
  })

  test('leaves transactions without an exact amount or a currency out of its histories, labels and all', async () => {
    const features = ['amount', { sum: { of: 'amount', by: 'shop', over: '2d' } }]
    const bare = createDetectorInForce(
      cardsDetector({ features: [{ count: { by: 'shop', over: '2d' } }] }, { amount: undefined }),
      amountPredictor('bare@000000000000'),
    )
    const summed = detectorOf('summed', {}, features)
    const currency = { amount: { field: 'AMOUNT', digits: 2, currency: { field: 'CURRENCY' } } }
    const priced = detectorOf('priced', currency, features)
    const { service, decide, close, logPath, log } = await start({ inForce: bare, acceptLostHistories: true })
    await decide(0)
    await service.use(summed)
    await decide(0.1)
    await service.label({ transactionId: 't-0', isFraud: true }, 'key:desk')
    const sums = (id: string) => {
      const record = log.reading.find(id)
      return record?.kind === 'decision' ? [...record.row] : []
    }
    assert.deepEqual(sums('t-0.1'), [10, 10])
    await service.use(priced)
    assert.deepEqual((await decide(0.2, { CURRENCY: 'EUR' })).degraded, ['history-short', 'histories-lost'])
    assert.deepEqual(sums('t-0.2'), [10, 10])
    await close({ keep: true })
    assert.deepEqual(assertReplayed(logPath, [summed, priced]), [1, 1])
  })
})

test('a rate that a log does not have is not 1', async () => {
  const features = [{ mean: { of: 'amount', by: 'shop', over: '2d' } }]
  const amount = { field: 'AMOUNT', currency: { field: 'CURRENCY' }, conversion: 'RATE' }
  const { service, decide, log } = await start({
    inForce: detectorOf('plain', { amount: { field: 'AMOUNT' } }, features),
    acceptLostHistories: true,
  })
  await decide(0)
  await service.use(detectorOf('rates', { amount }, features))
  await decide(0.1, { CURRENCY: 'JPY', RATE: 0.5 })
  const record = log.reading.find('t-0.1')
  assert.deepEqual(record?.kind === 'decision' && [...record.row], [5])
})

describe('a detector that differs and loses nothing', () => {
  const differing: Record<string, () => ReturnType<typeof createDetectorInForce>> = {
    'fewer columns': () => detectorOf('fewer', { keys: { card: 'CARD' }, fields: {} }),
    'another id': () => detectorOf('id', { id: 'KEY' }),
    'another time format': () => detectorOf('time', { time: { field: 'WHEN', format: 'iso' } }),
    'no amount': () =>
      createDetectorInForce(
        cardsDetector({ features: [{ count: { by: 'card', over: '7d' } }] }, { amount: undefined }),
        amountPredictor('none@000000000000'),
      ),
    'more decimals': () => detectorOf('decimals', { amount: { field: 'AMOUNT', digits: 3 } }),
    'other names of keys': () =>
      detectorOf('names', { keys: { pan: 'CARD' } }, ['amount', { count: { by: 'pan', over: '7d' } }]),
    'other features': () => detectorOf('features', {}, [{ count: { by: 'shop', over: '3d' } }]),
    'other categories': () => detectorOf('categories', {}, [{ category: { of: 'note', values: ['b', 'a'] } }]),
    'another label': () => detectorOf('label', { label: { field: 'IS_FRAUD', delay: '2d' } }),
  }
  for (const [what, create] of Object.entries(differing)) {
    test(`takes over: ${what}`, async () => {
      const before = createDetectorInForce(
        cardsDetector({
          features: ['amount', { category: { of: 'note', values: ['a', 'b'] } }, { count: { by: 'card', over: '7d' } }],
        }),
        amountPredictor('before@000000000000'),
      )
      const { service, decide } = await start({ inForce: before })
      await decide(0, { NOTE: 'a' })
      await service.label({ transactionId: 't-0', isFraud: true }, 'key:desk')
      const inForce = create()
      await service.use(inForce)
      assert.equal(service.inForce, inForce)
      await service.label({ transactionId: 't-0', isFraud: false }, 'key:desk')
    })
  }
})
