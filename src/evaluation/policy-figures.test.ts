import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRandom } from '../core/random.ts'
import type { Policy } from '../decisioning/policy.ts'
import { outcomes } from '../detector/detector-schema.ts'
import { type OutcomeFigures, policyFigures } from './policy-figures.ts'
import { countInterval } from './share-interval.ts'
import type { Estimate } from './supported-digits.ts'
import { testDays } from './test-days.ts'

const dayMs = 86_400_000
const close = (one: number, other: number) =>
  assert.ok(Math.abs(one - other) <= 1e-9 * Math.max(1, Math.abs(one), Math.abs(other)), `${one} and ${other}`)

const row = fc.record({
  isFraud: fc.boolean(),
  probability: fc.oneof(fc.constantFrom(0, 0.2, 0.5, 0.8, 1), fc.double({ min: 0, max: 1, noNaN: true })),
  cents: fc.oneof(fc.constant(Number.NaN), fc.integer({ min: -500, max: 1_000_000 })),
  weight: fc.constantFrom(1, 6.84),
  ms: fc.integer({ min: 0, max: 20 * dayMs }),
})
const policies: fc.Arbitrary<Policy> = fc.record(
  {
    challenge: fc.constantFrom(0.1, 0.2, 0.3),
    review: fc.constantFrom(0.3, 0.5, 0.8),
    decline: fc.constantFrom(0.8, 1),
    whenUnavailable: fc.constant('review' as const),
    deadlineMs: fc.constant(100),
  },
  { requiredKeys: ['whenUnavailable', 'deadlineMs'] },
)

test('counts and sums what a count by hand does', () => {
  fc.assert(
    fc.property(fc.array(row, { minLength: 2, maxLength: 60 }), policies, (given, policy) => {
      const rows = [...given, { ...given[0], isFraud: true }]
      const times = Float64Array.from(rows, ({ ms }) => ms)
      const days = testDays(times)
      const figures = policyFigures({
        policy,
        labels: Uint8Array.from(rows, ({ isFraud }) => Number(isFraud)),
        probabilities: Float64Array.from(rows, ({ probability }) => probability),
        weights: Float64Array.from(rows, ({ weight }) => weight),
        amounts: Float64Array.from(rows, ({ cents }) => cents / 100),
        digits: 2,
        days,
      })
      const { challenge = Infinity, review = Infinity, decline = Infinity } = policy
      const outcomeOf = (p: number) =>
        p >= decline ? 'decline' : p >= review ? 'review' : p >= challenge ? 'challenge' : 'approve'
      const sum = (which: typeof rows, of: (each: (typeof rows)[number]) => number) =>
        which.reduce((total, each) => total + of(each), 0)
      const money = (which: typeof rows) => sum(which, ({ cents, weight }) => (cents > 0 ? weight * cents : 0)) / 100
      const frauds = rows.filter(({ isFraud }) => isFraud)
      const span = (Math.max(...times) - Math.min(...times)) / dayMs
      assert.equal(days?.count, span >= 1 ? span : undefined)
      const check = (found: OutcomeFigures | undefined, meant: typeof rows) => {
        assert.ok(found)
        const caught = meant.filter(({ isFraud }) => isFraud)
        const weight = sum(meant, (each) => each.weight)
        close(found.rows, weight)
        close(
          found.frauds,
          sum(caught, (each) => each.weight),
        )
        close(found.perThousand.value, (1000 * weight) / sum(rows, (each) => each.weight))
        close(found.recall.value, sum(caught, (each) => each.weight) / sum(frauds, (each) => each.weight))
        assert.equal(found.precision === undefined, meant.length === 0)
        if (found.precision) close(found.precision.value, sum(caught, (each) => each.weight) / weight)
        if (span >= 1) close(found.perDay?.value ?? -1, weight / span)
        else assert.equal(found.perDay, undefined)
        close(found.value?.fraud.value ?? -1, money(caught))
        close(found.value?.legitimate.value ?? -1, money(meant.filter(({ isFraud }) => !isFraud)))
        if (found.value?.fraudShare) close(found.value.fraudShare.value, money(caught) / money(frauds))
        else close(money(frauds), 0)
        checkIntervals(found)
      }
      for (const outcome of outcomes) {
        const isReached = [0, 0.2, 0.3, 0.5, 0.8, 1].some((p) => outcomeOf(p) === outcome)
        if (!isReached) assert.equal(figures.outcomes[outcome], undefined)
        else
          check(
            figures.outcomes[outcome],
            rows.filter(({ probability }) => outcomeOf(probability) === outcome),
          )
      }
      check(
        figures.stopped,
        rows.filter(({ probability }) => outcomeOf(probability) !== 'approve'),
      )
    }),
  )
})

function checkIntervals({ perThousand, perDay, precision, recall, value }: OutcomeFigures): void {
  const all: readonly (Estimate | undefined)[] = [
    perThousand,
    perDay,
    precision,
    recall,
    value?.fraud,
    value?.legitimate,
  ]
  for (const each of all) {
    if (each === undefined) continue
    const slack = 1e-9 * Math.max(1, Math.abs(each.value))
    assert.ok(each.lower <= each.value + slack && each.value <= each.upper + slack, JSON.stringify(each))
    assert.ok(each.upper > each.lower, 'no figure is a point')
  }
}

test('sums cents exactly, however many', () => {
  const labels = new Uint8Array(1000).fill(1)
  labels[0] = 0
  const { stopped } = policyFigures({
    policy: { review: 0, whenUnavailable: 'review', deadlineMs: 100 },
    labels,
    probabilities: new Float64Array(1000),
    amounts: new Float64Array(1000).fill(0.1),
    digits: 2,
  })
  assert.equal(stopped.value?.fraud.value, 99.9)
})

// scipy.stats: the score interval of a Poisson mean is n + z^2/2 -+ z sqrt(n + z^2/4); of 10 it is 5.432 to 18.410.
test('gives the score interval of a count', () => {
  const { lower, upper } = countInterval({ sum: 10, squares: 10 }, 1)
  assert.ok(Math.abs(lower - 5.432) < 1e-3 && Math.abs(upper - 18.41) < 1e-2, `${lower} ${upper}`)
  const none = countInterval({ sum: 0, squares: 0 }, 7)
  assert.deepEqual([none.lower, Math.round(none.upper * 100) / 100], [0, 26.89])
})

test('covers the mean count of a day in nineteen of twenty draws, bursts or not', () => {
  fc.assert(
    fc.property(fc.constantFrom(1, 8), fc.integer(), (burst, seed) => {
      const random = createRandom(seed >>> 0)
      let covered = 0
      const draws = 200
      for (let draw = 0; draw < draws; draw++) {
        const times: number[] = [0, 30 * dayMs]
        const flagged: number[] = [0, 0]
        for (
          let ms = random.uniform() * dayMs;
          ms < 30 * dayMs;
          ms += (-Math.log(1 - random.uniform()) * dayMs * burst) / 4
        ) {
          for (let i = 0; i < burst; i++) times.push(ms)
          for (let i = 0; i < burst; i++) flagged.push(1)
        }
        const days = testDays(Float64Array.from(times))
        const { stopped } = policyFigures({
          policy: { review: 0.5, whenUnavailable: 'review', deadlineMs: 100 },
          labels: Uint8Array.from(times, (_, i) => (i === 0 ? 1 : 0)),
          probabilities: Float64Array.from(flagged),
          days,
        })
        const { lower, upper } = stopped.perDay ?? { lower: 0, upper: 0 }
        if (lower <= 4 && 4 <= upper) covered++
      }
      assert.ok(covered >= 0.87 * draws, `${covered} of ${draws} with bursts of ${burst}`)
    }),
    { numRuns: 6 },
  )
})

test('leaves out the time of rows that were left out', () => {
  const times = Float64Array.from([0, dayMs, 11 * dayMs, 12.5 * dayMs])
  const days = testDays(times, { fromMs: 1.5 * dayMs, toMs: 10.5 * dayMs })
  assert.equal(days?.count, 3.5)
  assert.deepEqual([...(days?.dayOf ?? [])], [0, 1, 2, -1])
  assert.equal(testDays(Float64Array.from([0, dayMs / 2])), undefined)
})
