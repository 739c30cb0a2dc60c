import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { assertClose } from '../../test/close.ts'
import { labelledRows } from '../../test/labelled-rows.ts'
import { createRandom } from '../core/random.ts'
import { wilsonInterval } from '../core/wilson-interval.ts'
import { averagePrecision, confusion, predictLabels } from './metrics.ts'
import { segmentFigures } from './segment-figures.ts'

const threshold = { value: 0.5, inclusive: true }

test('a segment has the figures of its rows alone', () => {
  fc.assert(
    fc.property(labelledRows(), fc.integer({ min: 1, max: 4 }), ({ labels, scores, weights }, count) => {
      const input = { labels, rawScores: scores, probabilities: scores, weights, threshold }
      const all = [...labels.keys()]
      const segments = Array.from({ length: count }, (_, i) => {
        return { name: String(i), places: Uint32Array.from(all.filter((row) => row % count === i)) }
      })
      segmentFigures(input, segments).forEach((figures, i) => {
        const of = <T extends Uint8Array | Float64Array>(values: T) => values.filter((_, row) => row % count === i)
        const [own, ownScores, ownWeights] = [
          of(labels) as Uint8Array,
          of(scores) as Float64Array,
          weights && of(weights),
        ]
        assert.equal(figures.rows, own.length)
        const frauds = own.filter((label) => label === 1).length
        assert.equal(figures.frauds, frauds)
        const weightOf = (row: number) => ownWeights?.[row] ?? 1
        assertClose(
          figures.expected,
          ownScores.reduce((sum, score, row) => sum + score * weightOf(row), 0),
          1e-9,
        )
        const { tp, fp, fn, tn } = confusion(own, predictLabels(ownScores, threshold), ownWeights as Float64Array)
        assertClose(figures.found.value, tp + fn, 1e-9)
        if (frauds > 0) assertClose(figures.recall?.value ?? Number.NaN, tp / (tp + fn), 1e-9)
        else assert.equal(figures.recall, undefined)
        if (tp + fp > 0) assertClose(figures.precision?.value ?? Number.NaN, tp / (tp + fp), 1e-9)
        else assert.equal(figures.precision, undefined)
        if (own.length > 0) assertClose(figures.alerts?.value ?? Number.NaN, (tp + fp) / (tp + fp + fn + tn), 1e-9)
        if (frauds === 0 || frauds === own.length) assert.equal(figures.averagePrecision, undefined)
        else {
          const wanted = averagePrecision(own, ownScores, ownWeights as Float64Array)
          assertClose(figures.averagePrecision?.value ?? Number.NaN, wanted, 1e-12)
        }
        for (const estimate of [figures.recall, figures.precision, figures.averagePrecision, figures.found]) {
          if (estimate === undefined) continue
          assert.ok(estimate.lower <= estimate.value && estimate.value <= estimate.upper)
        }
        if (weights === undefined && frauds > 0) {
          const { lower, upper } = wilsonInterval(tp, frauds)
          assertClose(figures.recall?.lower ?? Number.NaN, lower, 1e-12)
          assertClose(figures.recall?.upper ?? Number.NaN, upper, 1e-12)
        }
      })
    }),
  )
})

/** Rows whose probabilities are right, but for those of a segment, whose frauds the model hardly sees. */
function simulate(rows: number, blindShare: number, seed: number) {
  const random = createRandom(seed)
  const isBlind = Uint8Array.from({ length: rows }, () => Number(random.uniform() < blindShare))
  const truth = Float64Array.from({ length: rows }, () => (random.uniform() < 0.03 ? random.uniform() : 0.002))
  const labels = truth.map((chance) => Number(random.uniform() < chance))
  const probabilities = truth.map((chance, row) => (isBlind[row] === 1 ? chance / 4 : chance))
  const places = (wanted: number) => Uint32Array.from(isBlind.keys()).filter((row) => isBlind[row] === wanted)
  const input = { labels: Uint8Array.from(labels), rawScores: probabilities, probabilities, threshold }
  return figuresOf(input, places)
}

function figuresOf(input: Parameters<typeof segmentFigures>[0], places: (wanted: number) => Uint32Array) {
  return segmentFigures(input, [
    { name: 'others', places: places(0) },
    { name: 'blind', places: places(1) },
  ])
}

describe('a weak spot', () => {
  test('is told where a model does not see the frauds of a segment, and by what', () => {
    const [others, blind] = simulate(40_000, 0.1, 1)
    assert.deepEqual(blind.weakIn, ['recall', 'calibration'])
    assert.deepEqual(others.weakIn, [])
  })

  test('is hardly ever told where segments are alike', () => {
    const random = createRandom(3)
    let told = 0
    for (let table = 0; table < 20; table++) {
      const truth = Float64Array.from({ length: 4_000 }, () => (random.uniform() < 0.05 ? random.uniform() : 0.002))
      const labels = Uint8Array.from(truth, (chance) => Number(random.uniform() < chance))
      const segments = Array.from({ length: 25 }, (_, i) => {
        return { name: String(i), places: Uint32Array.from({ length: 160 }, (_, k) => k * 25 + i) }
      })
      const input = { labels, rawScores: truth, probabilities: truth, threshold }
      told += segmentFigures(input, segments).filter(({ weakIn }) => weakIn.length > 0).length
    }
    assert.ok(told <= 3, `${told} of 500 segments`)
  })
})

test('the interval of average precision holds that of many rows about as often as it says', () => {
  const random = createRandom(8)
  const draw = (frauds: number) => {
    const labels = new Uint8Array(frauds * 60).fill(1, 0, frauds)
    const rawScores = Float64Array.from(labels, (label) => 1 / (1 + Math.exp(-2.2 * label - random.normal())))
    return { labels, rawScores, probabilities: rawScores, threshold }
  }
  const many = draw(4_000)
  const truth = averagePrecision(many.labels, many.rawScores)
  let held = 0
  for (let table = 0; table < 200; table++) {
    const input = draw(30)
    const [{ averagePrecision: found }] = segmentFigures(input, [
      { name: 'all', places: Uint32Array.from(input.labels.keys()) },
    ])
    if (found !== undefined && found.lower <= truth && truth <= found.upper) held++
  }
  assert.ok(held >= 180, `${held} of 200`)
})
