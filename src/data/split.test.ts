import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { countRowsOnBothSides, lastPart, splitByTime, splitRandom } from './split.ts'

function countFrauds(rows: Uint32Array, labels: Uint8Array): number {
  return rows.reduce((sum, row) => sum + labels[row], 0)
}

test('puts rows from the time on into the test part, in file order', () => {
  const times = Float64Array.of(5, 1, 9, 5, 2, 7)
  const split = splitByTime(times, new Uint8Array(6).fill(1), { testFrom: 5 })
  assert.deepEqual(split, { train: Uint32Array.of(1, 4), test: Uint32Array.of(0, 2, 3, 5), boundary: 5 })
})

test('divides every row once, no time, and as near to the share as that allows', () => {
  const times = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 2, maxLength: 60 })
  fc.assert(
    fc.property(times, fc.double({ min: 0.05, max: 0.95, noNaN: true }), (values, testShare) => {
      fc.pre(new Set(values).size > 1)
      const labels = new Uint8Array(values.length).fill(1)
      const { train, test: later, boundary } = splitByTime(Float64Array.from(values), labels, { testShare })
      assert.deepEqual(Uint32Array.from([...train, ...later]).toSorted(), Uint32Array.from(values.keys()))
      assert.ok(train.every((row) => values[row] < boundary) && later.every((row) => values[row] >= boundary))
      const distance = (size: number) => Math.abs(size - Math.round(values.length * testShare))
      const possible = [...new Set(values)].map((time) => values.filter((value) => value >= time).length)
      const best = Math.min(...possible.filter((size) => size < values.length).map(distance))
      assert.equal(distance(later.length), best)
    }),
    { numRuns: 1000 },
  )
})

test('refuses a split that leaves a part without rows or frauds, with the counts', () => {
  const times = Float64Array.of(0, 1, 2, 3)
  assert.throws(() => splitByTime(times, Uint8Array.of(1, 1, 0, 0), { testFrom: 2 }), {
    code: 'OPTION_INVALID',
    message:
      'A test from 2 on gives 2 training rows with 2 frauds and 2 test rows with 0 frauds; both parts need frauds: split elsewhere, or take a file with more of them',
  })
  assert.throws(() => splitByTime(times, Uint8Array.of(1, 1, 1, 1), { testFrom: 9 }), {
    message: /4 training rows with 4 frauds and 0 test rows with 0 frauds/,
  })
  assert.throws(() => splitByTime(new Float64Array(4), Uint8Array.of(1, 1, 1, 1), { testShare: 0.5 }), {
    code: 'OPTION_INVALID',
  })
  assert.throws(() => splitRandom(Uint8Array.of(0, 0, 0, 1), { testShare: 0.2, seed: 1 }), { code: 'OPTION_INVALID' })
  assert.throws(() => splitRandom(new Uint8Array(0), { testShare: 0.2, seed: 1 }), { code: 'OPTION_INVALID' })
  for (const testShare of [0, 1, -0.2, Number.NaN]) {
    assert.throws(() => splitByTime(times, Uint8Array.of(1, 1, 1, 1), { testShare }), { code: 'OPTION_INVALID' })
  }
})

test('draws the share of each class at random, the same by seed', () => {
  const labels = Uint8Array.from({ length: 10_000 }, (_, row) => (row % 100 === 0 ? 1 : 0))
  const split = splitRandom(labels, { testShare: 0.2, seed: 42 })
  assert.equal(split.test.length, 2000)
  assert.equal(countFrauds(split.test, labels), 20)
  assert.deepEqual(Uint32Array.from([...split.train, ...split.test]).toSorted(), Uint32Array.from(labels.keys()))
  assert.deepEqual(split.test, split.test.toSorted())
  assert.deepEqual(splitRandom(labels, { testShare: 0.2, seed: 42 }), split)
  assert.notDeepEqual(splitRandom(labels, { testShare: 0.2, seed: 43 }), split)
  // Rows of the first and second half are as likely: 1000 expected, standard deviation 20.
  assert.ok(Math.abs(split.test.filter((row) => row < 5000).length - 1000) < 100)
})

test('holds out the last part of the training rows by time, or a random one of each class', () => {
  const times = Float64Array.of(4, 0, 1, 2, 3, 5, 6)
  const labels = Uint8Array.of(1, 1, 0, 0, 0, 1, 1)
  const train = Uint32Array.of(0, 1, 2, 3, 4)
  assert.deepEqual(lastPart(train, labels, times, { share: 0.2, seed: 1 }), {
    first: Uint32Array.of(1, 2, 3, 4),
    last: Uint32Array.of(0),
  })
  const { first, last } = lastPart(train, Uint8Array.of(1, 1, 1, 1, 0, 1, 1), undefined, { share: 0.5, seed: 1 })
  assert.deepEqual(Uint32Array.from([...first, ...last]).toSorted(), train)
})

test('holds out a longer part where frauds came in bursts and the last rows have none, up to half', () => {
  const times = Float64Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
  const train = Uint32Array.from(times)
  const held = (...frauds: number[]) => {
    const labels = Uint8Array.from(times, (time) => (frauds.includes(time) ? 1 : 0))
    return lastPart(train, labels, times, { share: 0.2, seed: 1 }).last
  }
  assert.deepEqual(held(1, 8), Uint32Array.of(8, 9))
  assert.deepEqual(held(1, 6), Uint32Array.of(6, 7, 8, 9))
  assert.throws(() => held(1, 2), {
    code: 'OPTION_INVALID',
    message: /8 training rows with 2 frauds and 2 held-out rows with 0 frauds/,
  })
})

test('counts test rows that equal a training row in every column', () => {
  const value = fc.constantFrom(0, -0, 1, 2, Number.NaN)
  const rows = fc.array(fc.tuple(value, value, fc.boolean()), { maxLength: 40 })
  fc.assert(
    fc.property(rows, (drawn) => {
      const columns = [Float64Array.from(drawn, ([a]) => a), Float64Array.from(drawn, ([, b]) => b)]
      const all = [...drawn.keys()]
      const train = Uint32Array.from(all.filter((row) => drawn[row][2]))
      const later = Uint32Array.from(all.filter((row) => !drawn[row][2]))
      const key = (row: number) => columns.map((column) => String(column[row])).join()
      const known = new Set([...train].map(key))
      assert.equal(countRowsOnBothSides(columns, train, later), [...later].filter((row) => known.has(key(row))).length)
    }),
  )
})

test('of a few frauds a random split has one on both sides, however small the share', () => {
  for (const frauds of [2, 3, 5]) {
    const labels = new Uint8Array(100).fill(1, 0, frauds)
    for (const testShare of [0.05, 0.2, 0.95]) {
      const { train, test: later } = splitRandom(labels, { testShare, seed: 3 })
      for (const part of [train, later]) assert.ok(part.some((row) => labels[row] === 1))
    }
  }
})
