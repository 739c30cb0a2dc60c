import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SharedArena, startKernel } from '../../core/kernel.ts'
import { boostingKernel } from './boosting-kernel.ts'
import type { BoostingLoops } from './gradient-histogram.ts'

const row = fc.record({
  score: fc.oneof(fc.double({ min: -40, max: 40, noNaN: true }), fc.double({ min: -2000, max: 2000, noNaN: true })),
  label: fc.constantFrom(0, 1),
  weight: fc.double({ min: 0, max: 1000, noNaN: true }),
})

test('gradients and hessians are those of the log loss, to the last digits, and are added up', () => {
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 9 }), fc.nat(2), (rows, from) => {
      const arena = new SharedArena()
      const numbers = (length: number) => arena.take(Float64Array, length)
      const [scores, weights, gradients, hessians] = Array.from({ length: 4 }, () => numbers(from + rows.length + 1))
      const labels = arena.take(Uint8Array, from + rows.length + 1).fill(1)
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
        const probability = 1 / (1 + Math.exp(-score))
        const near = (found: number, wanted: number, what: string) => {
          const error = Math.abs(found - wanted)
          assert.ok(error <= 1e-15 * weight, `${what} of ${score}: ${found}, not ${wanted}`)
        }
        near(gradients[from + i], weight * (probability - label), 'gradient')
        near(hessians[from + i], weight * probability * (1 - probability), 'hessian')
        gradientSum += Math.abs(gradients[from + i])
        hessianSum += hessians[from + i]
      })
      assert.ok(Math.abs(sums[0] - gradientSum) <= 1e-12 * gradientSum)
      assert.ok(Math.abs(sums[1] - hessianSum) <= 1e-12 * hessianSum)
      // What stands around the rows stays as it was.
      assert.deepEqual([gradients[from + rows.length], hessians[from + rows.length]], [0, 0])
    }),
  )
})
