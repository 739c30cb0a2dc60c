import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertClose } from '../../../test/close.ts'
import { createRandom } from '../../core/random.ts'
import { averagePrecision, rocAuc } from '../metrics.ts'
import { dayMs, type ProtocolRows } from './fold.ts'
import type { TrainAndScore } from './measure-fold.ts'
import { formatPrequential, type PrequentialPlan, prequentialFolds, runPrequential } from './prequential.ts'

const firstMs = Date.UTC(2025, 0, 1)
const plan: PrequentialPlan = {
  trainMs: 5 * dayMs,
  delayMs: 2 * dayMs,
  testMs: 4 * dayMs,
  folds: 3,
  k: 5,
  removesKnown: true,
  seeds: [1, 2],
}
/** What the folds of the plan need. */
const neededDays = 5 + 2 + 3 * 4

/** A row every half hour; every 20th is fraud. */
function makeRows(days: number): ProtocolRows & { readonly cards: Int32Array; readonly amounts: Float64Array } {
  const random = createRandom(7)
  const times = Float64Array.from({ length: days * 48 }, (_, row) => firstMs + (row * dayMs) / 48)
  return {
    times,
    labels: Uint8Array.from(times, (_, row) => (row % 20 === 3 ? 1 : 0)),
    cards: Int32Array.from(times, () => random.integer(300)),
    amounts: Float64Array.from(times, () => random.integer(10_000) / 100),
  }
}

/** Frauds tend to score higher; the seed is in the score, so that seeds differ. */
const noisyScores =
  ({ labels }: ProtocolRows): TrainAndScore =>
  async (_, part, seed) => {
    const random = createRandom(seed)
    return Float64Array.from(part, (row) => 0.4 * random.uniform() + 0.3 * labels[row] + 0.1)
  }

const ignore = () => {}

test('folds end with the data and step back by the length of a test, so that tests meet without a gap', () => {
  const rows = makeRows(neededDays + 3)
  const folds = prequentialFolds(rows, { ...plan, removesKnown: false })
  assert.equal(folds.length, 3)
  const end = rows.times.length - 1
  assert.deepEqual(
    folds.map(({ test: part }) => part.length),
    [192, 192, 192],
  )
  assert.deepEqual(
    folds.flatMap(({ test: part }) => [...part].reverse()),
    Array.from({ length: 3 * 192 }, (_, back) => end - back),
  )
  for (const { startMs, testStartMs, train } of folds) {
    assert.equal(testStartMs - startMs, plan.trainMs + plan.delayMs)
    assert.equal(train.length, 5 * 48)
    assert.ok(rows.times[train[train.length - 1]] < testStartMs - plan.delayMs)
  }
})

test('periods that the data do not cover are refused with both lengths', () => {
  assert.equal(prequentialFolds(makeRows(neededDays + 1), plan).length, 3)
  assert.throws(() => prequentialFolds(makeRows(neededDays - 1), plan), {
    code: 'OPTION_INVALID',
    message: /3 tests need 19 days, and the data cover 2025-01-01 to 2025-01-18, 18 days/,
  })
  for (const [name, option] of [
    ['trainMs', 'train'],
    ['testMs', 'test'],
  ] as const) {
    assert.throws(() => prequentialFolds(makeRows(neededDays), { ...plan, [name]: 0 }), {
      code: 'OPTION_INVALID',
      message: `option \`${option}\` must be longer than 0`,
      errors: [{ field: option, reason: 'must be longer than 0' }],
    })
  }
})

test('a figure is the mean over the seeds, a spread that of the folds as a whole population', async () => {
  const rows = makeRows(neededDays + 1)
  const progress: string[] = []
  const result = await runPrequential(rows, 'noise', noisyScores(rows), plan, (done, total) =>
    progress.push(`${done}/${total}`),
  )
  assert.deepEqual(progress, ['1/6', '2/6', '3/6', '4/6', '5/6', '6/6'])

  const folds = prequentialFolds(rows, plan)
  for (const [i, { train, test: part }] of folds.entries()) {
    const labels = Uint8Array.from(part, (row) => rows.labels[row])
    const scores = [await noisyScores(rows)(train, part, 1), await noisyScores(rows)(train, part, 2)]
    const mean = (metric: typeof rocAuc) => (metric(labels, scores[0]) + metric(labels, scores[1])) / 2
    assertClose(result.folds[i].rocAuc, mean(rocAuc), 1e-12)
    assertClose(result.folds[i].averagePrecision, mean(averagePrecision), 1e-12)
    for (const metric of ['rocAuc', 'averagePrecision', 'cardPrecision'] as const) {
      const interval = result.folds[i].intervals[metric]
      const figure = result.folds[i][metric]
      assert.ok(interval !== undefined && interval.lower < figure && figure < interval.upper, `${metric} ${figure}`)
    }
    assert.equal(result.folds[i].testRows, part.length)
    assert.equal(result.folds[i].trainingFrauds, 12)
  }
  for (const metric of ['rocAuc', 'averagePrecision', 'cardPrecision'] as const) {
    const [a, b, c] = result.folds.map((fold) => fold[metric])
    const mean = (a + b + c) / 3
    assertClose(result.mean[metric], mean, 1e-12)
    const variance = ((a - mean) ** 2 + (b - mean) ** 2 + (c - mean) ** 2) / 3
    assertClose(result.standardDeviation[metric], Math.sqrt(variance), 1e-12)
  }
  assert.deepEqual(await runPrequential(rows, 'noise', noisyScores(rows), plan, ignore), result)
})

test('money stopped is what the daily alerts caught of the fraud, all of it with time for every card', async () => {
  const rows = makeRows(neededDays + 1)
  const withPlan = (k: number) =>
    runPrequential(rows, 'noise', noisyScores(rows), { ...plan, removesKnown: false, k, seeds: [1] }, ignore)
  const part = prequentialFolds(rows, { ...plan, removesKnown: false })[0].test
  const fraud = part.reduce((sum, row) => sum + rows.labels[row] * rows.amounts[row], 0)
  const [few, some] = [await withPlan(1), await withPlan(2)].map(({ folds }) => folds[0].money)
  assert(few !== undefined && some !== undefined)
  assertClose(few.fraud, fraud, 1e-12)
  assert.ok(0 < few.caught && few.caught < some.caught && some.caught < fraud)
  assertClose(some.shareCaught, some.caught / fraud, 1e-12)
  for (const { shareCaught, interval } of [few, some]) {
    assert.ok(0 <= interval.lower && interval.lower < shareCaught)
    assert.ok(shareCaught < interval.upper && interval.upper <= 1)
  }

  // Two frauds a day and more: nothing is missed where each row has a card of its own and a desk has time for 48.
  const apart = { ...rows, cards: Int32Array.from(rows.cards, () => -1) }
  const all = await runPrequential(apart, 'noise', noisyScores(apart), { ...plan, k: 48 }, ignore)
  for (const { money } of all.folds) {
    assertClose(money?.shareCaught ?? 0, 1, 1e-12)
    assert.ok(money !== undefined && money.interval.lower > 0.5 && money.interval.lower < 0.95)
    assert.equal(money.interval.upper, 1)
  }
})

test('a refund that is fraud is no money lost', async () => {
  const rows = makeRows(neededDays + 1)
  const isRefund = (row: number) => rows.labels[row] === 1 && row % 3 === 0
  const moneyOf = async (amounts: Float64Array) =>
    (await runPrequential({ ...rows, amounts }, 'noise', noisyScores(rows), plan, ignore)).folds.map(
      ({ money }) => money,
    )
  const negative = await moneyOf(rows.amounts.map((amount, row) => (isRefund(row) ? -amount : amount)))
  assert.deepEqual(negative, await moneyOf(rows.amounts.map((amount, row) => (isRefund(row) ? 0 : amount))))
})

test('weights count in the ranking metrics', async () => {
  const rows = makeRows(neededDays + 1)
  const weights = Float64Array.from(rows.labels, (label, row) => (label === 1 ? 1 : 1 + (row % 7)))
  const weighted = await runPrequential({ ...rows, weights }, 'noise', noisyScores(rows), plan, ignore)
  const [{ train, test: part }] = prequentialFolds(rows, plan)
  const pick = (values: Float64Array) => Float64Array.from(part, (row) => values[row])
  const labels = Uint8Array.from(part, (row) => rows.labels[row])
  const bySeed = [await noisyScores(rows)(train, part, 1), await noisyScores(rows)(train, part, 2)]
  const mean = (metric: typeof rocAuc) =>
    bySeed.reduce((sum, scores) => sum + metric(labels, scores, pick(weights)) / 2, 0)
  assertClose(weighted.folds[0].rocAuc, mean(rocAuc), 1e-12)
  assertClose(weighted.folds[0].averagePrecision, mean(averagePrecision), 1e-12)
})

test('the table has a line for each fold, the mean and the spread, with the money where there is any', async () => {
  const rows = makeRows(neededDays + 1)
  const result = await runPrequential(rows, 'random-forest, nEstimators 10', noisyScores(rows), plan, ignore)
  const lines = formatPrequential(result).split('\n')
  assert.equal(lines[0], 'random-forest, nEstimators 10')
  assert.match(lines[2], /^test from +rows \/ frauds +ROC AUC +average precision +card precision@5 +fraud stopped$/)
  assert.equal(lines.length, 3 + 3 + 2)
  const [{ testStart, testRows, testFrauds, rocAuc: auc }] = result.folds
  assert.ok(lines[3].startsWith(testStart.slice(0, 10)), lines[3])
  assert.ok(lines[3].includes(` ${testRows} / ${testFrauds} `), lines[3])
  assert.ok(lines[3].includes(` ${auc.toFixed(4)} (`), lines[3])
  assert.match(lines[3], / \d+\.\d % of \d+ \(\d+ to \d+\)$/)
  assert.match(lines[6], /^mean +\d\.\d{4} +\d\.\d{4} +\d\.\d{4}$/)
  assert.match(lines[7], /^standard deviation +\d\.\d{4} +\d\.\d{4} +\d\.\d{4}$/)

  const { amounts: _, ...moneyless } = rows
  const without = formatPrequential(await runPrequential(moneyless, 'noise', noisyScores(rows), plan, ignore))
  assert.match(without.split('\n')[3], / -$/)
})

test('a single fold has no spread, and frauds without amounts no share that was stopped', async () => {
  const rows = makeRows(neededDays + 1)
  const amounts = rows.amounts.map(() => 0)
  const result = await runPrequential({ ...rows, amounts }, 'noise', noisyScores(rows), { ...plan, folds: 1 }, ignore)
  const lines = formatPrequential(result).split('\n')
  assert.match(lines[3], / -$/)
  assert.match(lines[5], /^standard deviation +- +- +-$/)
})
