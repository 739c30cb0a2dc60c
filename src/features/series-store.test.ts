import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { SeriesStore, upperBound, upperBoundNear } from './series-store.ts'

/** What is done to a store of a few series, and to plain arrays beside it. */
type Action =
  | { readonly insert: number; readonly rank: number }
  | { readonly dropFirst: number; readonly share: number }
  | { readonly dropThrough: number; readonly rank: number }
  | { readonly clear: number }
  | { readonly grow: number; readonly by: number }

const longest = 40
const series = fc.nat(5)
const rank = fc.integer({ min: -20, max: 60 })
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ insert: series, rank }) },
  { weight: 4, arbitrary: fc.record({ grow: series, by: fc.integer({ min: 1, max: longest }) }) },
  { weight: 2, arbitrary: fc.record({ dropFirst: series, share: fc.double({ min: 0, max: 1, noNaN: true }) }) },
  { weight: 2, arbitrary: fc.record({ dropThrough: series, rank }) },
  { weight: 1, arbitrary: fc.record({ clear: series }) },
)

/** Entries of (rank, serial number, twice that), with a number behind the last that has to move along. */
class Checked {
  readonly store: SeriesStore
  readonly arrays: number[][][] = Array.from({ length: 6 }, () => [])
  readonly tails: number[] = Array.from({ length: 6 }, () => Number.NaN)
  readonly hasTail: boolean
  serial = 0

  constructor(hasTail: boolean) {
    this.hasTail = hasTail
    this.store = new SeriesStore(3, longest, { tail: hasTail ? 1 : 0, notes: 2 })
  }

  do(action: Action): void {
    if ('insert' in action) this.insert(action.insert, action.rank)
    else if ('grow' in action) for (let i = 0; i < action.by; i++) this.insert(action.grow, 50 + i)
    else if ('dropFirst' in action) {
      const array = this.arrays[action.dropFirst]
      const dropped = Math.floor(array.length * action.share)
      this.store.dropFirst(action.dropFirst, dropped)
      array.splice(0, dropped)
    } else if ('dropThrough' in action) {
      const array = this.arrays[action.dropThrough]
      this.store.dropThrough(action.dropThrough, action.rank)
      this.arrays[action.dropThrough] = array.filter(([given]) => given > action.rank)
    } else {
      this.store.clear(action.clear)
      this.arrays[action.clear] = []
    }
  }

  insert(number: number, given: number): void {
    const array = this.arrays[number]
    if (array.length === longest) {
      this.store.dropFirst(number, 1)
      array.shift()
    }
    const at = this.store.insert(number, given)
    const place = array.findLastIndex(([other]) => other <= given) + 1
    assert.equal(at, this.store.first(number) + place * 3)
    const entry = [given, ++this.serial, 2 * this.serial]
    this.store.data(number).set(entry, at)
    array.splice(place, 0, entry)
    if (!this.hasTail || array.length > 1) return
    this.tails[number] = this.serial
    this.store.data(number)[at + 3] = this.serial
  }

  compare(): void {
    const { store, arrays } = this
    assert.equal(store.entries, arrays.flat().length)
    arrays.forEach((array, number) => {
      const [first, end] = [store.first(number), store.end(number)]
      assert.equal(store.count(number), array.length)
      assert.deepEqual([...store.data(number).subarray(first, end)], array.flat())
      if (this.hasTail && array.length > 0) assert.equal(store.data(number)[end], this.tails[number])
    })
  }
}

describe('series of entries', () => {
  for (const hasTail of [false, true]) {
    test(`are sorted arrays, ${hasTail ? 'with' : 'without'} an entry behind the last`, () => {
      const property = fc.property(fc.array(action, { maxLength: 120, size: 'max' }), (actions) => {
        const checked = new Checked(hasTail)
        for (const each of actions) {
          checked.do(each)
          checked.compare()
        }
      })
      fc.assert(property, { numRuns: 200 })
    })
  }

  test('keep an entry in its place among many of one rank, the latest last', () => {
    const store = new SeriesStore(2, 1000)
    for (let i = 0; i < 1000; i++) {
      const at = store.insert(0, i % 3)
      store.data(0)[at + 1] = i
    }
    const entries = Array.from({ length: 1000 }, (_, i) => [i % 3, i]).sort((a, b) => a[0] - b[0])
    assert.deepEqual([...store.data(0).subarray(store.first(0), store.end(0))], entries.flat())
  })

  test('give their memory back once they are cleared', () => {
    const store = new SeriesStore(2, 100)
    const atFirst = store.bytes
    store.reserve(10_000)
    for (let round = 0; round < 3; round++) {
      const empty = store.bytes
      for (let number = 0; number < 10_000; number++) {
        for (let i = 0; i <= number % 20; i++) store.insert(number, i)
      }
      assert.ok(store.bytes - empty > 105_000 * 16)
      for (let number = 0; number < 10_000; number++) store.clear((number * 7919) % 10_000)
      assert.equal(store.bytes, empty)
      assert.equal(store.entries, 0)
    }
    assert.ok(store.bytes >= atFirst)
  })

  test('take up to an eighth more room than they have entries, once they are long', () => {
    const store = new SeriesStore(2, 4097)
    for (let number = 0; number < 50; number++) for (let i = 0; i < 4096; i++) store.insert(number, i)
    assert.ok(store.bytes < 50 * 4096 * 16 * 1.3, `${store.bytes / (50 * 4096)} bytes an entry`)
  })

  test('go on for ever at their longest in the memory that they have', () => {
    const store = new SeriesStore(1, 64, { tail: 1 })
    let bytes = 0
    for (let i = 0; i < 10_000; i++) {
      store.insert(0, i)
      if (store.count(0) === 64) store.dropFirst(0, 1)
      if (i === 1000) bytes = store.bytes
    }
    assert.equal(store.bytes, bytes)
    assert.deepEqual(
      [...store.data(0).subarray(store.first(0), store.end(0))],
      Array.from({ length: 63 }, (_, i) => 9937 + i),
    )
  })

  test('keep notes beside them', () => {
    const store = new SeriesStore(1, 10, { notes: 2 })
    store.setNote(63, 1, -7)
    store.reserve(1000)
    assert.deepEqual([store.note(63, 0), store.note(63, 1), store.note(999, 1)], [0, -7, 0])
  })
})

describe('the upper bound of a rank', () => {
  const ranks = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 60, size: 'max' })

  test('is the first position with a greater one, wherever the search begins', () => {
    const property = fc.property(
      ranks,
      fc.nat(3),
      fc.nat(3),
      fc.integer({ min: -1, max: 31 }),
      (drawn, extra, before, wanted) => {
        const width = extra + 1
        const sorted = drawn.sort((a, b) => a - b)
        const from = before * width
        const data = Float64Array.from({ length: from + sorted.length * width }, (_, i) =>
          i < from || (i - from) % width > 0 ? Number.NaN : sorted[(i - from) / width],
        )
        const expected = from + sorted.filter((given) => given <= wanted).length * width
        assert.equal(upperBound(data, width, from, data.length, wanted), expected)
        for (let guess = from - 5 * width; guess <= data.length; guess += width) {
          assert.equal(upperBoundNear(data, width, from, data.length, wanted, guess), expected, `from ${guess}`)
        }
      },
    )
    fc.assert(property, { numRuns: 500 })
  })
})
