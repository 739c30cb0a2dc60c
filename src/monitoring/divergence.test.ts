import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { createRandom } from '../core/random.ts'
import { binCount, binOf } from '../core/value-bins.ts'
import { z95 } from '../core/wilson-interval.ts'
import { divergence } from './divergence.ts'
import { shiftOf } from './shift.ts'

type Interval = readonly [number, number]

interface Golden {
  readonly counts: readonly {
    readonly reference: readonly number[]
    readonly current: readonly number[]
    readonly spread: number
    readonly psi: number
    readonly jensenShannon: number
    readonly psiInterval: Interval
    readonly jensenShannonInterval: Interval
  }[]
  readonly samples: readonly {
    readonly reference: readonly number[]
    readonly current: readonly number[]
    readonly shift: number
  }[]
}

const golden: Golden = JSON.parse(readFileSync('test/golden/drift.json', 'utf8'))

function assertNear(got: number, wanted: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(got - wanted) <= tolerance, `${what}: ${got} and ${wanted}`)
}

describe('distances of counts', () => {
  test('are those of numpy and scipy', () => {
    assert.ok(golden.counts.length > 20)
    for (const [
      i,
      { spread, psi, jensenShannon, psiInterval, jensenShannonInterval, ...counts },
    ] of golden.counts.entries()) {
      const got = divergence(counts, spread, z95)
      assertNear(got.psi.value, psi, 1e-12, `psi of ${i}`)
      assertNear(got.jensenShannon.value, jensenShannon, 1e-12, `js of ${i}`)
      // An interval that chance would make narrower than the figure ends at the figure.
      const bounds = (value: number, [lower, upper]: Interval): Interval => [
        Math.min(value, lower),
        Math.max(value, upper),
      ]
      for (const [figure, interval] of [
        [got.psi, bounds(psi, psiInterval)],
        [got.jensenShannon, bounds(jensenShannon, jensenShannonInterval)],
      ] as const) {
        // What takes the place of the distribution is rough in the lower tail of one degree of freedom.
        const tolerance =
          0.06 * (interval[1] - interval[0]) + (counts.reference.length === 2 ? 0.2 : 0.05) * figure.noise
        assertNear(figure.lower, interval[0], tolerance, `lower of ${i}`)
        assertNear(figure.upper, interval[1], tolerance, `upper of ${i}`)
      }
    }
  })

  test('have intervals that begin at 0 for samples of the same source, but for one in forty', () => {
    const random = createRandom(5)
    let above = 0
    const tries = 4000
    for (let i = 0; i < tries; i++) {
      const draw = (rows: number) => {
        const counts = new Array<number>(8).fill(0)
        for (let row = 0; row < rows; row++) counts[random.integer(8)] += 1
        return counts
      }
      if (divergence({ reference: draw(400), current: draw(150) }, 1, z95).psi.lower > 0) above += 1
    }
    assert.ok(above / tries > 0.012 && above / tries < 0.04, `${above} of ${tries}`)
  })

  test('of samples without anything in common are as far as can be, and of one group nothing', () => {
    const { jensenShannon } = divergence({ reference: [1e6, 0], current: [0, 1e6] }, 1, z95)
    assert.ok(jensenShannon.value > 0.999 && jensenShannon.upper <= 1)
    const { psi } = divergence({ reference: [10], current: [3] }, 1, z95)
    assert.deepEqual([psi.value, psi.lower, psi.upper], [0, 0, 0])
  })
})

describe('the shift of values', () => {
  test('is that of scipy, within the width of bins', () => {
    for (const [i, { reference, current, shift }] of golden.samples.entries()) {
      const counts = (values: readonly number[]) => {
        const all = new Float64Array(binCount)
        for (const value of values) all[binOf(value)] += 1
        return all
      }
      assertNear(shiftOf(counts(reference), counts(current)), shift, 0.03 * shift + 0.02, `shift of ${i}`)
    }
  })

  test('of what was always the same is large once it moves, and 0 before', () => {
    const only = (value: number) => Float64Array.from({ length: binCount }, (_, bin) => (bin === binOf(value) ? 10 : 0))
    assert.equal(shiftOf(only(3), only(3)), 0)
    assert.ok(shiftOf(only(3), only(5)) > 1000)
    assert.equal(shiftOf(only(Number.NaN), only(5)), 0)
  })
})
