import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { featuresOf, hourMs, runStream, type Step } from '../../test/feature-stream.ts'
import type { Transaction } from '../detector/transaction.ts'
import { compileDetector, computeRow, type FeatureSet } from './feature-set.ts'
import { MemoryHistories } from './memory-histories.ts'

const cents = 1250
const nothing = { card: undefined, shop: undefined, city: undefined, points: Number.NaN }
const nowhere = { latitude: Number.NaN, longitude: Number.NaN }

const purchase = (time: number, card: string, shop?: string): Step => ({
  purchase: { ...nothing, ...nowhere, time, amount: cents, card, shop },
})

function observe(set: FeatureSet, histories: MemoryHistories, timestampMs: number, card: string): Float64Array {
  const transaction: Transaction = { timestampMs, amount: cents, texts: [card], numbers: [] }
  return computeRow(set, transaction, histories.observe(transaction), new Float64Array(set.names.length))
}

/** What the process holds after everything that it can let go of is gone. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  assert.ok(typeof collect === 'function')
  // Buffers that one finds are freed by a thread beside it, for which the next one waits.
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const day = { by: 'card', over: '1d' }
const ofDay = featuresOf([{ count: day }, { sum: { of: 'amount', ...day } }])

describe('keys that are silent for longer than the past', () => {
  test('are dropped while others come, and their memory is used again', () => {
    const histories = new MemoryHistories(ofDay.plan)
    let most = 0
    for (let i = 0; i < 200_000; i++) {
      // 1,000 new keys in each hour, none of which comes again.
      assert.equal(observe(ofDay, histories, (i / 1000) * hourMs, `card-${i}`)[0], 1)
      most = Math.max(most, histories.stats().keys)
      if (i === 60_000) most = 0
    }
    const { keys, events, bytes, droppedForMemory } = histories.stats()
    assert.ok(most <= 24_100, `${most} keys of the last day`)
    assert.ok(keys >= 24_000 && events === keys)
    assert.ok(bytes < 24_100 * 200)
    assert.equal(droppedForMemory, 0)
  })

  test('all go in the end, and those that come again are as new', () => {
    const histories = new MemoryHistories(ofDay.plan)
    for (let i = 0; i < 5000; i++) observe(ofDay, histories, i, `card-${i % 2500}`)
    const { bytes } = histories.stats()
    for (let i = 0; i < 2600; i++) observe(ofDay, histories, 30 * hourMs + i, 'other')
    assert.equal(histories.stats().keys, 1)
    assert.ok(histories.stats().bytes < bytes)
    assert.deepEqual([...observe(ofDay, histories, 31 * hourMs, 'card-7')], [1, cents / 100])
  })

  test('may be dropped without any feature changing', () => {
    const features = featuresOf([
      { count: { by: 'card', over: '5h' } },
      { timeSinceLast: { by: 'card', over: '5h' } },
      { fraudCount: { by: 'card', over: '3h', delay: '2h' } },
      { distinct: { of: 'shop', by: 'card', over: '5h' } },
    ])
    // The same stream once with and once without others that give silent keys time to be dropped.
    const stream: Step[] = []
    const crowded: Step[] = []
    let seen = 0
    for (let i = 0; i < 400; i++) {
      const time = i * hourMs
      const step = purchase(time, `c${(i * i) % 17}`, `s${i % 3}`)
      stream.push(step)
      crowded.push(step)
      const crowd = i % 7
      for (let other = 0; other < crowd; other++) crowded.push(purchase(time, `other-${seen + 1}-${other}`))
      seen++
      if (i % 3 > 0) continue
      stream.push({ verdict: { about: i, isFraud: true, knownAt: time + hourMs } })
      const about = crowded.filter((each) => 'purchase' in each).length - 1 - crowd
      crowded.push({ verdict: { about, isFraud: true, knownAt: time + hourMs } })
    }
    const [rows, again]: number[][][] = [[], []]
    runStream(features, new MemoryHistories(features.plan), stream, {}, (row) => rows.push([...row]))
    runStream(features, new MemoryHistories(features.plan), crowded, {}, (row, { now }) => {
      if (now.card?.startsWith('c')) again.push([...row])
    })
    assert.deepEqual(again, rows)
  })
})

describe('a limit to memory', () => {
  const maxBytes = 2 * 2 ** 20

  test('is kept near, and counts the keys that it costs', () => {
    const histories = new MemoryHistories(ofDay.plan, { maxBytes })
    let most = 0
    for (let i = 0; i < 200_000; i++) {
      observe(ofDay, histories, i, `card-${i}`)
      most = Math.max(most, histories.stats().bytes)
    }
    const { keys, droppedForMemory, bytes } = histories.stats()
    assert.ok(most < maxBytes * 1.1, `${most} bytes at most`)
    assert.ok(bytes > maxBytes * 0.7, `${bytes} bytes in the end`)
    assert.equal(keys + droppedForMemory, 200_000)
  })

  test('lets the keys live that were used last', () => {
    const set = featuresOf([{ count: day }], { eventsPerKey: 20 })
    const histories = new MemoryHistories(set.plan, { maxBytes })
    let regulars = 0
    for (let i = 0; i < 100_000; i++) {
      observe(set, histories, i, `card-${i}`)
      // A hundred keys come again and again among many that come once.
      regulars = observe(set, histories, i, `regular-${i % 100}`)[0]
    }
    assert.ok(histories.stats().droppedForMemory > 50_000)
    assert.equal(regulars, 1000)
  })

  test('drops no more keys than it takes where keys are few and long', () => {
    const histories = new MemoryHistories(ofDay.plan, { maxBytes })
    let most = 0
    let least = Number.POSITIVE_INFINITY
    for (let i = 0; i < 400_000; i++) {
      observe(ofDay, histories, i, `card-${i % 100}`)
      most = Math.max(most, histories.stats().bytes)
      if (histories.stats().droppedForMemory > 0) least = Math.min(least, histories.stats().keys)
    }
    assert.ok(most < maxBytes * 1.2, `${most} bytes at most`)
    assert.ok(least > 25, `${least} keys at least`)
  })

  test('leaves nothing of a dropped key to the one that comes in its place', () => {
    const set = featuresOf([{ count: day }, { fraudCount: { ...day, delay: '0s' } }], { eventsPerKey: 3 })
    const histories = new MemoryHistories(set.plan, { maxBytes })
    for (let i = 0; i < 100_000; i++) {
      const card = `card-${i >> 3}`
      const seen = (i & 7) + 1
      assert.deepEqual([...observe(set, histories, i, card)], [seen, seen - 1])
      histories.label(
        { timestampMs: i, amount: 0, texts: [card], numbers: [], sequence: i },
        { isFraud: true, knownAtMs: i },
      )
    }
    assert.ok(histories.stats().droppedForMemory > 2000)
  })

  test('never takes away the history of the transaction in hand', () => {
    const set = featuresOf([
      { count: { by: 'card', over: '1d' } },
      { fraudCount: { by: 'card', over: '1d', delay: '0s' } },
    ])
    const histories = new MemoryHistories(set.plan, { maxBytes: 400_000 })
    for (let i = 0; i < 30_000; i++) {
      const card = `c${(i * i + (i >> 3)) % 61}`
      const [count, frauds] = observe(set, histories, i, card)
      assert.equal(frauds, count - 1, 'all before it were fraud')
      histories.label(
        { timestampMs: i, amount: 0, texts: [card], numbers: [], sequence: i },
        { isFraud: true, knownAtMs: i },
      )
    }
    assert.ok(histories.stats().droppedForMemory > 100)
  })
})

describe('large histories', () => {
  /** Five million at night, and of one key a million events. */
  const keyCount = Number(process.env.SHRIKE_KEYS ?? 500_000)
  const eventCount = keyCount / 5

  test('of one key with many events keep to its newest', () => {
    const set = featuresOf([
      ...[{ count: { by: 'card', over: ['1h', '30d'] } }, { sum: { of: 'amount', by: 'card', over: '30d' } }],
      ...[{ timeSinceLast: { by: 'card' } }, { fraudCount: { by: 'card', over: '30d' } }],
    ])
    const histories = new MemoryHistories(set.plan)
    const stepMs = 1000
    let row: Float64Array = new Float64Array(0)
    for (let i = 0; i < eventCount; i++) {
      row = observe(set, histories, i * stepMs, 'only')
      if (i % 1000 > 0) continue
      const event = { timestampMs: i * stepMs, amount: 0, texts: ['only'], numbers: [], sequence: i }
      histories.label(event, { isFraud: true, knownAtMs: i * stepMs })
    }
    // Seconds of 30 days are more than there were; of the delayed ones, two hours are missing.
    assert.deepEqual([...row], [3600, eventCount, (cents * eventCount) / 100, 1, eventCount / 1000 - 7])
    const { keys, events, bytes } = histories.stats()
    assert.deepEqual([keys, events], [1, 4096])
    assert.ok(bytes < 4096 * 24 + 2048 * 8 * 12 + 200_000, `${bytes} bytes`)
    assert.deepEqual(histories.degraded(), ['history-capped'])
  })

  test('of one key that keeps a million events answer as exactly', () => {
    const set = featuresOf(
      [{ count: { by: 'card', over: ['1h', '30d'] } }, { sum: { of: 'amount', by: 'card', over: '30d' } }],
      {
        eventsPerKey: 1_048_576,
      },
    )
    const histories = new MemoryHistories(set.plan)
    let row: Float64Array = new Float64Array(0)
    for (let i = 0; i < 1_000_000; i++) row = observe(set, histories, i * 1000 - (i % 50_000 === 0 ? 7e6 : 0), 'only')
    assert.deepEqual([...row], [3600, 1_000_000, cents * 10_000])
    const { events, bytes } = histories.stats()
    assert.equal(events, 1_000_000)
    assert.ok(bytes < 24 * events + 200, `${bytes / events} bytes an event`)
    assert.deepEqual(histories.degraded(), [])
  })

  test('of keys seen once take 200 bytes a key and 24 an event at most', () => {
    const before = heldBytes()
    const histories = new MemoryHistories(ofDay.plan)
    for (let i = 0; i < keyCount; i++)
      histories.observe({ timestampMs: i, amount: cents, texts: [`card-${i}`], numbers: [] })
    const { keys, events, bytes } = histories.stats()
    assert.deepEqual([keys, events], [keyCount, keyCount])
    assert.ok(bytes <= 200 * keys + 24 * events, `${bytes / keys} bytes a key, by its own account`)
    const held = heldBytes() - before
    assert.ok(held <= 200 * keys + 24 * events, `${held / keys} bytes a key, as the process holds them`)
    // What it says of itself is what an operator limits it by.
    assert.ok(Math.abs(bytes / held - 1) < 0.35, `says ${bytes / keys}, holds ${held / keys}`)
    assert.deepEqual([...observe(ofDay, histories, keyCount, 'card-250000')], [2, (2 * cents) / 100])
  })
})

describe('amounts of two currencies', () => {
  const sum = { sum: { of: 'amount', by: 'card', over: '1d' } }
  const set = compileDetector({
    detector: 'test',
    transaction: {
      time: { field: 'TIME', format: 'epoch-ms' },
      amount: { field: 'AMOUNT', digits: 2, currency: { field: 'CURRENCY' } },
      keys: { card: 'CARD', shop: 'SHOP' },
      label: { field: 'FRAUD' },
    },
    features: [sum, { count: { by: 'shop', over: '1d' } }],
  })
  const place = set.layout.texts.map(({ column }) => column)
  const take = (histories: MemoryHistories, hour: number, currency: string | undefined, card = 'c') => {
    const values: Record<string, string | undefined> = { CARD: card || undefined, CURRENCY: currency, SHOP: 's' }
    const transaction = {
      timestampMs: hour * hourMs,
      amount: 100,
      texts: place.map((name) => values[name]),
      numbers: [],
    }
    return [...computeRow(set, transaction, histories.observe(transaction), new Float64Array(2))]
  }
  const isMixed = { code: 'CURRENCY_MIXED', message: /amounts in another; declare amount\.conversion/ }

  test('are refused in one history before anything is changed', () => {
    const histories = new MemoryHistories(set.plan)
    take(histories, 0, 'EUR')
    const before = histories.stats()
    assert.throws(() => take(histories, 1, 'USD'), isMixed)
    assert.deepEqual(histories.stats(), before)
    assert.deepEqual(take(histories, 2, 'EUR'), [2, 2])
    assert.deepEqual(take(histories, 2, 'USD', 'other'), [1, 3], 'another card, and the shop has no amounts')
    assert.doesNotThrow(() => take(histories, 2, 'JPY', ''))
  })

  test('are none where the window of the first is over', () => {
    const histories = new MemoryHistories(set.plan)
    take(histories, 0, 'EUR')
    assert.deepEqual(take(histories, 24, 'USD'), [1, 1])
    assert.throws(() => take(histories, 1, 'EUR'), isMixed, 'nor come late')
  })

  test('are refused where one of them is missing, whichever comes first', () => {
    for (const currencies of [
      ['EUR', undefined],
      [undefined, 'EUR'],
    ]) {
      const histories = new MemoryHistories(set.plan)
      take(histories, 5, currencies[0])
      assert.throws(() => take(histories, 5, currencies[1]), isMixed)
      assert.throws(() => take(histories, 3, currencies[1]), isMixed)
      assert.deepEqual(take(histories, 6, currencies[0]), [2, 2])
    }
  })
})
