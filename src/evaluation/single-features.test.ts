import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../core/random.ts'
import { averagePrecision } from './metrics.ts'
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

const random = createRandom(2)
const draw = (labels: Uint8Array, value: (label: number) => number) => Float64Array.from(labels, value)
const labelled = (rows: number, every: number) => Uint8Array.from({ length: rows }, (_, row) => (row % every ? 0 : 1))
const find = (labels: Uint8Array, column: Float64Array, weights?: Float64Array) =>
  suspiciousFeatures(['one'], [column], labels, weights)

test('does not take many frauds for precision: an honest feature of a balanced table is none', () => {
  const balanced = labelled(2000, 2)
  const honest = draw(balanced, (label) => label * 2.5 + random.normal())
  assert.ok(averagePrecision(balanced, honest) > 0.94)
  assert.deepEqual(find(balanced, honest), [])
  assert.equal(
    find(
      balanced,
      draw(balanced, (label) => label * 9 + random.normal()),
    )[0].isCertain,
    true,
  )
})

test('sees a code whose order says nothing, and not a code that says little', () => {
  const labels = labelled(5000, 50)
  const codes = draw(labels, (label) => (label === 1 ? 3 : [1, 2, 4, 5][random.integer(4)]))
  const [{ isCertain, averagePrecision: found }] = find(labels, codes)
  assert.ok(isCertain && found > 0.99, `${found}`)
  assert.deepEqual(
    find(
      labels,
      draw(labels, () => random.integer(90)),
    ),
    [],
  )
  // One code per row would tell on itself, were its rate its own.
  assert.deepEqual(
    find(
      labelled(80, 4),
      Float64Array.from({ length: 80 }, () => random.integer(1000)),
    ),
    [],
  )
})

test('is certain only of what chance does not explain', () => {
  const copy = (labels: Uint8Array) => find(labels, Float64Array.from(labels))[0].isCertain
  assert.deepEqual([copy(labelled(3400, 100)), copy(labelled(3500, 100))], [false, true])
  // Nineteen of twenty frauds: over the limit, and no more than chance can do.
  const few = labelled(2000, 100)
  const [almost] = find(
    few,
    Float64Array.from(few, (label, row) => (row === 0 ? 0 : label)),
  )
  assert.ok(almost.averagePrecision > 0.9 && !almost.isCertain)
  const many = labelled(200_000, 100)
  const [sure] = find(
    many,
    Float64Array.from(many, (label, row) => (row % 2000 === 0 ? 0 : label)),
  )
  assert.ok(Math.abs(sure.averagePrecision - 0.95) < 0.01 && sure.isCertain)
})

test('counts weights, and tells nothing of one class', () => {
  const labels = labelled(4000, 40)
  const column = Float64Array.from(labels, (label, row) => (row === 1 ? 1 : label))
  const isPrecise = (weight: number) =>
    find(
      labels,
      column,
      draw(labels, (label) => (label === 1 ? 1 : weight)),
    ).some((each) => each.averagePrecision >= 0.9)
  assert.deepEqual([isPrecise(1), isPrecise(100)], [true, false])
  assert.deepEqual(find(new Uint8Array(50), new Float64Array(50)), [])
  assert.deepEqual(find(new Uint8Array(50).fill(1), new Float64Array(50)), [])
})
