import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { examples } from '../../../test/examples.ts'
import { SharedArena, startKernel } from '../../core/kernel.ts'
import { boostingKernel } from './boosting-kernel.ts'
import type { BoostingLoops } from './boosting-loops.ts'
import { sumPlaces } from './gradient-histogram.ts'

const row = fc.record({
  score: fc.oneof(fc.double({ min: -40, max: 40, noNaN: true }), fc.double({ min: -2000, max: 2000, noNaN: true })),
  label: fc.constantFrom(0, 1),
  weight: fc.double({ min: 0, max: 1000, noNaN: true }),
})

test('gradients and hessians are those of the log loss in single precision, and are added up', () => {
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 13 }), fc.constantFrom(0, 4), (rows, from) => {
      const arena = new SharedArena()
      const numbers = (length: number) => arena.take(Float64Array, length)
      const [scores, weights, gradients, hessians] = Array.from({ length: 4 }, () => numbers(from + rows.length))
      const labels = arena.take(Uint8Array, from + rows.length)
      const sums = numbers(2)
      rows.forEach(({ score, label, weight }, i) => {
        scores[from + i] = score
        labels[from + i] = label
        weights[from + i] = weight
      })
      const kernel = startKernel<BoostingLoops>(boostingKernel, arena.memory)
      const places = [scores, labels, weights, gradients, hessians] as const
      const [score, label, weight, gradient, hessian] = places.map(({ byteOffset }) => byteOffset)
      kernel.computeGradients(score, label, weight, gradient, hessian, from, from + rows.length, sums.byteOffset)
      let [gradientSum, hessianSum] = [0, 0]
      rows.forEach(({ score, label, weight }, i) => {
        const near = (found: number, wanted: number, what: string) => {
          const error = Math.abs(found - wanted)
          assert.ok(
            error <= 1e-5 * Math.abs(wanted) + 1e-37 * weight + 1e-300,
            `${what} of ${score}: ${found}, not ${wanted}`,
          )
        }
        const [fraud, legitimate] = [1 / (1 + Math.exp(-score)), 1 / (1 + Math.exp(score))]
        near(gradients[from + i], weight * (label === 1 ? -legitimate : fraud), 'gradient')
        near(hessians[from + i], weight * fraud * legitimate, 'hessian')
        gradientSum += Math.abs(gradients[from + i])
        hessianSum += hessians[from + i]
      })
      assert.ok(Math.abs(sums[0] - gradientSum) <= 1e-12 * gradientSum + 1e-300)
      assert.ok(Math.abs(sums[1] - hessianSum) <= 1e-12 * hessianSum + 1e-300)
    }),
  )
})

type Bin = readonly [gradient: number, hessian: number]

/** Some bins are empty, and of some the numbers are so few that gains tie. */
const bins: fc.Arbitrary<readonly Bin[]> = fc.array(
  fc.oneof(
    fc.constant<Bin>([0, 0]),
    fc.tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: 1, max: 3 })),
    fc.tuple(fc.integer({ min: -(2 ** 20), max: 2 ** 20 }), fc.integer({ min: 1, max: 2 ** 20 })),
  ),
  { minLength: 2, maxLength: 30 },
)
/** Every feature parts the same rows: its bins are the same ones, the last as missing values, from another beginning. */
const features = fc.record({ bins, beginnings: fc.array(fc.nat(99), { minLength: 1, maxLength: 5 }) })
const limits = fc.record({
  least: fc.constantFrom(1, 3, 2 ** 18),
  lambda: fc.constantFrom(0, 0.5, 2 ** 19),
  best: fc.constantFrom(0, 0, 1, 2 ** 19),
})

test('the split found is the first of those that gain most', () => {
  fc.assert(
    fc.property(features, limits, ({ bins, beginnings }, { least, lambda, best }) => {
      const arena = new SharedArena()
      const sums = arena.take(Int32Array, beginnings.length * sumPlaces)
      const counts = arena.take(Uint32Array, beginnings.length).fill(bins.length - 1)
      const found = arena.take(Float64Array, 3)
      const turned = beginnings.map((begin) => bins.map((_, i) => bins[(begin + i) % bins.length]))
      turned.forEach((own, place) => {
        sums.set(
          own.flatMap(([gradient, hessian]) => [hessian, gradient]),
          place * sumPlaces,
        )
      })
      const [gradient, hessian] = sumOf(bins)
      const half = (g: number, h: number) => (g * g) / (h + lambda)
      const before = hessian > 0 ? half(gradient, hessian) / 4 : 0
      const split = startKernel<BoostingLoops>(boostingKernel, arena.memory).scanFeatures(
        sums.byteOffset,
        counts.byteOffset,
        beginnings.length,
        gradient,
        hessian,
        least,
        lambda,
        0.25,
        before,
        best,
        found.byteOffset,
      )
      let wanted = { split: -1, found: [best] }
      turned.forEach((own, place) => {
        for (const missingGoesLeft of [false, true]) {
          own.slice(0, -1).forEach((_, bin) => {
            const [left, leftHessian] = sumOf([...own.slice(0, bin + 1), ...(missingGoesLeft ? own.slice(-1) : [])])
            if (leftHessian < least || hessian - leftHessian < least) return
            const gain = 0.25 * (half(left, leftHessian) + half(gradient - left, hessian - leftHessian)) - before
            if (!(gain > wanted.found[0])) return
            wanted = { split: 512 * place + 2 * bin + Number(missingGoesLeft), found: [gain, left, leftHessian] }
          })
        }
      })
      assert.deepEqual({ split, found: split < 0 ? [best] : [...found] }, wanted)
    }),
    { numRuns: examples(400) },
  )
})

function sumOf(bins: readonly Bin[]): Bin {
  return [bins.reduce((sum, [gradient]) => sum + gradient, 0), bins.reduce((sum, [, hessian]) => sum + hessian, 0)]
}
