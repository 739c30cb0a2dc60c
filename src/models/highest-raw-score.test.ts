import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createAverage } from './average.ts'
import { highestRawScore } from './learned-model.ts'
import { type Combination, createTreeEnsemble } from './trees/tree-ensemble.ts'
import { createNodes } from './trees/tree-nodes.ts'

/** Trees of one split at 0 each, all on their own feature, so that the highest leaves can be reached together. */
function stumps(leaves: readonly (readonly [number, number])[], combination: Combination) {
  const nodes = createNodes(leaves.length, 3 * leaves.length)
  leaves.forEach(([low, high], tree) => {
    const root = 3 * tree
    nodes.roots[tree] = root
    nodes.feature[root] = tree
    nodes.left[root] = root + 1
    nodes.value[root + 1] = low
    nodes.value[root + 2] = high
  })
  return createTreeEnsemble(
    leaves.map((_, i) => `f${i}`),
    nodes,
    combination,
  )
}

test('is what the highest leaves make together, which some row reaches and none exceeds', () => {
  const leaf = fc.double({ min: 0, max: 1, noNaN: true })
  const combination = fc.constantFrom<Combination>({ kind: 'mean' }, { kind: 'log-odds', base: -1 })
  const leaves = fc.array(fc.tuple(leaf, leaf), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(leaves, combination, (given, how) => {
      const model = stumps(given, how)
      const best = Float64Array.from(given, ([low, high]) => (low > high ? -1 : 1))
      const reached = model.predictProba(best)
      for (const each of [model, createAverage(model.features, [model, model], Float64Array.of(0.5, 0.5))]) {
        const highest = highestRawScore(each)
        assert.ok(highest >= reached && highest <= 1 && highest - reached < 1e-11, `${highest} ${reached}`)
        assert.ok(highest >= each.predictProba(best.map((value) => -value)))
      }
    }),
  )
})
