import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { assertAllClose, assertClose } from '../../test/close.ts'
import { goldenIsotonic, goldenPlatt, sklearn } from '../../test/golden/metrics.ts'
import { labelledRows } from '../../test/labelled-rows.ts'
import { createRandom } from '../core/random.ts'
import { type Calibration, calibrate, fitCalibration, isotonicPositives, smoothedTargets } from './calibration.ts'
import { poolViolators } from './isotonic.ts'

/** A forest's scores (votes of 100 trees), or boosted ones (a sigmoid), for rows of which a share is fraud. */
function simulate(rows: number, fraudShare: number, kind: 'votes' | 'boosted', seed = 1) {
  const random = createRandom(seed)
  const labels = new Uint8Array(rows)
  const scores = new Float64Array(rows)
  for (let row = 0; row < rows; row++) {
    labels[row] = random.uniform() < fraudShare ? 1 : 0
    const score = 1 / (1 + Math.exp(3 - 6 * labels[row] - 2 * random.normal()))
    scores[row] = kind === 'votes' ? Math.round(score * 100) / 100 : score
  }
  return { labels, scores }
}

/** Mean prediction over the fraud rate, or of Platt's over the mean of his targets. */
function ratioOn(
  calibration: Calibration,
  labels: Uint8Array,
  scores: Float64Array,
  weights = new Float64Array(labels.length).fill(1),
): number {
  const targets = calibration.method === 'platt' ? smoothedTargets(labels, weights) : { fraud: 1, legitimate: 0 }
  const wanted = (row: number) => (labels[row] === 1 ? targets.fraud : targets.legitimate)
  const frauds = weights.reduce((sum, weight, row) => sum + weight * wanted(row), 0)
  return weights.reduce((sum, weight, row) => sum + weight * calibrate(calibration, scores[row]), 0) / frauds
}

function assertKeepsOrder(calibration: Calibration, ascending: Iterable<number>): void {
  let before = -1
  for (const score of ascending) {
    const probability = calibrate(calibration, score)
    assert.ok(probability > before, `${score} -> ${probability}, not above ${before}`)
    before = probability
  }
  assert.ok(before <= 1)
}

const votes = Float64Array.from({ length: 101 }, (_, vote) => vote / 100)
/** From 3e-7 to 1 - 3e-7, in pairs 1e-5 apart in log-odds: closer than 100,000 boosted rows lie. */
const boosted = function* () {
  yield 0
  for (let logOdds = -15; logOdds < 15; logOdds += 1e-3) {
    yield 1 / (1 + Math.exp(-logOdds))
    yield 1 / (1 + Math.exp(-logOdds - 1e-5))
  }
  yield 1
}

const samplingWeights = (labels: Uint8Array) => Float64Array.from(labels, (label) => (label === 1 ? 1 : 6.84))

describe(`Platt's fit, with his targets, is that of ${sklearn}`, () => {
  for (const [index, { labels, scores, weights, epsilon, slope, intercept, published }] of goldenPlatt.entries()) {
    const frauds = labels.reduce((sum, label) => sum + label, 0)
    test(`on data set ${index}, of ${labels.length} rows with ${frauds} frauds`, () => {
      const calibration = fitCalibration(labels, scores, weights)
      assert.equal(calibration.method, 'platt')
      assertClose(calibration.epsilon, epsilon, 1e-15, 'epsilon')
      assertClose(calibration.slope, slope, 1e-8, 'slope')
      assertClose(calibration.intercept, intercept, 1e-8, 'intercept')
      // Its search stops at a gradient of 1e-6.
      assertClose(calibration.slope, published.slope, 1e-3, 'slope of _SigmoidCalibration')
      assertClose(calibration.intercept, published.intercept, 1e-3, 'intercept of _SigmoidCalibration')
    })
  }
})

describe("Platt's prior", () => {
  test('is the same however weights are scaled', () => {
    const { labels, scores } = simulate(3_000, 0.01, 'votes')
    const weights = samplingWeights(labels)
    const fitted = fitCalibration(labels, scores, weights)
    for (const scale of [1e-6, 0.01, 1e6]) {
      const scaled = fitCalibration(
        labels,
        scores,
        weights.map((weight) => scale * weight),
      )
      assert.ok(fitted.method === 'platt' && scaled.method === 'platt')
      assertClose(scaled.slope, fitted.slope, 1e-9)
      assertClose(scaled.intercept, fitted.intercept, 1e-9)
    }
  })

  test('counts frauds of unequal weight as so many of equal weight', () => {
    const labels = Uint8Array.of(1, 1, 1, 0, 0)
    assert.deepEqual(smoothedTargets(labels), { fraud: 4 / 5, legitimate: 1 / 4 })
    // One fraud that weighs all but nothing beside it tells as much as one.
    const { fraud } = smoothedTargets(labels, Float64Array.of(1000, 0.001, 0.001, 1, 1))
    assertClose(fraud, 2 / 3, 1e-5)
  })

  test('makes nobody sure of what a handful of frauds that all rank first shows', () => {
    for (const frauds of [1, 3, 9]) {
      const labels = new Uint8Array(2_000).fill(1, 0, frauds)
      const scores = Float64Array.from(labels, (label, row) => (label === 1 ? 0.999 : (row % 100) / 1000))
      const surest = calibrate(fitCalibration(labels, scores), 0.999)
      const target = (frauds + 1) / (frauds + 2)
      assert.ok(surest <= target + 1e-6 && surest > target - 0.06, `${surest}, and the target is ${target}`)
    }
  })
})

test(`pooled adjacent violators have the rates of isotonic_regression in ${sklearn}`, () => {
  const { labels, weights, fitted } = goldenIsotonic
  const blocks = poolViolators({
    logOdds: Float64Array.from(labels.keys()),
    weight: Float64Array.from(weights),
    fraud: Float64Array.from(weights, (weight, row) => weight * labels[row]),
  })
  const rates = blocks.flatMap(({ low, high, fraud, weight }) => Array<number>(high - low + 1).fill(fraud / weight))
  assertAllClose(rates, fitted, 1e-12)
})

describe('an isotonic map from 1,000 frauds up, Platt below', () => {
  const labels = new Uint8Array(3000).fill(1, 0, isotonicPositives)
  const scores = Float64Array.from(labels, (label, row) => (label + (row % 50) / 50) / 2)
  test('counts frauds, whatever they weigh', () => {
    const heavy = new Float64Array(3000).fill(7)
    assert.equal(fitCalibration(labels, scores, heavy).method, 'isotonic')
    assert.equal(fitCalibration(labels.subarray(1), scores.subarray(1), heavy.subarray(1)).method, 'platt')
  })
})

describe('the mean prediction is the fraud rate, or what the prior makes of it, and distinct scores stay distinct', () => {
  const isotonic = { rows: 40_000, share: 0.1 }
  const platt = { rows: 20_000, share: 0.005 }
  for (const [method, { rows, share }] of Object.entries({ isotonic, platt })) {
    for (const kind of ['votes', 'boosted'] as const) {
      for (const weighted of [false, true]) {
        test(`${method}, ${kind}${weighted ? ', weights of 6.84' : ''}`, () => {
          const { labels, scores } = simulate(rows, share, kind)
          const weights = weighted ? samplingWeights(labels) : undefined
          const calibration = fitCalibration(labels, scores, weights)
          assert.equal(calibration.method, method)
          assertClose(ratioOn(calibration, labels, scores, weights), 1, 1e-5)
          assertKeepsOrder(calibration, votes)
          assertKeepsOrder(calibration, boosted())
          assertKeepsOrder(calibration, new Float64Array(new Set(scores)).sort())
        })
      }
    }
  }

  const awkward: Record<string, { labels: number[]; scores: number[] }> = {
    'one fraud, on top': { labels: [0, 0, 0, 0, 1], scores: [0, 0, 0.01, 0.02, 0.9] },
    'one fraud, at the bottom': { labels: [1, 0, 0, 0, 0], scores: [0, 0, 0.01, 0.02, 0.9] },
    'one legitimate row': { labels: [1, 1, 1, 1, 0], scores: [0.3, 0.8, 0.9, 1, 0.1] },
    'constant scores': { labels: [0, 1, 0, 0], scores: [0.3, 0.3, 0.3, 0.3] },
    'constant scores of 0': { labels: [0, 1, 0, 0], scores: [0, 0, 0, 0] },
    'constant scores of 1': { labels: [0, 1, 0, 0], scores: [1, 1, 1, 1] },
    'perfectly separated': { labels: [0, 0, 1, 1], scores: [0, 0, 1, 1] },
    'perfectly the wrong way round': { labels: [1, 1, 0, 0], scores: [0, 0.1, 0.9, 1] },
    'separated by a hair': { labels: [0, 1], scores: [0.5, 0.5 + 1e-15] },
    'scores next to 0 and 1': { labels: [0, 0, 1, 1], scores: [1e-300, 1e-9, 1 - 1e-9, 1 - 1e-16] },
  }
  for (const [name, rows] of Object.entries(awkward)) {
    // The isotonic map gets the same rows 2,000 times over.
    for (const copies of [1, 2000]) {
      test(`${name}, ${copies === 1 ? 'once' : '2,000 times'}`, () => {
        const labels = Uint8Array.from(Array.from({ length: copies }, () => rows.labels).flat())
        const scores = Float64Array.from(Array.from({ length: copies }, () => rows.scores).flat())
        for (const weights of [undefined, samplingWeights(labels)]) {
          const calibration = fitCalibration(labels, scores, weights)
          assert.equal(calibration.method, copies === 1 ? 'platt' : 'isotonic')
          assertClose(ratioOn(calibration, labels, scores, weights), 1, 1e-5)
          assertKeepsOrder(calibration, votes)
          assertKeepsOrder(calibration, Float64Array.from(new Set(rows.scores)).sort())
        }
      })
    }
  }

  test('on any rows, by Platt or by isotonic regression', () => {
    fc.assert(
      fc.property(labelledRows(), fc.boolean(), ({ labels, scores, weights }, many) => {
        const copies = many ? 1000 : 1
        const length = labels.length * copies
        const manyLabels = Uint8Array.from({ length }, (_, i) => labels[i % labels.length])
        const manyScores = Float64Array.from({ length }, (_, i) => scores[i % labels.length])
        const manyWeights = weights && Float64Array.from({ length }, (_, i) => weights[i % labels.length])
        const calibration = fitCalibration(manyLabels, manyScores, manyWeights)
        assertClose(ratioOn(calibration, manyLabels, manyScores, manyWeights), 1, 1e-5)
        assertKeepsOrder(calibration, votes)
      }),
      { numRuns: 60 },
    )
  })
})

test('a map never turns the order of two neighbouring doubles round', () => {
  const { labels, scores } = simulate(40_000, 0.1, 'boosted')
  const maps = [fitCalibration(labels, scores), fitCalibration(labels.subarray(0, 2000), scores.subarray(0, 2000))]
  assert.deepEqual(new Set(maps.map(({ method }) => method)), new Set(['isotonic', 'platt']))
  for (const calibration of maps) {
    for (const start of [0, 1e-9, 0.01, 0.25, 0.5, 0.75, 1 - 1e-9]) {
      for (let step = 0, score = start; step < 1000; step++) {
        const next = score + Math.max(score * Number.EPSILON, Number.MIN_VALUE)
        assert.ok(calibrate(calibration, next) >= calibrate(calibration, score), `${score} and ${next}`)
        score = next
      }
    }
  }
})

test('a calibrated probability is near the true one', () => {
  const random = createRandom(7)
  const truth = Float64Array.from({ length: 100_000 }, () => random.uniform() ** 4)
  const labels = Uint8Array.from(truth, (probability) => (random.uniform() < probability ? 1 : 0))
  // What oversampling does to a score: the odds are 50 times too high.
  const scores = truth.map((probability) => (50 * probability) / (50 * probability + 1 - probability))
  for (const rows of [4_000, 100_000]) {
    const calibration = fitCalibration(labels.subarray(0, rows), scores.subarray(0, rows))
    const errors = truth.map((probability, row) => Math.abs(probability - calibrate(calibration, scores[row])))
    assert.ok(errors.reduce((sum, error) => sum + error, 0) / errors.length < 0.01)
  }
})

test('no calibration leaves the score as it is', () => {
  assert.equal(calibrate({ method: 'none' }, 0.123), 0.123)
})

test('a calibration survives JSON bit for bit', () => {
  const { labels, scores } = simulate(20_000, 0.1, 'boosted')
  const calibration = fitCalibration(labels, scores)
  assert.deepEqual(JSON.parse(JSON.stringify(calibration)), calibration)
})

test('a class that is missing is an error that names it', () => {
  const scores = Float64Array.of(0.1, 0.2)
  assert.throws(() => fitCalibration(Uint8Array.of(0, 0), scores), { code: 'DATA_INVALID', message: /one fraud/ })
  assert.throws(() => fitCalibration(Uint8Array.of(1, 1), scores), { code: 'DATA_INVALID', message: /one legitimate/ })
})
