import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { examples } from '../../test/examples.ts'
import { type Defined, definedFeatures, spansOf } from '../../test/feature-definitions.ts'
import { featuresOf, runStream, type Scene, steps } from '../../test/feature-stream.ts'
import { computeRow } from './feature-set.ts'
import type { Histories, HistoriesPlan } from './history.ts'

export const entriesOf = (features: readonly Defined[]) => features.map(({ entry }) => entry)

/** Asks for equality in every bit, but of what another formula rounds differently. */
function check(actual: number, expected: number, { isRounded = false }: Defined, name: string): void {
  if (isRounded && Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected))) return
  assert.ok(Object.is(actual, expected), `${name} is ${actual}, by definition ${expected}`)
}

export function checkRow(row: Float64Array, features: readonly Defined[], scene: Scene): void {
  let at = 0
  for (const feature of features) {
    for (const name of feature.names) check(row[at++], feature.value(scene, name), feature, name)
  }
}

/**
 * What every keeper of histories has to hold: each feature is what its definition says, by a list of all transactions.
 *
 * @param create makes histories of nothing yet.
 */
export function keepsHistories(where: string, create: (plan: HistoriesPlan) => Histories): void {
  describe(`a feature by histories ${where} is what its definition says, whatever else is declared`, () => {
    for (const feature of definedFeatures) {
      test(feature.names.join(', '), () => {
        const set = featuresOf(entriesOf([feature]))
        assert.deepEqual(set.names, feature.names)
        const spans = spansOf([feature])
        const property = fc.property(steps, (stream) =>
          runStream(set, create(set.plan), stream, spans, (row, scene) => checkRow(row, [feature], scene)),
        )
        fc.assert(property, { numRuns: examples(15) })
      })
    }

    test('for some of them together, which share histories, windows and fields', () => {
      const some = fc.shuffledSubarray([...definedFeatures], { minLength: 2, maxLength: 12 })
      const property = fc.property(some, steps, (features, stream) => {
        const set = featuresOf(entriesOf(features))
        const spans = spansOf(features)
        assert.deepEqual(
          Object.fromEntries(set.plan.histories.map(({ by, spanMs }) => [by ?? '', spanMs])),
          spans,
          'what histories keep',
        )
        runStream(set, create(set.plan), stream, spans, (row, scene) => checkRow(row, features, scene))
      })
      fc.assert(property, { numRuns: examples(60) })
    })

    test('for all of them together', () => {
      const set = featuresOf(entriesOf(definedFeatures))
      const spans = spansOf(definedFeatures)
      const property = fc.property(steps, (stream) =>
        runStream(set, create(set.plan), stream, spans, (row, scene) => checkRow(row, definedFeatures, scene)),
      )
      fc.assert(property, { numRuns: examples(8) })
    })
  })

  describe(`histories ${where}`, () => {
    test('are lent until the next transaction is observed, and give the same again when asked again', () => {
      const set = featuresOf(entriesOf(definedFeatures))
      const property = fc.property(steps, (stream) => {
        const again = new Float64Array(set.names.length)
        const histories = create(set.plan)
        const asked: Histories = {
          get newestMs() {
            return histories.newestMs
          },
          observe(transaction) {
            const lent = histories.observe(transaction)
            computeRow(set, transaction, lent, again)
            return lent
          },
          label: (event, label) => histories.label(event, label),
          withdraw: (event, label) => histories.withdraw(event, label),
          degraded: () => histories.degraded(),
          stats: () => histories.stats(),
        }
        runStream(set, asked, stream, {}, (row) => assert.deepEqual([...row], [...again]))
      })
      fc.assert(property, { numRuns: examples(8) })
    })
  })
}
