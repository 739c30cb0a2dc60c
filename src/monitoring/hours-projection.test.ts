import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { portfolioDefinition } from '../../test/portfolio-stream.ts'
import { atOnce } from '../core/time-slices.ts'
import { binOf } from '../core/value-bins.ts'
import type { LogRecord } from '../log/log-record.ts'
import { hourMs, keptHours } from './hourly-counts.ts'
import { HoursProjection } from './hours-projection.ts'
import { slotOfFeature, unknownBin } from './monitored-features.ts'

const startMs = Date.UTC(2026, 0, 5)
const definition: LogRecord = {
  ...portfolioDefinition,
  ...{ features: ['amount', 'kind_category'], categories: { kind_category: ['pos', 'web'] } },
  columns: ['AMOUNT', 'KIND'],
  detector: {
    transaction: { fields: { kind: 'KIND' } },
    features: ['amount', { category: { of: 'kind', values: ['pos', 'web'] } }],
  },
}

interface Made {
  readonly minutes: number
  readonly amount: number
  readonly kind: 'pos' | 'web' | 'phone' | undefined
}

const made = fc.array(
  fc.record({
    // Some are late, by more than the hours that are open.
    minutes: fc.integer({ min: -400, max: 2000 }),
    amount: fc.oneof(fc.double({ noNaN: true, min: -100, max: 100 }), fc.constant(Number.NaN), fc.constant(0)),
    kind: fc.constantFrom('pos', 'web', 'phone', undefined),
  }) satisfies fc.Arbitrary<Made>,
  { maxLength: 60 },
)

function decisionOf({ amount, kind }: Made, timestampMs: number): LogRecord {
  const code = kind === undefined ? Number.NaN : ['pos', 'web'].indexOf(kind)
  return {
    ...{ kind: 'decision', id: 't', timestampMs, decidedAtMs: timestampMs, score: 0.25, definition: 1, degraded: [] },
    ...{ outcome: 'approve', fields: [amount, kind], row: Float64Array.of(amount, code < 0 ? Number.NaN : code) },
  }
}

const savedOf = (projection: HoursProjection) => Buffer.concat([...projection.save()])

describe('what was decided by the hour', () => {
  test('is what a count of all records gives, however far apart they are, and late ones are told', () => {
    const property = fc.property(made, (all) => {
      const projection = new HoursProjection()
      projection.take(definition, 1)
      const wanted = new Map<string, number>()
      let [newest, late, nowMs] = [Number.NEGATIVE_INFINITY, 0, startMs]
      for (const [i, each] of all.entries()) {
        nowMs += each.minutes * 60_000
        projection.take(decisionOf(each, nowMs), i + 2)
        const hour = Math.floor(nowMs / hourMs)
        newest = Math.max(newest, hour)
        if (hour <= newest - 4) late += 1
        else wanted.set(`${hour} ${binOf(each.amount)}`, (wanted.get(`${hour} ${binOf(each.amount)}`) ?? 0) + 1)
      }
      const { hours } = projection
      const got = new Map<string, number>()
      for (const hour of hours.hours) {
        for (const [slot, { bins, counts }] of hours.observed(hour)) {
          if (slot !== hours.slots.get(slotOfFeature('amount'))) continue
          for (const [place, bin] of bins.entries()) got.set(`${hour} ${bin}`, counts[place])
        }
      }
      const kept = [...wanted].filter(([key]) => Number(key.split(' ')[0]) > newest - keptHours)
      assert.deepEqual(new Map([...got].sort()), new Map(kept.sort()))
      assert.equal(hours.late, late)
    })
    fc.assert(property)
  })

  test('looks at each of many features about as often, whatever records come between decisions', () => {
    const names = Array.from({ length: 150 }, (_, i) => `f${i}`)
    for (const every of [1, 2, 3, 4, 6, 7]) {
      const projection = new HoursProjection()
      projection.take({ ...definition, features: names, categories: {} }, 1)
      for (let i = 0; i < 600; i++) {
        const decision = decisionOf({ minutes: 0, amount: 1, kind: 'pos' }, startMs)
        projection.take({ ...decision, row: new Float64Array(names.length) } as LogRecord, 2 + i * every)
      }
      const open = projection.hours.current
      const seen = names.map((name) => {
        const { counts = [] } = open?.observed(projection.hours.slots.get(slotOfFeature(name)) ?? -1) ?? {}
        return counts.reduce((sum, count) => sum + count, 0)
      })
      assert.ok(
        seen.every((rows) => Math.abs(rows - 200) <= 10),
        `${every}: ${Math.min(...seen)} to ${Math.max(...seen)}`,
      )
    }
  })

  test('goes on from what was saved, to the byte', () => {
    const property = fc.property(made, fc.nat(60), (all, at) => {
      let projection = new HoursProjection()
      const whole = new HoursProjection()
      let nowMs = startMs
      for (const each of [projection, whole]) each.take(definition, 1)
      for (const [i, each] of all.entries()) {
        nowMs += each.minutes * 60_000
        for (const one of [projection, whole]) one.take(decisionOf(each, nowMs), i + 2)
        if (i !== at) continue
        const saved = savedOf(projection)
        projection = new HoursProjection()
        atOnce(projection.load([saved]))
      }
      assert.deepEqual(savedOf(projection), savedOf(whole))
    })
    fc.assert(property)
  })

  test('tells texts that are not listed from missing ones, and keeps a text its bin when a model lists others', () => {
    const projection = new HoursProjection()
    projection.take(definition, 1)
    for (const kind of ['web', 'phone', undefined, 'web'] as const) {
      projection.take(decisionOf({ minutes: 0, amount: 1, kind }, startMs), 2)
    }
    const { hours } = projection
    const slot = hours.slots.get(slotOfFeature('kind_category'))
    const counts = new Map([...hours.observed(hours.newest)]).get(slot ?? -1)
    assert.deepEqual(counts && [counts.bins, counts.counts], [
      [0, 2, unknownBin],
      [1, 2, 1],
    ])
    const listed = ['web', 'phone', 'pos']
    projection.take({ ...portfolioDefinition, ...definition, categories: { kind_category: listed } }, 3)
    const record = decisionOf({ minutes: 0, amount: 1, kind: 'web' }, startMs)
    assert(record.kind === 'decision')
    projection.take({ ...record, definition: 3, row: Float64Array.of(1, 0) }, 4)
    assert.deepEqual(projection.textsOf('kind_category'), ['pos', 'web', 'phone'])
    const later = new Map([...hours.observed(hours.newest)]).get(slot ?? -1)
    assert.deepEqual(later?.counts, [1, 3, 1])
  })

  test('keeps six weeks, and no more', () => {
    const projection = new HoursProjection()
    projection.take(definition, 1)
    for (let hour = 0; hour < keptHours + 50; hour++) {
      projection.take(decisionOf({ minutes: 0, amount: 1, kind: 'pos' }, startMs + hour * hourMs), hour + 2)
    }
    assert.equal(projection.hours.hours.length, keptHours)
  })
})
