import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { outcomes } from '../detector/detector-schema.ts'
import { type CountedDecision, type Fuse, Fuses } from './fuses.ts'

const hourMs = 3_600_000
const minuteMs = 60_000
const startMs = Date.UTC(2026, 0, 1)
const cap: Fuse = { kind: 'cap', rule: 'a', count: 3, overMs: hourMs }
const declines: Fuse = {
  ...{ kind: 'outcome', outcome: 'decline', share: 0.25, overMs: hourMs },
  ...{ atLeast: 8, then: 'review', coolMs: 2 * hourMs },
}

const decision = (minute: number, more: Partial<CountedDecision> = {}): CountedDecision => ({
  ...{ decidedAtMs: startMs + minute * minuteMs, settled: 'approve', isFinal: false, fired: [] },
  ...more,
})

function fusesOf(...given: Fuse[]): Fuses {
  const fuses = new Fuses()
  fuses.set(given)
  return fuses
}

describe('a cap', () => {
  test('lets a rule speak that often, and no more until an hour has passed in which it was not past it', () => {
    const fuses = fusesOf(cap)
    const spoke: number[] = []
    const tripped: number[] = []
    for (let minute = 0; minute < 180; minute += 10) {
      const fires = minute < 60
      if (fires && !fuses.holdsRule('a', startMs + minute * minuteMs)) spoke.push(minute)
      if (fuses.count(decision(minute, { fired: fires ? ['a'] : [] })).length > 0) tripped.push(minute)
    }
    assert.deepEqual(spoke, [0, 10, 20])
    assert.deepEqual(tripped, [30])
    // Past it at 50 the last time.
    assert.equal(fuses.holdsRule('a', startMs + 109 * minuteMs), true)
    assert.equal(fuses.holdsRule('a', startMs + 110 * minuteMs), false)
    assert.equal(fuses.holdsRule('b', startMs), false)
  })

  test('that has cooled trips again with the first fire past it, and not before', () => {
    const fuses = fusesOf(cap)
    const tripped: number[] = []
    const spoke: number[] = []
    // Once a minute for ten minutes, then a silence in which it cools, then once a minute again.
    for (const minute of [...Array(10).keys(), ...Array.from({ length: 10 }, (_, i) => 100 + i)]) {
      if (!fuses.holdsRule('a', startMs + minute * minuteMs)) spoke.push(minute)
      if (fuses.count(decision(minute, { fired: ['a'] })).length > 0) tripped.push(minute)
    }
    assert.deepEqual(spoke, [0, 1, 2, 100, 101, 102])
    assert.deepEqual(tripped, [3, 103])
  })

  test('is reset by hand at once', () => {
    const fuses = fusesOf(cap)
    for (let minute = 0; minute < 5; minute++) fuses.count(decision(minute, { fired: ['a'] }))
    assert.deepEqual(fuses.trippedAt(startMs + 5 * minuteMs), ['rule:a'])
    assert.equal(fuses.reset('rule:a'), true)
    assert.deepEqual(fuses.trippedAt(startMs + 5 * minuteMs), [])
    assert.equal(fuses.holdsRule('a', startMs + 5 * minuteMs), false)
    assert.equal(fuses.reset('rule:b'), false)
  })
})

describe('a fuse of an outcome', () => {
  test('trips past its share of enough decisions, and takes the outcome’s place until it has cooled', () => {
    const fuses = fusesOf(declines)
    const trippedAt = Array.from({ length: 12 }, (_, minute) =>
      fuses.count(decision(minute, { settled: minute % 3 === 0 ? 'decline' : 'approve' })),
    ).findIndex((tripped) => tripped.includes('decline'))
    // 3 of 8 are more than a quarter; 3 of 7 would be, but seven are too few.
    assert.equal(trippedAt, 7)
    assert.equal(fuses.replace('decline', startMs + 12 * minuteMs), 'review')
    assert.equal(fuses.replace('review', startMs + 12 * minuteMs), undefined)
    assert.equal(fuses.replace('decline', startMs + (11 + 120) * minuteMs), undefined)
  })

  test('does not cool while its share is past, however short it takes and however few decisions there are', () => {
    const fuses = fusesOf({ ...declines, coolMs: 5 * minuteMs })
    const replaced: number[] = []
    const tripped: number[] = []
    const decide = (minute: number, settled: 'approve' | 'decline') => {
      if (fuses.replace('decline', startMs + minute * minuteMs) !== undefined) replaced.push(minute)
      if (fuses.count(decision(minute, { settled })).length > 0) tripped.push(minute)
    }
    // One decision in seven minutes, each after the time that it takes to cool: eight of them within the hour are enough.
    for (let i = 0; i < 20; i++) decide(7 * i, 'decline')
    assert.deepEqual(tripped, [49])
    assert.deepEqual(
      replaced,
      Array.from({ length: 12 }, (_, i) => 7 * (i + 8)),
    )
    // An hour of approvals later it has cooled, and trips again as soon as it is past its share once more.
    for (let i = 0; i < 10; i++) decide(200 + i, 'approve')
    assert.equal(fuses.replace('decline', startMs + 210 * minuteMs), undefined)
    for (let i = 0; i < 4; i++) decide(210 + i, 'decline')
    assert.deepEqual(tripped, [49, 213])
  })

  test('counts no final decision', () => {
    const fuses = fusesOf(declines)
    for (let minute = 0; minute < 50; minute++) fuses.count(decision(minute, { settled: 'decline', isFinal: true }))
    assert.deepEqual(fuses.trippedAt(startMs), [])
  })
})

describe('fuses', () => {
  const steps = fc.array(
    fc.record({
      afterMinutes: fc.nat(15),
      settled: fc.constantFrom(...outcomes),
      isFinal: fc.boolean(),
      fired: fc.subarray(['a', 'b']),
    }),
    { maxLength: 150 },
  )

  test('trip and cool as a count by hand over whole minutes does', () => {
    const property = fc.property(steps, fc.constantFrom(10, 60, 120), (given, coolMinutes) => {
      const fuses = fusesOf(cap, { ...declines, coolMs: coolMinutes * minuteMs })
      const seen: (CountedDecision & { minute: number })[] = []
      const until = { cap: -1, declines: -1 }
      let minute = 0
      for (const { afterMinutes, ...each } of given) {
        minute += afterMinutes
        const isHeld = minute < until.cap || firesBy(seen, minute) >= 3
        assert.equal(fuses.holdsRule('a', startMs + minute * minuteMs), isHeld)
        const isHot = minute < until.declines || (until.declines >= 0 && isPastShare(seen, minute))
        assert.equal(fuses.replace('decline', startMs + minute * minuteMs) !== undefined, isHot)
        const next = { ...decision(minute, each), minute }
        seen.push(next)
        const isPast = {
          cap: each.fired.includes('a') && firesBy(seen, minute) > 3,
          declines: !each.isFinal && isPastShare(seen, minute),
        }
        const expected = [
          ...(isPast.cap && minute >= until.cap ? ['rule:a'] : []),
          ...(isPast.declines && !isHot ? ['decline'] : []),
        ]
        assert.deepEqual(fuses.count(next), expected)
        if (isPast.cap) until.cap = minute + 60
        if (isPast.declines) until.declines = minute + coolMinutes
      }
    })
    fc.assert(property, { numRuns: 300 })
  })

  test('go on counting after they were saved and loaded, or set again', () => {
    const property = fc.property(steps, fc.nat(150), (given, savedAt) => {
      const fuses = fusesOf(cap, declines)
      let other = fusesOf(cap, declines)
      let minute = 0
      given.forEach(({ afterMinutes, ...each }, i) => {
        if (i === savedAt) {
          const loaded = new Fuses()
          loaded.load(JSON.parse(JSON.stringify(other.save())))
          loaded.set([{ ...cap }, declines])
          other = loaded
        }
        minute += afterMinutes
        assert.deepEqual(fuses.count(decision(minute, each)), other.count(decision(minute, each)))
        assert.deepEqual(fuses.save(), other.save())
      })
    })
    fc.assert(property)
  })

  test('begin again where what trips them was changed', () => {
    const fuses = fusesOf(cap)
    for (let minute = 0; minute < 5; minute++) fuses.count(decision(minute, { fired: ['a'] }))
    fuses.set([{ ...cap, count: 4 }])
    assert.equal(fuses.holdsRule('a', startMs + 5 * minuteMs), false)
  })
})

function isPastShare(seen: readonly (CountedDecision & { minute: number })[], minute: number): boolean {
  const now = seen.filter((one) => one.minute > minute - 60 && !one.isFinal)
  return now.length >= 8 && now.filter(({ settled }) => settled === 'decline').length / now.length > 0.25
}

function firesBy(seen: readonly (CountedDecision & { minute: number })[], minute: number): number {
  return seen.filter((each) => each.minute > minute - 60 && each.fired.includes('a')).length
}
