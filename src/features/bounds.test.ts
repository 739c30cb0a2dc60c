import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { featuresOf, frauds, hourMs, inWindow, type Purchase, runStream, steps } from '../../test/feature-stream.ts'
import { computeRow } from './feature-set.ts'
import { MemoryHistories } from './memory-histories.ts'

const spanHours = 12
const spanMs = spanHours * hourMs
const bucketMs = Math.ceil(spanMs / 2048)

/** What is kept of one key by definition: its newest transactions, and in which bucket of time each older one went. */
class CappedPast {
  readonly cap: number
  kept: Purchase[] = []
  buckets: { readonly start: number; readonly purchase: Purchase }[] = []
  /** Those whose shop was none of those kept that came earlier. */
  readonly wasNew = new Set<Purchase>()

  constructor(cap: number) {
    this.cap = cap
  }

  add(purchase: Purchase, newest: number): void {
    this.kept = this.kept.filter(({ time }) => time > newest - spanMs)
    this.buckets = this.buckets.filter(({ start }) => start > newest - spanMs)
    const before = this.kept.filter(({ time }) => time <= purchase.time && time > purchase.time - spanMs)
    const isKnown = purchase.shop === undefined || before.some(({ shop }) => shop === purchase.shop)
    if (!isKnown) this.wasNew.add(purchase)
    this.kept.splice(this.kept.findLastIndex(({ time }) => time <= purchase.time) + 1, 0, purchase)
    if (this.kept.length <= this.cap) return
    const [oldest] = this.kept.splice(0, 1)
    this.buckets.push({ start: Math.floor(oldest.time / bucketMs) * bucketMs, purchase: oldest })
  }

  in(now: Purchase, hours: number, delay = 0) {
    const isIn = (time: number) => time <= now.time - delay * hourMs && time > now.time - (delay + hours) * hourMs
    const starts = [...new Set(this.buckets.map(({ start }) => start))].filter(isIn).sort((a, b) => a - b)
    return {
      kept: this.kept.filter(({ time }) => isIn(time)),
      older: starts.map((start) => this.buckets.flatMap((each) => (each.start === start ? [each.purchase] : []))),
    }
  }
}

const total = (values: readonly number[]) => values.reduce((sum, value) => (Number.isNaN(value) ? sum : sum + value), 0)
const entries = [
  { count: { by: 'card', over: ['2h', '9h'] } },
  { count: { by: 'card', over: '5h', delay: '3h', as: 'ago' } },
  { sum: { of: 'amount', by: 'card', over: '9h' } },
  { mean: { of: 'amount', by: 'card', over: '9h' } },
  { sum: { of: 'points', by: 'card', over: '9h' } },
  { max: { of: 'amount', by: 'card', over: '9h' } },
  { distinct: { of: 'shop', by: 'card', over: `${spanHours}h` } },
  { timeSinceLast: { by: 'card', over: '9h' } },
  { count: { by: 'card', over: '9h', excludeSelf: true, as: 'earlier' } },
  { sum: { of: 'amount', by: 'card', over: '9h', excludeSelf: true, as: 'earlier_sum' } },
  { count: { by: 'card', over: '9h', where: 'amount > 300.0', as: 'large' } },
  { count: { by: 'card', over: '9h', where: 'amount > 300.0', excludeSelf: true, as: 'earlier_large' } },
  { newPairs: { of: 'shop', by: 'card', over: '9h', memory: '12h' } },
]

/** What those features are of a past that is capped. */
function valuesOf(past: CappedPast, now: Purchase): number[] {
  const count = ({ kept, older }: ReturnType<CappedPast['in']>) => kept.length + older.flat().length
  const window = past.in(now, 9)
  const { kept, older } = window
  const all = [...kept, ...older.flat()]
  const earlier = all.filter((each) => each !== now)
  const amounts = total(all.map(({ amount }) => amount))
  const large = (each: Purchase) => each.amount > 30_000
  const points = total([total(older.map((each) => total(each.map(({ points: value }) => value)))), 0])
  const others = kept.filter((each) => each !== now)
  return [
    ...[count(past.in(now, 2)), count(window), count(past.in(now, 5, 3))],
    amounts / 100,
    amounts / count(window) / 100,
    kept.reduce((sum, { points: value }) => (Number.isNaN(value) ? sum : sum + value), points),
    kept.length === 0 ? Number.NaN : Math.max(...kept.map(({ amount }) => amount)) / 100,
    new Set(past.in(now, spanHours).kept.flatMap(({ shop }) => shop ?? [])).size,
    (now.time - (others.at(-1)?.time ?? Number.NaN)) / 1000,
    ...[earlier.length, total(earlier.map(({ amount }) => amount)) / 100],
    ...[all.filter(large).length, earlier.filter(large).length],
    all.filter((each) => past.wasNew.has(each)).length,
  ]
}

describe('a key with more events than are kept', () => {
  for (const cap of [1, 3, 5]) {
    test(`has its newest ${cap} as they are and the others in buckets of time`, () => {
      const set = featuresOf(entries, { eventsPerKey: cap })
      let degraded = 0
      const property = fc.property(steps, (stream) => {
        const histories = new MemoryHistories(set.plan)
        const pasts = new Map<string, CappedPast>()
        runStream(set, histories, stream, { card: spanMs }, (row, { all, now }) => {
          const newest = Math.max(...all.map(({ time }) => time))
          if (now.card === undefined) return assert.deepEqual(histories.degraded(), [])
          const past = pasts.get(now.card) ?? new CappedPast(cap)
          pasts.set(now.card, past)
          past.add(now, newest)
          assert.deepEqual([...row], valuesOf(past, now))
          assert.deepEqual(histories.degraded(), past.buckets.length > 0 ? ['history-capped'] : [])
          degraded += histories.degraded().length
        })
      })
      fc.assert(property, { numRuns: 300 })
      assert.ok(degraded > 200, `the property met ${degraded} capped keys`)
    })
  }

  test('has counts that are off by what lies within a bucket of the edges of the window', () => {
    const set = featuresOf([{ count: { by: 'card', over: '5h', delay: '7h' } }], { eventsPerKey: 2 })
    const property = fc.property(steps, (stream) =>
      runStream(set, new MemoryHistories(set.plan), stream, { card: spanMs }, ([count], { all, now }) => {
        const horizon = Math.max(...all.map(({ time }) => time)) - spanMs
        const [from, to] = [now.time - spanMs, now.time - 7 * hourMs]
        const between = (start: number, end: number) =>
          all.filter(({ card, time }) => card === now.card && card !== undefined && time > start && time < end).length
        assert.ok(count >= between(Math.max(from, horizon) + bucketMs, to + 1))
        assert.ok(count <= between(Math.max(from, horizon), to + bucketMs))
      }),
    )
    fc.assert(property, { numRuns: 300 })
  })

  test('has at most as many frauds as transactions, though labels are finer than buckets', () => {
    const set = featuresOf([{ fraudRate: { by: 'card', over: '2h', delay: '1h' } }], { eventsPerKey: 2 })
    const [{ spanMs: span }] = set.plan.histories
    const bucket = Math.ceil(span / 2048)
    const start = 300_000 * bucket
    const histories = new MemoryHistories(set.plan)
    // The first lies in the window and its bucket begins before it; the other's bucket begins in the window.
    const times = [start + bucket - 200, start + bucket + 200]
    times.forEach((timestampMs, sequence) => {
      const texts = ['c1']
      histories.observe({ timestampMs, amount: 0, texts, numbers: [] })
      histories.label(
        { timestampMs, amount: 0, texts, numbers: [], sequence },
        { isFraud: true, knownAtMs: timestampMs },
      )
    })
    histories.observe({ timestampMs: start + span - 1000, amount: 0, texts: ['c1'], numbers: [] })
    const now = { timestampMs: start + bucket - 400 + span, amount: 0, texts: ['c1'], numbers: [] }
    assert.deepEqual([...computeRow(set, now, histories.observe(now), new Float64Array(1))], [1])
  })

  test('has its newest labels as they are', () => {
    const set = featuresOf([{ fraudCount: { by: 'card', over: ['4h', '9h'], delay: '0s' } }], { eventsPerKey: 8 })
    const spans = { card: 9 * hourMs }
    const property = fc.property(steps, (stream) => {
      let labels = 0
      // Fewer labels than a key keeps, of many more events.
      const few = stream.filter((step) => 'purchase' in step || labels++ < 8)
      runStream(set, new MemoryHistories(set.plan), few, spans, (row, scene) => {
        for (const [at, hours] of [4, 9].entries()) {
          assert.equal(row[at], frauds(scene, inWindow(scene, 'card', hours * hourMs)).length)
        }
      })
    })
    fc.assert(property, { numRuns: 300 })
  })

  test('has its older frauds in buckets of time, each once, however often it was labelled', () => {
    const cap = 2
    const window = { by: 'card', over: `${spanHours}h`, delay: '0s' }
    const where = 'amount > 300.0'
    const set = featuresOf([{ fraudCount: window }, { fraudCount: { ...window, where, as: 'large' } }], {
      eventsPerKey: cap,
    })
    let inBuckets = 0
    const property = fc.property(steps, (stream) => {
      let kept: { readonly purchase: Purchase; readonly isFraud: boolean }[] = []
      let buckets: { readonly start: number; readonly isLarge: boolean }[] = []
      let taken = 0
      // Labels are known when they come; what was said before of the same transaction no longer counts.
      // One in a bucket can't be withdrawn, nor be weighed against another.
      const known = stream
        .filter((step) => !('withdrawn' in step))
        .map((step) =>
          'verdict' in step ? { verdict: { ...step.verdict, rank: 0, knownAt: Number.NEGATIVE_INFINITY } } : step,
        )
      runStream(set, new MemoryHistories(set.plan), known, {}, ([count, large], { all, now, verdicts }) => {
        const newest = Math.max(...all.slice(0, -1).map(({ time }) => time))
        for (const { about, isFraud } of verdicts.slice(taken)) {
          const purchase = all[about]
          if (purchase.card !== 'c1' || purchase.time <= newest - spanMs) continue
          if (!isFraud && !kept.some((each) => each.purchase === purchase)) continue
          kept.splice(kept.findLastIndex((each) => each.purchase.time <= purchase.time) + 1, 0, { purchase, isFraud })
          if (kept.length <= cap) continue
          const [oldest] = kept.splice(0, 1)
          if (!oldest.isFraud || kept.some((each) => each.purchase === oldest.purchase)) continue
          const { time, amount } = oldest.purchase
          buckets.push({ start: Math.floor(time / bucketMs) * bucketMs, isLarge: amount > 30_000 })
        }
        taken = verdicts.length
        if (now.card !== 'c1') return
        const horizon = Math.max(newest, now.time) - spanMs
        kept = kept.filter((each) => each.purchase.time > horizon)
        buckets = buckets.filter(({ start }) => start > horizon)
        const isIn = (time: number) => time > now.time - spanMs && time <= now.time
        const last = kept.filter(({ purchase }, i) => !kept.slice(i + 1).some((each) => each.purchase === purchase))
        const frauds = last.filter(({ purchase, isFraud }) => isFraud && isIn(purchase.time))
        const older = buckets.filter(({ start }) => isIn(start))
        inBuckets += older.length
        assert.equal(count, frauds.length + older.length)
        const isLarge = frauds.filter(({ purchase }) => purchase.amount > 30_000).length
        assert.equal(large, isLarge + older.filter((each) => each.isLarge).length)
      })
    })
    fc.assert(property, { numRuns: 500 })
    assert.ok(inBuckets > 100, `the property met ${inBuckets} frauds in buckets`)
  })
})
