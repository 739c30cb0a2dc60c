import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FraudError } from '../../core/errors.ts'
import type { Table } from '../table.ts'
import { simulateCreditcard } from './creditcard.ts'

const names = ['Time', ...Array.from({ length: 28 }, (_, i) => `V${i + 1}`), 'Amount', 'Class']

function valuesOf(table: Table, name: string): Float64Array {
  const column = table.columns.find((candidate) => candidate.name === name)
  assert.ok(column !== undefined && column.kind !== 'text', name)
  return column.values
}

function ofClass(table: Table, name: string, label: 0 | 1): Float64Array {
  const labels = valuesOf(table, 'Class')
  return valuesOf(table, name).filter((_, row) => labels[row] === label)
}

function mean(values: Float64Array): number {
  let sum = 0
  for (const value of values) sum += value
  return sum / values.length
}

function covariance(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let row = 0; row < a.length; row++) sum += a[row] * b[row]
  return sum / a.length - mean(a) * mean(b)
}

function quantile(values: Float64Array, at: number): number {
  return values.toSorted()[Math.floor(at * values.length)]
}

function assertBetween(what: string, value: number, least: number, most: number): void {
  assert.ok(value >= least && value <= most, `${what} is ${value}, not in [${least}, ${most}]`)
}

// The fraud rate of the original, a third of its rows; made once, read by all the tests of statistics.
const large = simulateCreditcard({ rows: 100_000, frauds: 173, seed: 7 })
const manyFrauds = simulateCreditcard({ rows: 10_000, frauds: 4_000, seed: 7 })

test('without options the table has the size of the original', () => {
  const table = simulateCreditcard()
  assert.equal(table.rowCount, 284_807)
  assert.equal(ofClass(table, 'Class', 1).length, 492)
})

test('any size has exactly the rows and frauds asked for, sorted by whole seconds, and no missing value', () => {
  const sizes = fc.integer({ min: 1, max: 1_500 }).chain((rows) =>
    fc.record({
      rows: fc.constant(rows),
      frauds: fc.integer({ min: 0, max: rows }),
      seed: fc.maxSafeNat(),
      days: fc.integer({ min: 1, max: 9 }),
    }),
  )
  fc.assert(
    fc.property(sizes, (options) => {
      const table = simulateCreditcard(options)
      assert.equal(table.rowCount, options.rows)
      assert.deepEqual(
        table.columns.map(({ name }) => name),
        names,
      )
      for (const name of names) {
        assert.equal(valuesOf(table, name).length, options.rows)
        assert.ok(
          valuesOf(table, name).every((value) => Number.isFinite(value) && !Object.is(value, -0)),
          name,
        )
      }
      assert.equal(ofClass(table, 'Class', 1).length, options.frauds)
      const times = valuesOf(table, 'Time')
      assert.ok(times.every((time, row) => Number.isInteger(time) && (row === 0 || time >= times[row - 1])))
      assertBetween('first Time', times[0], 0, options.days * 86_400 - 8)
      assertBetween('last Time', times[options.rows - 1], 0, options.days * 86_400 - 8)
    }),
    { numRuns: 50 },
  )
})

test('the same seed gives the same table, and another seed another one', () => {
  const options = { rows: 2_000, frauds: 20, seed: 2 ** 40 + 1 }
  const again = simulateCreditcard(options)
  assert.deepEqual(simulateCreditcard(options), again)
  assert.notDeepEqual(valuesOf(simulateCreditcard({ ...options, seed: 1 }), 'V1'), valuesOf(again, 'V1'))
})

test('amounts have two decimals and the other inputs at most nine', () => {
  assert.ok(valuesOf(large, 'Amount').every((value) => /^\d+(\.\d{1,2})?$/.test(String(value))))
  for (const name of names.slice(1, 29)) {
    assert.ok(
      valuesOf(large, name).every((value) => Number(value.toFixed(9)) === value),
      name,
    )
  }
})

test('V1 to V28 have variances that fall as the principal components of the original do', () => {
  const original = [1.96, 1.65, 1.52, 1.42, 1.38, 1.33, 1.24, 1.19, 1.1, 1.09, 1.02, 1, 0.995, 0.96, 0.92, 0.88, 0.85]
  const rest = [0.84, 0.81, 0.77, 0.73, 0.73, 0.62, 0.61, 0.52, 0.48, 0.4, 0.33]
  for (const [i, deviation] of [...original, ...rest].entries()) {
    const values = valuesOf(large, `V${i + 1}`)
    assertBetween(`deviation of V${i + 1}`, Math.sqrt(covariance(values, values)) / deviation, 0.85, 1.15)
    assertBetween(`mean of V${i + 1}`, mean(values) / deviation, -0.1, 0.1)
  }
})

test('V1 to V28 are all but uncorrelated', () => {
  const columns = names.slice(1, 29).map((name) => {
    const values = valuesOf(large, name)
    const [middle, deviation] = [mean(values), Math.sqrt(covariance(values, values))]
    return { name, scores: values.map((value) => (value - middle) / deviation) }
  })
  for (const [i, a] of columns.entries()) {
    for (const b of columns.slice(i + 1)) {
      let sum = 0
      for (let row = 0; row < large.rowCount; row++) sum += a.scores[row] * b.scores[row]
      assertBetween(`correlation of ${a.name} and ${b.name}`, sum / large.rowCount, -0.3, 0.3)
    }
  }
})

test('tails are heavy where those of the original are', () => {
  for (const name of ['V2', 'V8', 'V20', 'V28']) {
    const values = valuesOf(large, name)
    const middle = mean(values)
    const kurtosis = mean(values.map((value) => (value - middle) ** 4)) / covariance(values, values) ** 2
    assertBetween(`kurtosis of ${name}`, kurtosis, 30, 1_000)
  }
})

test('amounts are skewed, some are zero, and many are the usual ones', () => {
  const legit = ofClass(large, 'Amount', 0)
  assertBetween('mean', mean(legit), 80, 100)
  assertBetween('median', quantile(legit, 0.5), 20, 26)
  assertBetween('largest', Math.max(...legit), 5_000, 26_000)
  assertBetween('share of 0.00', mean(legit.map((amount) => Number(amount === 0))), 0.004, 0.012)
  assertBetween('share of 1.00', mean(legit.map((amount) => Number(amount === 1))), 0.04, 0.06)
  assertBetween('share of whole amounts', mean(legit.map((amount) => Number(Number.isInteger(amount)))), 0.15, 0.3)
  const fraud = ofClass(manyFrauds, 'Amount', 1)
  assertBetween('mean of frauds', mean(fraud), 100, 155)
  assertBetween('median of frauds', quantile(fraud, 0.5), 5, 35)
})

test('traffic rests at night, and frauds rest less', () => {
  const isNight = (time: number) => Number((time % 86_400) / 3600 >= 1 && (time % 86_400) / 3600 < 6)
  assertBetween('night share', mean(ofClass(large, 'Time', 0).map(isNight)), 0.03, 0.08)
  assertBetween('night share of frauds', mean(ofClass(manyFrauds, 'Time', 1).map(isNight)), 0.1, 0.35)
})

test('frauds differ where the real ones do, and one in six or so looks legitimate', () => {
  for (const [name, least, most] of [
    ['V14', -8.5, -5.5],
    ['V17', -9.5, -5.5],
    ['V12', -8, -5],
    ['V10', -7.5, -4.5],
    ['V4', 3.5, 5.5],
    ['V11', 3, 5],
  ] as const) {
    assertBetween(`mean ${name} of frauds`, mean(ofClass(manyFrauds, name, 1)), least, most)
  }
  const ordinary = mean(ofClass(manyFrauds, 'V14', 1).map((value) => Number(value > -1.5)))
  assertBetween('share of frauds with an ordinary V14', ordinary, 0.1, 0.25)
  const odd = mean(ofClass(large, 'V14', 0).map((value) => Number(value < -3)))
  assertBetween('share of legitimate rows with a low V14', odd, 0.002, 0.02)
})

test('the second day differs a little from the first', () => {
  const times = ofClass(large, 'Time', 0)
  const values = ofClass(large, 'V3', 0)
  const ofDay = (day: number) => mean(values.filter((_, row) => Math.floor(times[row] / 86_400) === day))
  assertBetween('fall of V3 from day to day', ofDay(0) - ofDay(1), 0.3, 1.5)
})

test('a few rows of either class are exact repeats of the row before', () => {
  for (const [table, label, least, most] of [
    [large, 0, 250, 500],
    [manyFrauds, 1, 40, 200],
  ] as const) {
    const columns = names.map((name) => valuesOf(table, name))
    const labels = valuesOf(table, 'Class')
    let repeats = 0
    for (let row = 1; row < table.rowCount; row++) {
      if (labels[row] === label && columns.every((values) => values[row] === values[row - 1])) repeats++
    }
    assertBetween(`repeats of class ${label}`, repeats, least, most)
  }
})

test('progress rises and ends with all rows', () => {
  const seen: number[] = []
  simulateCreditcard({ rows: 20_000, frauds: 3, onProgress: (done, total) => seen.push(done / total) })
  assert.ok(seen.length > 1)
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  )
  assert.equal(seen.at(-1), 1)
})

test('impossible counts are refused by name', () => {
  for (const [options, name] of [
    [{ rows: 0 }, 'rows'],
    [{ rows: 10.5 }, 'rows'],
    [{ rows: Number.NaN }, 'rows'],
    [{ rows: 10, frauds: 11 }, 'frauds'],
    [{ frauds: -1 }, 'frauds'],
    [{ seed: -1 }, 'seed'],
    [{ seed: 2 ** 60 }, 'seed'],
    [{ days: 0 }, 'days'],
  ] as const) {
    assert.throws(
      () => simulateCreditcard(options),
      (error) => error instanceof FraudError && error.code === 'OPTION_INVALID' && error.message.startsWith(name),
    )
  }
})
