import assert from 'node:assert/strict'
import { test } from 'node:test'
import { golden } from '../../test/golden/preparation.ts'
import { oversample } from './resample.ts'

function labelsOf(legitimate: number, frauds: number): Uint8Array {
  return Uint8Array.from({ length: legitimate + frauds }, (_, row) => (row < legitimate ? 0 : 1))
}

for (const { legitimate, frauds, ratio, result } of golden.oversampling) {
  test(`reaches the counts of imbalanced-learn: ${frauds} of ${legitimate + frauds} are fraud, ratio ${ratio}`, () => {
    const labels = labelsOf(legitimate, frauds)
    if (result === null) {
      assert.throws(() => oversample(labels, { ratio, seed: 1 }), { code: 'OPTION_INVALID' })
      return
    }
    const counts = oversample(labels, { ratio, seed: 1 })
    const sum = (label: number) => counts.reduce((total, count, row) => total + (labels[row] === label ? count : 0), 0)
    assert.equal(sum(0), result.legitimate)
    assert.equal(sum(1), result.frauds)
    assert.equal(counts.filter((count) => count > 0).length, result.distinctRows)
  })
}

test('draws from the rarer class only, each row about as often, and the same by seed', () => {
  const labels = labelsOf(100_000, 100)
  const counts = oversample(labels, { seed: 7 })
  assert.ok(counts.subarray(0, 100_000).every((count) => count === 1))
  // Each count is 1 + a binomial of mean 999; five standard deviations are about 158.
  assert.ok(counts.subarray(100_000).every((count) => Math.abs(count - 1000) < 160))
  assert.deepEqual(oversample(labels, { seed: 7 }), counts)
  assert.notDeepEqual(oversample(labels, { seed: 8 }), counts)
})

test('refuses one class alone and a ratio that is none', () => {
  assert.throws(() => oversample(labelsOf(5, 0), { seed: 1 }), {
    code: 'DATA_INVALID',
    message: /all 5 rows are legit/,
  })
  assert.throws(() => oversample(labelsOf(0, 5), { seed: 1 }), {
    code: 'DATA_INVALID',
    message: /all 5 rows are fraud/,
  })
  for (const ratio of [0, -1, 1.5, Number.NaN]) {
    assert.throws(() => oversample(labelsOf(5, 1), { ratio, seed: 1 }), { code: 'OPTION_INVALID' })
  }
})
