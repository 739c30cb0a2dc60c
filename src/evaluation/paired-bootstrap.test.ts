import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../core/random.ts'
import { pairedFigures } from './paired-bootstrap.ts'

interface Scored {
  readonly labels: Uint8Array
  readonly weights?: Float64Array
  readonly first: Float64Array
  readonly second: Float64Array
}

/** The average precision of both, with the interval of the difference. */
function pairedPrecision({ labels, weights, first, second }: Scored, { seed = 1, replicates = 200 } = {}) {
  const sides = [first, second].map((scores) => {
    const probabilities = scores.map((score) => 1 / (1 + Math.exp(-score)))
    return { probabilities, flags: Uint8Array.from(probabilities, (each) => Number(each > 0.5)) }
  })
  const rows = { labels, weights, unitOf: Uint32Array.from(labels.keys()), units: labels.length }
  const { averagePrecision } = pairedFigures({ ...rows, sides: [sides[0], sides[1]], seed, replicates })
  const { a, b, difference } = averagePrecision
  assert.ok(a !== null && b !== null && difference !== null)
  return { first: a, second: b, difference: difference.value, lower: difference.lower, upper: difference.upper }
}

/** Rows with two scores, the second with more or less noise than the first. */
function drawRows(seed: number, noise: number, rows = 2000) {
  const random = createRandom(seed)
  const labels = Uint8Array.from({ length: rows }, () => Number(random.uniform() < 0.1))
  const shared = Float64Array.from({ length: rows }, () => random.normal())
  const score = (own: number) =>
    Float64Array.from(labels, (label, row) => 2 * label + shared[row] + own * random.normal())
  return { labels, first: score(0.3), second: score(noise) }
}

test('a model is no better than itself, and one that adds noise is worse for sure', () => {
  const { labels, first, second } = drawRows(1, 2)
  const same = pairedPrecision({ labels, first, second: first }, { seed: 1 })
  assert.deepEqual([same.difference, same.lower, same.upper], [0, 0, 0])
  const worse = pairedPrecision({ labels, first, second }, { seed: 1 })
  assert.ok(worse.upper < 0 && worse.lower < worse.difference && worse.difference < worse.upper)
  const other = pairedPrecision({ labels, first: second, second: first }, { seed: 1 })
  assert.ok(Math.abs(other.difference + worse.difference) < 1e-12 && other.lower > 0)
})

test('the interval holds no difference in most draws of equal models', () => {
  let held = 0
  for (let seed = 1; seed <= 60; seed++) {
    const { lower, upper } = pairedPrecision(drawRows(seed, 0.3, 800), { seed, replicates: 200 })
    if (lower <= 0 && upper >= 0) held++
  }
  assert.ok(held >= 52, `${held} of 60`)
})

test('a weight counts as so many equal rows', () => {
  const { labels, first, second } = drawRows(2, 1, 300)
  const weights = Float64Array.from(labels, (_, row) => 1 + (row % 3))
  const repeat = <Values extends Uint8Array | Float64Array>(values: Values) =>
    Array.from(values).flatMap((value, row) => new Array<number>(weights[row]).fill(value))
  const weighed = pairedPrecision({ labels, weights, first, second }, { seed: 1, replicates: 10 })
  const repeated = pairedPrecision(
    {
      labels: Uint8Array.from(repeat(labels)),
      first: Float64Array.from(repeat(first)),
      second: Float64Array.from(repeat(second)),
    },
    { seed: 1, replicates: 10 },
  )
  assert.ok(Math.abs(weighed.first - repeated.first) < 1e-12)
  assert.ok(Math.abs(weighed.second - repeated.second) < 1e-12)
})
