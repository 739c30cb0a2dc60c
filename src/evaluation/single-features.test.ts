import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../core/random.ts'
import { suspiciousFeatures } from './single-features.ts'

test('names the features that give the label away, in either direction or by being missing, and no honest one', () => {
  const random = createRandom(1)
  const labels = Uint8Array.from({ length: 5000 }, (_, row) => (row % 50 === 0 ? 1 : 0))
  const honest = Float64Array.from(labels, (label) => label * 2 + random.normal())
  const scenario = Float64Array.from(labels, (label) => label * (1 + random.integer(3)))
  const opposite = Float64Array.from(labels, (label) => (label === 1 ? 0.5 : 1 + random.uniform()))
  const whenMissing = Float64Array.from(labels, (label) => (label === 1 ? Number.NaN : random.uniform()))
  const columns = [honest, scenario, opposite, whenMissing]
  const found = suspiciousFeatures(['honest', 'scenario', 'opposite', 'whenMissing'], columns, labels, undefined)
  assert.deepEqual(found.map(({ feature }) => feature).sort(), ['opposite', 'scenario', 'whenMissing'])
  for (const { rocAuc, averagePrecision } of found) assert.ok(rocAuc > 0.999 && averagePrecision > 0.999)
})
