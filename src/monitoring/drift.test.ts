import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { oneOf } from '../../test/examples.ts'
import {
  decisionOf,
  portfolioDefinition,
  type StreamOptions,
  streamPortfolio,
  streamStartMs,
} from '../../test/portfolio-stream.ts'
import { binCount, binOf } from '../core/value-bins.ts'
import { compareHours, type DriftReport, type FeatureDrift } from './drift.ts'
import { groupNumbers } from './group-counts.ts'
import { hourMs } from './hourly-counts.ts'
import { HoursProjection } from './hours-projection.ts'

const dayMs = 86_400_000
/** Histories fill first. */
const warmUpDays = 35
// As in production, where a day has more transactions: SHRIKE_LONG_DRIFT=1 takes some ten minutes.
const isLong = process.env.SHRIKE_LONG_DRIFT !== undefined
const hoursBetweenLooks = isLong ? 1 : 4

function compare(projection: HoursProjection): DriftReport {
  const steps = compareHours(projection, undefined)
  for (let step = steps.next(); ; step = steps.next()) if (step.done === true) return step.value
}

/** When a feature began to be told, by days since decisions began: looks at hours, a new one after a day without. */
function alarmsOf(options: StreamOptions, untilDay = Number.POSITIVE_INFINITY) {
  const projection = new HoursProjection()
  projection.take(portfolioDefinition, 1)
  const beginMs = streamStartMs + warmUpDays * dayMs
  const told = new Map<string, number>()
  const alarms: { readonly day: number; readonly feature: string; readonly drift: FeatureDrift }[] = []
  let [sequence, lastLook, decisions] = [1, 0, 0]
  for (const row of streamPortfolio({ ...options, days: options.days + warmUpDays })) {
    if (row.timestampMs < beginMs) continue
    const day = (row.timestampMs - beginMs) / dayMs
    if (day > untilDay) break
    projection.take(decisionOf(row), ++sequence)
    decisions += 1
    const look = Math.floor(row.timestampMs / (hoursBetweenLooks * hourMs))
    if (look === lastLook) continue
    lastLook = look
    for (const drift of compare(projection).features) {
      if (!drift.isDrift) continue
      const feature = drift.feature ?? 'score'
      if (day - (told.get(feature) ?? -2) > 1) alarms.push({ day, feature, drift })
      told.set(feature, day)
    }
  }
  return { alarms, decisions }
}

describe('drift against the past, on a simulated portfolio', () => {
  test('names a feature that moved in the third week within a day, and not before', () => {
    const from = warmUpDays + 16
    const customers = isLong ? 1000 : 500
    for (const [factor, seed] of oneOf(2, [
      [2, 3],
      [0.5, 4],
    ])) {
      const amountAt = (amount: number, day: number) => (day >= from ? amount * factor : amount)
      const { alarms } = alarmsOf({ customers, days: 19, seed, amountAt }, 17.1)
      assert.ok(
        alarms.every(({ day }) => day >= 16),
        JSON.stringify(alarms.map(({ day, feature }) => [day, feature])),
      )
      const amount = alarms.find(({ feature }) => feature === 'amount')
      assert.ok(amount !== undefined && amount.day < 17.05, `times ${factor}: ${amount?.day}`)
      const { from: before, to } = amount.drift.mean
      assert.ok(before !== null && to !== null && to > before === factor > 1)
      // What does not depend on amounts stays unnamed.
      assert.ok(!alarms.some(({ feature }) => /count|night|weekend/.test(feature)))
    }
  })

  test('raises at most one false alarm in many weeks without a change', () => {
    const [days, seeds] = isLong ? [140, [11, 12, 13]] : [28, [11]]
    for (const seed of seeds) {
      const { alarms, decisions } = alarmsOf({ customers: isLong ? 500 : 200, days, seed })
      assert.ok(decisions > 100 * days)
      const named = alarms.map(({ day, feature }) => `${feature} on day ${day.toFixed(1)}`)
      if (isLong)
        console.log(`${decisions} decisions in ${days} days: ${named.length} false alarms ${named.join(', ')}`)
      assert.ok(named.length <= 1, named.join(', '))
    }
  })
})

describe('a quiet service', () => {
  test('has nothing to compare before its first whole hour, and says so', () => {
    const projection = new HoursProjection()
    assert.deepEqual(compare(projection).notCompared, { past: 'no-decisions', training: 'no-decisions' })
    projection.take(portfolioDefinition, 1)
    for (const row of streamPortfolio({ customers: 20, days: 3, seed: 1 })) {
      projection.take(decisionOf(row), 2)
    }
    const { notCompared, features } = compare(projection)
    assert.deepEqual([notCompared, features], [{ past: 'past-too-short', training: 'bundle-without-histograms' }, []])
  })
})

test('a rare value that becomes more frequent makes a group, on either side of a frequent one', () => {
  const sample = (ones: number, all: number) => {
    const counts = new Float64Array(binCount)
    counts[binOf(0)] = all - ones
    counts[binOf(1)] = ones
    return { counts, rows: all, sum: ones }
  }
  for (const share of [0.004, 0.02, 0.98]) {
    const groups = groupNumbers(sample(share * 5000, 5000), sample(Math.min(900, 10 * share * 1000), 1000))
    assert.equal(groups.length, 2, String(share))
  }
})
