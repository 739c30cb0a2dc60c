import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { fromLocalTime, isZone, zoneOffset } from './zone.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs

/** What a zone's clocks show, as if it were UTC, by another way of asking: the Swedish form is nearly ISO 8601. */
function clockOf(zone: string): (timestampMs: number) => number {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })
  return (timestampMs) => Date.parse(`${format.format(timestampMs).replace(' ', 'T')}Z`)
}

const zones = [
  ...['UTC', 'Europe/Paris', 'Europe/London', 'America/New_York', 'Asia/Kathmandu', 'Asia/Kolkata', 'Etc/GMT+12'],
  ...[
    'Australia/Lord_Howe',
    'America/St_Johns',
    'Pacific/Apia',
    'Pacific/Kiritimati',
    'America/Sao_Paulo',
    'Asia/Gaza',
  ],
]
const instant = fc.integer({ min: Date.UTC(1975, 0), max: Date.UTC(2037, 0) })
const offsets = new Map(zones.map((zone) => [zone, zoneOffset(zone)]))
const offsetOf = (zone: string) => offsets.get(zone) ?? zoneOffset(zone)
const paris = offsetOf('Europe/Paris')

describe('a zone', () => {
  test('is one that this runtime knows', () => {
    for (const zone of zones) assert.ok(isZone(zone), zone)
    for (const none of ['', 'Paris', 'Europe/Pariss', 'Mars/Olympus']) assert.ok(!isZone(none), none)
  })

  test('is ahead of UTC by what its clocks show', () => {
    const clocks = new Map(zones.map((zone) => [zone, clockOf(zone)]))
    const property = fc.property(fc.constantFrom(...zones), instant, (zone, timestampMs) => {
      const second = Math.floor(timestampMs / 1000) * 1000
      assert.equal(offsetOf(zone)(timestampMs), (clocks.get(zone)?.(second) ?? Number.NaN) - second, zone)
    })
    fc.assert(property, { numRuns: 1500 })
  })

  test('changes to and from daylight saving time to the millisecond', () => {
    const spring = Date.UTC(2026, 2, 29, 1)
    const autumn = Date.UTC(2026, 9, 25, 1)
    assert.deepEqual([paris(spring - 1), paris(spring)], [hourMs, 2 * hourMs])
    assert.deepEqual([paris(autumn - 1), paris(autumn)], [2 * hourMs, hourMs])
    const lordHowe = offsetOf('Australia/Lord_Howe')
    const april = Date.UTC(2026, 3, 4, 15)
    assert.deepEqual([lordHowe(april - 1), lordHowe(april)], [11 * hourMs, 10.5 * hourMs])
  })

  test('may change at a minute that is no quarter of an hour, as Newfoundland did until 2011', () => {
    const stJohns = offsetOf('America/St_Johns')
    const spring = Date.UTC(2005, 3, 3, 3, 31)
    assert.deepEqual([stJohns(spring - 1), stJohns(spring)], [-3.5 * hourMs, -2.5 * hourMs])
  })

  test('gives the same offsets in any order, and after it forgot some', () => {
    const start = Date.UTC(2026, 0)
    const quarters = Array.from({ length: 11_000 }, (_, i) => start + i * 15 * minuteMs)
    const one = zoneOffset('Europe/Paris')
    const forward = quarters.map(one)
    assert.deepEqual(quarters.toReversed().map(zoneOffset('Europe/Paris')).reverse(), forward)
    assert.equal(one(start), hourMs)
  })
})

describe('a local time', () => {
  test('is the instant whose clocks show it', () => {
    const property = fc.property(fc.constantFrom(...zones), instant, (zone, timestampMs) => {
      const offsetAt = offsetOf(zone)
      const localMs = timestampMs + offsetAt(timestampMs)
      const found = fromLocalTime(localMs, offsetAt)
      // The same instant, or an earlier one that the clocks showed the same.
      assert.equal(found + offsetAt(found), localMs)
      assert.ok(found <= timestampMs)
      for (const earlier of [15, 30, 60, 120].map((minutes) => found - minutes * minuteMs)) {
        assert.notEqual(earlier + offsetAt(earlier), localMs, 'it is the first that shows it')
      }
    })
    fc.assert(property, { numRuns: 1500 })
  })

  test('that came twice is the first of the two', () => {
    assert.equal(fromLocalTime(Date.UTC(2026, 9, 25, 1, 59), paris), Date.UTC(2026, 9, 24, 23, 59))
    assert.equal(fromLocalTime(Date.UTC(2026, 9, 25, 2, 0), paris), Date.UTC(2026, 9, 25, 0, 0))
    assert.equal(fromLocalTime(Date.UTC(2026, 9, 25, 2, 30), paris), Date.UTC(2026, 9, 25, 0, 30))
    assert.equal(fromLocalTime(Date.UTC(2026, 9, 25, 2, 59), paris), Date.UTC(2026, 9, 25, 0, 59))
    assert.equal(fromLocalTime(Date.UTC(2026, 9, 25, 3, 0), paris), Date.UTC(2026, 9, 25, 2, 0))
  })

  test('that was skipped counts on from before the jump', () => {
    assert.equal(fromLocalTime(Date.UTC(2026, 2, 29, 1, 59), paris), Date.UTC(2026, 2, 29, 0, 59))
    assert.equal(fromLocalTime(Date.UTC(2026, 2, 29, 2, 0), paris), Date.UTC(2026, 2, 29, 1, 0))
    assert.equal(fromLocalTime(Date.UTC(2026, 2, 29, 2, 30), paris), Date.UTC(2026, 2, 29, 1, 30))
    assert.equal(fromLocalTime(Date.UTC(2026, 2, 29, 3, 0), paris), Date.UTC(2026, 2, 29, 1, 0))
    const newYork = offsetOf('America/New_York')
    assert.equal(fromLocalTime(Date.UTC(2026, 2, 8, 2, 30), newYork), Date.UTC(2026, 2, 8, 7, 30))
  })
})
