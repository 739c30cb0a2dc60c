import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { examples } from '../../test/examples.ts'
import { definedFeatures } from '../../test/feature-definitions.ts'
import { featuresOf, hourMs, runStream, type Step, steps, toTransaction } from '../../test/feature-stream.ts'
import { FraudError } from '../core/errors.ts'
import type { FeatureSet } from './feature-set.ts'
import { MemoryHistories } from './memory-histories.ts'

const entries = definedFeatures.map(({ entry }) => entry)

/** Chunks are views of a buffer that is not written again; one piece is easier to compare and to cut. */
const bytesOf = (histories: MemoryHistories) => Buffer.concat([...histories.save()])

function* cut(bytes: Uint8Array, lengths: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = lengths[i % lengths.length]
    yield bytes.subarray(at, at + length)
    at += length
  }
}

/** What is seen of histories at every step of a stream. */
interface Seen {
  readonly row: readonly number[]
  readonly degraded: readonly string[]
  readonly keys: number
  readonly events: number
}

/** Runs a stream; at each of these steps the histories are saved and others go on in their place. */
function run(set: FeatureSet, stream: readonly Step[], restartAt: ReadonlySet<number>, lengths: readonly number[]) {
  let histories = new MemoryHistories(set.plan)
  const seen: Seen[] = []
  const look = (row: readonly number[]) => {
    const { keys, events } = histories.stats()
    seen.push({ row, degraded: histories.degraded(), keys, events })
  }
  let done = 0
  const restart = () => {
    if (!restartAt.has(done++)) return
    const bytes = bytesOf(histories)
    histories = MemoryHistories.restore(set.plan, cut(bytes, lengths))
    assert.deepEqual(bytesOf(histories), bytes)
  }
  const relay = {
    newestMs: Number.NaN,
    observe: (transaction: Parameters<MemoryHistories['observe']>[0]) => {
      restart()
      return histories.observe(transaction)
    },
    label: (...given: Parameters<MemoryHistories['label']>) => {
      restart()
      histories.label(...given)
    },
    withdraw: (...given: Parameters<MemoryHistories['withdraw']>) => histories.withdraw(...given),
    degraded: () => histories.degraded(),
    stats: () => histories.stats(),
  }
  runStream(set, relay, stream, {}, (row) => look([...row]))
  return { seen, histories }
}

function assertSame(one: ReturnType<typeof run>, other: ReturnType<typeof run>): void {
  assert.equal(one.seen.length, other.seen.length)
  one.seen.forEach(({ row, ...rest }, i) => {
    const { row: otherRow, ...otherRest } = other.seen[i]
    row.forEach((value, at) => void assert.ok(Object.is(value, otherRow[at]), `transaction ${i}, feature ${at}`))
    assert.deepEqual(rest, otherRest)
  })
  assert.deepEqual(bytesOf(one.histories), bytesOf(other.histories))
}

const places = fc.uniqueArray(fc.nat(60), { minLength: 1, maxLength: 5 })
const lengths = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 4 })

describe('histories that were saved and restored', () => {
  for (const eventsPerKey of [1, 2, 3, 7, 4096]) {
    test(`go on exactly as if nothing had been, with ${eventsPerKey} events of a key`, () => {
      const set = featuresOf(entries, { eventsPerKey })
      const property = fc.property(steps, places, lengths, (stream, at, pieces) => {
        assertSame(run(set, stream, new Set(at), pieces), run(set, stream, new Set(), pieces))
      })
      fc.assert(property, { numRuns: examples(8) })
    })
  }

  test('go on exactly with a restart between any two steps', () => {
    const set = featuresOf(entries, { eventsPerKey: 3 })
    const always = new Set(Array.from({ length: 200 }, (_, i) => i))
    const property = fc.property(steps, (stream) => {
      assertSame(run(set, stream, always, [65_536]), run(set, stream, new Set(), [65_536]))
    })
    fc.assert(property, { numRuns: examples(8) })
  })

  test('go on exactly where only some features look, and some histories count no fraud', () => {
    const some = fc.shuffledSubarray([...definedFeatures], { minLength: 1, maxLength: 4 })
    const bound = fc.constantFrom(1, 2, 5, 4096)
    const property = fc.property(some, bound, steps, places, (features, eventsPerKey, stream, at) => {
      const set = featuresOf(
        features.map(({ entry }) => entry),
        { eventsPerKey },
      )
      assertSame(run(set, stream, new Set(at), [999]), run(set, stream, new Set(), [999]))
    })
    fc.assert(property, { numRuns: examples(30) })
  })

  test('hold thousands of keys, in more than one chunk, and forget them in the same order', () => {
    const set = featuresOf([{ count: { by: 'card', over: '1d' } }, { sum: { of: 'amount', by: 'card', over: '1d' } }])
    const observe = (histories: MemoryHistories, i: number) => {
      const timestampMs = i * 60_000
      histories.observe({ timestampMs, amount: i, texts: [`card-${(i * 7919) % 4001}`], numbers: [] })
      return histories.stats()
    }
    const one = new MemoryHistories(set.plan)
    for (let i = 0; i < 20_000; i++) observe(one, i)
    const chunks = [...one.save()]
    assert.ok(chunks.length > 1)
    const other = MemoryHistories.restore(set.plan, chunks)
    for (let i = 20_000; i < 30_000; i++) {
      const { keys, events } = observe(one, i)
      const restored = observe(other, i)
      assert.deepEqual([restored.keys, restored.events], [keys, events])
    }
    assert.deepEqual(bytesOf(other), bytesOf(one))
  })

  test('are empty where they were, and know keys of every script', () => {
    const set = featuresOf([{ count: { by: 'card', over: '1d' } }])
    const empty = MemoryHistories.restore(set.plan, new MemoryHistories(set.plan).save())
    assert.deepEqual([empty.newestMs, empty.stats().keys], [Number.NEGATIVE_INFINITY, 0])
    const histories = new MemoryHistories(set.plan)
    const cards = ['', 'é', '\0', '\ufeffmark', '👍', 'a\0b', ' ', 'x'.repeat(512)]
    for (const card of cards) histories.observe({ timestampMs: 0, amount: 0, texts: [card], numbers: [] })
    const restored = MemoryHistories.restore(set.plan, histories.save())
    for (const card of cards) {
      const [history] = restored.observe({ timestampMs: 1, amount: 0, texts: [card], numbers: [] })
      assert.equal(history.count(0), 2, JSON.stringify(card))
    }
  })
})

describe('a snapshot of histories that is damaged', () => {
  const set = featuresOf(entries, { eventsPerKey: 3 })
  const isInvalid = { code: 'SNAPSHOT_INVALID' }
  const saved = steps.map((stream) => bytesOf(run(set, stream, new Set(), [1]).histories))

  /** Restores them, and then works with what came of it, or sees them refused. */
  const useOrRefuse = (bytes: Uint8Array) => {
    let histories: MemoryHistories
    try {
      histories = MemoryHistories.restore(set.plan, cut(bytes, [4096]))
    } catch (error) {
      assert.ok(error instanceof FraudError && error.code === 'SNAPSHOT_INVALID', String(error))
      return
    }
    for (let i = 0; i < 40; i++) {
      const purchase = {
        ...{ time: Date.UTC(2026, 2, 28) + i * hourMs, amount: 100, card: `c${i % 3}`, shop: `s${i % 4}` },
        ...{ city: 'Rome', points: 1, latitude: 1, longitude: 1 },
      }
      const transaction = toTransaction(purchase, set.layout)
      histories.observe(transaction)
      histories.label({ ...transaction, sequence: i }, { isFraud: i % 2 === 0, knownAtMs: purchase.time })
    }
    bytesOf(histories)
  }

  test('is refused wherever it is cut off, and where anything follows it', () => {
    const property = fc.property(saved, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 20 }), (bytes, at, more) => {
      const cutOff = bytes.subarray(0, at % bytes.length)
      assert.throws(() => MemoryHistories.restore(set.plan, [cutOff]), isInvalid)
      assert.throws(() => MemoryHistories.restore(set.plan, [bytes, more]), isInvalid)
    })
    fc.assert(property, { numRuns: examples(30) })
  })

  test('is refused or is other histories, where bytes were flipped', () => {
    const flip = fc.record({ at: fc.nat(), by: fc.integer({ min: 1, max: 255 }) })
    const property = fc.property(saved, fc.array(flip, { minLength: 1, maxLength: 3 }), (bytes, flips) => {
      const flipped = Buffer.from(bytes)
      for (const { at, by } of flips) flipped[at % flipped.length] ^= by
      useOrRefuse(flipped)
    })
    fc.assert(property, { numRuns: examples(120) })
  })

  test('is refused or is other histories, where it holds numbers that none can have', () => {
    const odd = fc.constantFrom(Number.NaN, Infinity, -Infinity, -1, 0, 0.5, 3, 4, 2 ** 31, 2 ** 53, 1e308)
    const places = fc.array(fc.tuple(fc.nat(), odd), { minLength: 1, maxLength: 6 })
    const property = fc.property(saved, places, (bytes, changes) => {
      const changed = Buffer.from(bytes)
      for (const [at, value] of changes) changed.writeDoubleLE(value, at % (changed.length - 8))
      useOrRefuse(changed)
    })
    fc.assert(property, { numRuns: examples(120) })
  })

  test('is refused before memory is taken for more keys or events than there can be', () => {
    const large = featuresOf([{ count: { by: 'card', over: '1d' } }], { eventsPerKey: 1_048_576 })
    const doubles = (...values: number[]) => new Uint8Array(Float64Array.from(values).buffer)
    const key = [...doubles(0), 97]
    const header = doubles(0, 1, 0, 0)
    for (const rest of [
      [...doubles(2 ** 31)],
      [...doubles(2 ** 31 + 1)],
      [...doubles(1, 1e9)],
      [...doubles(1), ...key, ...doubles(0, 1_048_578)],
    ]) {
      const before = process.memoryUsage().arrayBuffers
      assert.throws(() => MemoryHistories.restore(large.plan, [header, Uint8Array.from(rest)]), isInvalid)
      assert.ok(process.memoryUsage().arrayBuffers - before < 2 ** 24)
    }
  })
})
