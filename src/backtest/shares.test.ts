import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { wilsonInterval } from '../core/wilson-interval.ts'
import { type Truth, truths } from './case.ts'
import { caughtShare, fraudShare } from './shares.ts'
import { addCase, readTally, tallySize, without } from './tally.ts'

/** @param passed as of a case: NaN without a control group, 0 for what was held back. */
function tallyOf(cases: readonly { readonly truth: Truth; readonly passed?: number }[]) {
  const values = new Float64Array(tallySize)
  for (const { truth, passed = Number.NaN } of cases)
    addCase(values, 0, { truth: truths.indexOf(truth), amount: 100, passed })
  return readTally(values, 0)
}

const times = <Each>(count: number, each: Each) => Array.from({ length: count }, () => each)

describe('the share of frauds', () => {
  test('rests on labels where all are known, and the young are of none', () => {
    const tally = tallyOf([
      ...times(3, { truth: 'fraud' } as const),
      ...times(5, { truth: 'legitimate' } as const),
      { truth: 'young' },
    ])
    assert.deepEqual(fraudShare(tally), { value: 3 / 8, ...wilsonInterval(3, 8), basis: 'labels' })
  })

  test('has bounds alone where some are unknown', () => {
    const tally = tallyOf([{ truth: 'fraud' }, ...times(4, { truth: 'unknown' } as const)])
    const { value, lower, upper, basis } = fraudShare(tally)
    assert.deepEqual([value, basis, upper], [null, 'bounds', 1])
    assert.equal(lower, wilsonInterval(1, 5).lower)
  })

  test('is that of those that passed, for those that were held back', () => {
    // Of 100 would-be declines 10 passed, 7 of them frauds; beside them 20 are known, 5 of them frauds.
    const tally = tallyOf([
      ...times(7, { truth: 'fraud', passed: 0.1 } as const),
      ...times(3, { truth: 'legitimate', passed: 0.1 } as const),
      ...times(90, { truth: 'unknown', passed: 0 } as const),
      ...times(5, { truth: 'fraud' } as const),
      ...times(15, { truth: 'legitimate' } as const),
    ])
    const { value, lower, upper, basis } = fraudShare(tally)
    assert.equal(basis, 'control-group')
    assert.ok(Math.abs((value ?? 0) - (0.7 * 100 + 5) / 120) < 1e-12)
    const drawn = wilsonInterval(7, 10)
    assert.ok(lower > (drawn.lower * 100) / 120 && upper < (drawn.upper * 100 + 20) / 120)
  })

  test('weighs by how probable it was to pass', () => {
    const tally = tallyOf([
      { truth: 'fraud', passed: 0.5 },
      { truth: 'legitimate', passed: 0.1 },
      { truth: 'unknown', passed: 0 },
    ])
    assert.ok(Math.abs((fraudShare(tally).value ?? 0) - 2 / 12) < 1e-12)
  })

  test('lies in its interval, and that in 0 to 1, whatever is known', () => {
    const truth = fc.constantFrom('fraud', 'legitimate', 'unknown', 'young') satisfies fc.Arbitrary<Truth>
    const some = fc.array(fc.record({ truth, passed: fc.constantFrom(Number.NaN, 0, 0.05, 0.5) }), { maxLength: 60 })
    fc.assert(
      fc.property(some, some, (inside, outside) => {
        const [part, all] = [tallyOf(inside), tallyOf([...inside, ...outside])]
        for (const { value, lower, upper } of [
          fraudShare(part),
          fraudShare(without(all, part)),
          caughtShare(part, all),
        ]) {
          assert.ok(lower >= 0 && upper <= 1 && lower <= upper)
          if (value !== null) assert.ok(lower <= value + 1e-12 && value <= upper + 1e-12)
        }
      }),
    )
  })
})
