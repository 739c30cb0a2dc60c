import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRandom } from '../core/random.ts'
import { type EvaluationInput, evaluate } from './evaluate.ts'
import type { Evaluation } from './evaluation.ts'
import { bootstrapIntervals } from './intervals.ts'

const threshold = { value: 0.4, inclusive: true }

function simulate(rows: number, seed: number, fraudShare = 0.1, apart = 3): EvaluationInput {
  const random = createRandom(seed)
  const labels = new Uint8Array(rows)
  const scores = new Float64Array(rows)
  for (let row = 0; row < rows; row++) {
    labels[row] = random.uniform() < fraudShare ? 1 : 0
    scores[row] = 1 / (1 + Math.exp(3 - apart * labels[row] - random.normal()))
  }
  return { labels, rawScores: scores, probabilities: scores, threshold, seed, replicates: 200 }
}

/** Every figure that has an interval, with the largest value that it could have. */
function figuresOf({ classificationReport: { fraud, accuracy }, ...evaluation }: Evaluation) {
  const { rocAuc, averagePrecision: precisions, recallAt1PercentFpr, brier, logLoss, calibrationRatio } = evaluation
  const { precision, recall, f1 } = fraud
  const shares = { rocAuc, averagePrecision: precisions, recallAt1PercentFpr, brier, precision, recall, f1, accuracy }
  return [
    ...Object.entries(shares).map(([name, value]) => ({ name, value, most: 1, interval: evaluation.intervals[name] })),
    ...Object.entries({ logLoss, calibrationRatio }).map(([name, value]) => ({
      name,
      value,
      most: Number.POSITIVE_INFINITY,
      interval: evaluation.intervals[name],
    })),
    ...evaluation.precisionAt.map(({ k, precision: value, interval }) => ({
      name: `precision at ${k}`,
      value,
      most: 1,
      interval,
    })),
  ]
}

/** Of rounding alone: figures and their intervals are summed in other orders. */
const rounding = 1e-12

function assertHonest(evaluation: Evaluation, what: string): void {
  const named = Object.keys(evaluation.intervals)
  const figures = figuresOf(evaluation)
  assert.deepEqual(
    named.filter((name) => !figures.some((figure) => figure.name === name)),
    [],
  )
  for (const { name, value, most, interval } of figures) {
    const told = `${what}, ${name}: ${value} in ${interval?.lower} to ${interval?.upper}`
    assert.ok(interval !== undefined, told)
    assert.ok(interval.lower <= value + rounding && value <= interval.upper + rounding, told)
    assert.ok(0 <= interval.lower && interval.lower < interval.upper && interval.upper <= most, told)
  }
}

test('an interval covers the truth about 19 times in 20, with few frauds, too', () => {
  for (const [rows, fraudShare] of [
    [1000, 0.1],
    [1000, 0.007],
  ] as const) {
    const truth = figuresOf(evaluate({ ...simulate(200_000, 1, fraudShare), replicates: 1 }))
    const trials = 100
    const covered = new Map(truth.map(({ name }) => [name, 0]))
    for (let trial = 0; trial < trials; trial++) {
      for (const [i, { name, interval }] of figuresOf(evaluate(simulate(rows, 100 + trial, fraudShare))).entries()) {
        // A precision of the k highest is that of other ranks in a larger table.
        if (interval === undefined || name.startsWith('precision at')) continue
        if (interval.lower <= truth[i].value && truth[i].value <= interval.upper) {
          covered.set(name, (covered.get(name) ?? 0) + 1)
        }
      }
    }
    for (const [name, count] of covered) {
      if (name.startsWith('precision at')) continue
      // 95 of 100, less three standard errors.
      assert.ok(count >= 88, `${name} of ${rows} rows, a share of ${fraudShare}: ${count}`)
    }
  }
})

const one = (rows: number, row: number) => new Uint8Array(rows).with(row, 1)
const few = (rows: number) => Uint8Array.from({ length: rows }, (_, row) => (row % (rows / 4) === 0 ? 1 : 0))
const tables: readonly (readonly [string, Uint8Array])[] = [
  ['one fraud', one(60, 7)],
  ['few frauds', few(60)],
  ['half frauds', Uint8Array.from({ length: 60 }, (_, row) => row % 2)],
  ['all but one are frauds', one(60, 7).map((label) => 1 - label)],
  ['one of each', Uint8Array.of(0, 1)],
]
const answers: readonly (readonly [string, (label: number, row: number) => number])[] = [
  ['certain and right', (label) => label],
  ['certain and wrong', (label) => 1 - label],
  ['right', (label) => 0.01 + 0.9 * label],
  ['wrong', (label) => 0.91 - 0.9 * label],
  ['the same for all, alerted', () => 0.5],
  ['the same for all, not alerted', () => 0.25],
  ['mixed', (_, row) => ((row * 37) % 60) / 60],
]

test('no figure is certain, however few frauds there are and however they are ranked', () => {
  for (const [frauds, labels] of tables) {
    for (const [kind, answer] of answers) {
      const scores = Float64Array.from(labels, (label, row) => answer(label, row))
      for (const weights of [undefined, Float64Array.from(labels, (label) => (label === 1 ? 1 : 6.84))]) {
        const input = { labels, rawScores: scores, probabilities: scores, weights, threshold, seed: 1, replicates: 40 }
        assertHonest(evaluate(input), `${frauds}, ${kind}${weights === undefined ? '' : ', weighted'}`)
      }
    }
  }
})

test('any table’s figures lie in their intervals', () => {
  const row = fc.record({
    label: fc.integer({ min: 0, max: 1 }),
    score: fc.integer({ min: 0, max: 8 }).map((eighths) => eighths / 8),
    weight: fc.integer({ min: 0, max: 5 }),
  })
  fc.assert(
    fc.property(fc.array(row, { minLength: 2, maxLength: 80 }), fc.boolean(), (rows, isWeighted) => {
      const weightOf = (label: number) =>
        rows.reduce((sum, each) => sum + (each.label === label ? (isWeighted ? each.weight : 1) : 0), 0)
      fc.pre(weightOf(0) > 0 && weightOf(1) > 0)
      const labels = Uint8Array.from(rows, ({ label }) => label)
      const scores = Float64Array.from(rows, ({ score }) => (score * 15 + 1) / 17)
      const weights = isWeighted ? Float64Array.from(rows, ({ weight }) => weight) : undefined
      const input = { labels, rawScores: scores, probabilities: scores, weights, threshold, seed: 1, replicates: 20 }
      assertHonest(evaluate(input), 'drawn')
    }),
  )
})

test('seven frauds of seven, all found first, promise no certainty', () => {
  const labels = Uint8Array.from({ length: 1000 }, (_, row) => (row < 7 ? 1 : 0))
  const scores = Float64Array.from(labels, (label, row) => (label === 1 ? 0.9 : 0.3 * (row / 1000)))
  const { intervals } = evaluate({ labels, rawScores: scores, probabilities: scores, threshold, seed: 1 })
  const lowest = (name: string) => intervals[name].lower.toFixed(3)
  // Wilson: 7 / (7 + 3.84).
  for (const name of ['recall', 'precision', 'rocAuc', 'averagePrecision']) assert.equal(lowest(name), '0.646')
  assert.equal(lowest('f1'), (1.2914 / 1.6457).toFixed(3))
})

test('recall at a rate of false alarms is unknown from below until enough legitimate rows show the threshold', () => {
  const lowerOf = (legitimate: number) => {
    const labels = Uint8Array.from({ length: legitimate + 40 }, (_, row) => (row < 40 ? 1 : 0))
    const scores = Float64Array.from(labels, (label, row) => (label === 1 ? 0.9 : 0.3 * (row / legitimate)))
    return evaluate({ labels, rawScores: scores, probabilities: scores, threshold, seed: 1, replicates: 1 }).intervals
      .recallAt1PercentFpr.lower
  }
  assert.equal(lowerOf(367), 0)
  assert.ok(lowerOf(368) > 0.9)
})

test('an interval narrows as one over the root of the rows', () => {
  const width = (rows: number) => {
    const { lower, upper } = bootstrapIntervals({ ...simulate(rows, 5), replicates: 400 }).averagePrecision
    return upper - lower
  }
  const ratio = width(1000) / width(16_000)
  assert.ok(ratio > 2.8 && ratio < 5.6, `${ratio}`)
})

test('one seed gives one interval', () => {
  const input = { ...simulate(500, 8), replicates: 200 }
  assert.deepEqual(bootstrapIntervals(input), bootstrapIntervals(input))
  assert.notDeepEqual(bootstrapIntervals(input), bootstrapIntervals({ ...input, seed: 9 }))
})

test('without a fraud there is no interval', () => {
  assert.throws(() => bootstrapIntervals({ ...simulate(60, 2, 0), replicates: 1 }), { code: 'DATA_INVALID' })
})
