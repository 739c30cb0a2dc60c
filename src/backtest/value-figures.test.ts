import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../core/random.ts'
import { truths } from './case.ts'
import { addCase, readTally, tallySize } from './tally.ts'
import { valueFigures } from './value-figures.ts'

const [fraud, legitimate, unknown] = (['fraud', 'legitimate', 'unknown'] as const).map((truth) => truths.indexOf(truth))

test('of what has no label, all or none may be fraud', () => {
  const values = new Float64Array(tallySize)
  addCase(values, 0, { truth: fraud, amount: 1000, passed: Number.NaN })
  addCase(values, 0, { truth: legitimate, amount: 500, passed: Number.NaN })
  addCase(values, 0, { truth: unknown, amount: 250, passed: Number.NaN })
  addCase(values, 0, { truth: fraud, amount: Number.NaN, passed: 0.5 })
  assert.deepEqual(valueFigures(readTally(values, 0), 100), {
    ...{ caught: 10, lost: 5, unknown: 2.5, caughtAtMost: 12.5, lostAtMost: 7.5, caughtEstimate: null },
  })
})

/** A set of declined transactions of which one in ten passed; what of their money is fraud, and its estimate. */
function drawSet(seed: number) {
  const random = createRandom(seed)
  const values = new Float64Array(tallySize)
  let truth = 0
  for (let i = 0; i < 3000; i++) {
    const isFraud = random.uniform() < 0.4
    const amount = Math.round(100 * Math.exp(random.normal()))
    truth += isFraud ? amount : 0
    const isPassed = random.uniform() < 0.1
    const known = isFraud ? fraud : legitimate
    addCase(values, 0, { truth: isPassed ? known : unknown, amount, passed: isPassed ? 0.1 : 0 })
  }
  return { truth: truth / 100, ...valueFigures(readTally(values, 0), 100) }
}

test('a control group tells what is caught, within its interval in nearly all draws', () => {
  const sets = Array.from({ length: 200 }, (_, seed) => drawSet(seed))
  const covered = sets.filter(({ truth, caughtEstimate: told }) => told && told.lower <= truth && truth <= told.upper)
  assert.ok(covered.length >= 180, `${covered.length} of 200`)
  assert.ok(sets.every(({ truth, caught, caughtAtMost }) => caught <= truth && truth <= caughtAtMost))
  const mean = (of: (each: (typeof sets)[number]) => number) => sets.reduce((sum, each) => sum + of(each), 0) / 200
  const bias = mean(({ caughtEstimate: told }) => told?.value ?? Number.NaN) / mean(({ truth }) => truth)
  assert.ok(Math.abs(bias - 1) < 0.02, `${bias}`)
})
