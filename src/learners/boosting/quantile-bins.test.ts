import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { SharedArena, startKernel } from '../../core/kernel.ts'
import { boostingKernel } from './boosting-kernel.ts'
import type { BoostingLoops } from './boosting-loops.ts'
import { binningMemory, fillBins, findBinEnds, sampleClasses } from './quantile-bins.ts'

function bin(column: Float64Array, labels: Uint8Array, most: number) {
  const arena = new SharedArena()
  const sample = sampleClasses(arena, labels)
  const memory = binningMemory(arena, sample)
  const bins = arena.take(Uint8Array, column.length)
  const loops = startKernel<BoostingLoops>(boostingKernel, arena.memory)
  const ends = findBinEnds(loops, memory, sample, column, most)
  const hasMissing = fillBins(loops, memory, ends, column, bins)
  return { ends, bins, hasMissing }
}

/** The same ends in plain numbers. */
function plainEnds(column: Float64Array, labels: Uint8Array, most: number): number[] {
  const isKnown = (label: number) => (value: number, row: number) => labels[row] === label && !Number.isNaN(value)
  const classes = [0, 1].map((label) => [...column].filter(isKnown(label)))
  const masses = classes.map(({ length }) => (length === 0 ? 0 : 1 / length))
  const distinct = new Map<number, number>()
  const weighed = classes.flatMap((values, label) => values.map((value) => ({ value: value + 0, mass: masses[label] })))
  // Equal values of the first class come first, as sorting keeps them.
  for (const { value, mass } of weighed.sort((a, b) => (a.value < b.value ? -1 : Number(a.value > b.value)))) {
    distinct.set(value, (distinct.get(value) ?? 0) + mass)
  }
  const all = [...distinct]
  const ends: number[] = []
  let left = masses.filter((mass) => mass > 0).length
  let filled = 0
  for (let i = 0; i + 1 < all.length && ends.length + 1 < most; i++) {
    filled += all[i][1]
    const wanted = left / (most - ends.length)
    if (all.length > most && filled < wanted && all[i + 1][1] < wanted) continue
    const middle = all[i][0] / 2 + all[i + 1][0] / 2
    ends.push(middle >= all[i][0] && middle < all[i + 1][0] ? middle : all[i][0])
    left -= filled
    filled = 0
  }
  return [...ends, Number.POSITIVE_INFINITY]
}

describe('bins', () => {
  test('hold one value each where there are few, and never parts of one', () => {
    const value = fc.oneof(fc.constantFrom(Number.NaN, 0, -0, 1, Infinity, -Infinity), fc.double())
    fc.assert(
      fc.property(fc.array(value, { minLength: 2, maxLength: 60 }), fc.integer({ min: 2, max: 80 }), (values, most) => {
        const column = Float64Array.from(values)
        const labels = Uint8Array.from(values, (_, row) => row % 2)
        const { ends, bins, hasMissing } = bin(column, labels, most)
        assert.equal(hasMissing, values.some(Number.isNaN))
        assert.deepEqual([...ends], plainEnds(column, labels, most))
        assert.ok(ends.length <= most)
        const distinct = [...new Set(values.filter((each) => !Number.isNaN(each)).map((each) => each + 0))]
        if (distinct.length <= most && distinct.length > 0) assert.equal(ends.length, distinct.length)
        values.forEach((each, row) => {
          const expected = Number.isNaN(each) ? ends.length : ends.findIndex((end) => each <= end)
          assert.equal(bins[row], expected)
        })
      }),
    )
  })

  test('tell apart numbers that differ in their last digits alone', () => {
    // In no order: 7919 is prime.
    const column = Float64Array.from({ length: 3000 }, (_, row) => -1 - ((row * 7919) % 3000) * 2 ** -50)
    const labels = Uint8Array.from(column, (_, row) => row % 2)
    assert.deepEqual([...bin(column, labels, 64).ends], plainEnds(column, labels, 64))
  })

  test('are cut where the rare class lies, however few rows are there', () => {
    // 100 frauds above everything else, among 20,000 rows: quantiles of all rows would give them one bin.
    const column = Float64Array.from({ length: 20_000 }, (_, row) => (row < 100 ? 1000 + row : row / 100))
    const labels = Uint8Array.from({ length: 20_000 }, (_, row) => (row < 100 ? 1 : 0))
    const { ends, bins } = bin(column, labels, 64)
    assert.deepEqual([...ends], plainEnds(column, labels, 64))
    // More rows than a block, of which each has its own bin.
    assert.ok(bins.every((each, row) => each === ends.findIndex((end) => column[row] <= end)))
    assert.equal(ends.length, 64)
    const above = ends.filter((end) => end >= 1000).length
    assert.ok(above >= 28 && above <= 36, String(above))
  })
})
