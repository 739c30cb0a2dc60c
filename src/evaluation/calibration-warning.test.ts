import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../core/random.ts'
import { warnOfCalibration } from './calibration-warning.ts'
import { evaluate } from './evaluate.ts'

/** Rows whose labels are drawn with the probability that is told, times how much more often fraud comes. */
function evaluateRows(rows: number, told: number, oftener: number) {
  const random = createRandom(3)
  const probabilities = Float64Array.from({ length: rows }, (_, row) => (told * (row % 2)) / 2 + told / 2)
  const labels = Uint8Array.from(probabilities, (each) => Number(random.uniform() < each * oftener))
  const threshold = { value: 0.5, inclusive: true }
  return evaluate({ labels, rawScores: probabilities, probabilities, threshold, seed: 1, replicates: 5 })
}

test('says in figures that fraud was expected a third as often as it came', () => {
  const said = warnOfCalibration(evaluateRows(20_000, 0.02, 3)) ?? ''
  const [, expected, found] =
    /^Probabilities are too low on the test rows: (\d+) frauds were expected and (\d+) found/.exec(said) ?? []
  assert.equal(Number(expected), 300)
  assert.ok(Number(found) > 800 && Number(found) < 1000, said)
  assert.match(said, /0\.3\d times as many expected as found \(95 % from 0\.3\d to 0\.3\d\)/)
  assert.match(warnOfCalibration(evaluateRows(20_000, 0.04, 0.4)) ?? '', /too high/)
})

test('says nothing where it is right, nearly right, or where few frauds leave it open', () => {
  assert.equal(warnOfCalibration(evaluateRows(20_000, 0.02, 1)), undefined)
  assert.equal(warnOfCalibration(evaluateRows(20_000, 0.02, 1.25)), undefined)
  assert.equal(warnOfCalibration(evaluateRows(100, 0.02, 1.5)), undefined)
})
