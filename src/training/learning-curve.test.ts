import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { quietRun } from '../../test/quiet-run.ts'
import { createRandom } from '../core/random.ts'
import type { Detector } from '../detector/detector.ts'
import { averagePrecision } from '../evaluation/metrics.ts'
import { fitAll, weighOn } from './fit-models.ts'
import type { LabelledRows } from './labelled-rows.ts'
import { lastShare, learningCurves, someFrauds } from './learning-curve.ts'
import { planTraining, usualTraining } from './plan-training.ts'
import { runTraining } from './training-run.ts'

test('smaller parts lie within larger ones, keep all legitimate rows, and have their share of frauds', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 200 }), fc.nat(100), (isFraud, seed) => {
      const labels = Uint8Array.from(isFraud, Number)
      const part = Uint32Array.from(labels.keys()).filter((row) => row % 5 !== 0)
      const frauds = (rows: Uint32Array) => rows.filter((row) => labels[row] === 1).length
      const parts = [0.125, 0.25, 0.5, 1].map((share) => someFrauds({ labels }, part, share, seed))
      parts.forEach((smaller, i) => {
        assert.ok(smaller.every((row, at) => at === 0 || row > smaller[at - 1]))
        assert.equal(smaller.length - frauds(smaller), part.length - frauds(part))
        const larger = new Set(parts[Math.min(i + 1, 3)])
        assert.ok(smaller.every((row) => larger.has(row)))
      })
      assert.deepEqual(parts[3], part)
      if (frauds(part) > 0) assert.equal(frauds(parts[2]), Math.max(1, Math.round(0.5 * frauds(part))))
    }),
  )
})

test('a share of history is its end, and rows of one time stay together', () => {
  const times = Float64Array.of(5, 1, 2, 3, 3, 3, 4, 6)
  const part = Uint32Array.from(times.keys())
  assert.deepEqual([...lastShare({ times }, part, 0.25)], [0, 7])
  assert.deepEqual([...lastShare({ times }, part, 0.5)], [0, 3, 4, 5, 6, 7])
  assert.deepEqual([...lastShare({ times }, part, 1)], [...part])
})

const detector: Detector = {
  detector: 'cards',
  transaction: { label: { field: 'fraud' }, time: { field: 'time', format: 'epoch-s' } },
  features: ['V1', 'V2'],
}

/** Frauds of many kinds, so that more of them help. */
function makeRows(count: number): LabelledRows {
  const random = createRandom(2)
  const labels = Uint8Array.from({ length: count }, () => Number(random.uniform() < 0.04))
  const column = () => Float64Array.from(labels, (label) => random.normal() + label * 3 * Math.sign(random.normal()))
  return {
    source: 'made',
    detector,
    fingerprint: '',
    features: ['V1', 'V2'],
    columns: [column(), column()],
    labels,
    times: Float64Array.from(labels, (_, row) => row),
    isoTimes: false,
    badRows: { count: 0, first: [], kinds: new Map() },
  }
}

test('weights of an average are chosen on the same held rows for a part as for the whole', async () => {
  const rows = makeRows(1_200)
  const members = [{ learner: 'logistic-regression' }, { learner: 'decision-tree' }] as const
  const model = { members, memberWeights: 'chosen', averageOf: 'probability' } as const
  const chosen = { ...rows, detector: { ...detector, model } }
  const plan = planTraining({ ...usualTraining, threads: 1 }, chosen)
  const outcome = await runTraining(chosen, plan, quietRun)
  const [{ points }] = await learningCurves(chosen, outcome, plan, quietRun)
  const { fit, test, calibration } = outcome.parts
  const part = someFrauds(rows, fit, 0.5, plan.seed)
  const { trained } = await fitAll(rows, part, plan, quietRun, weighOn(rows, calibration, plan))
  const scores = Float64Array.from(test, (row) =>
    trained.model.predictProba(Float64Array.from(rows.columns, (column) => column[row])),
  )
  const labels = Uint8Array.from(test, (row) => rows.labels[row])
  const halves = points.filter(({ share }) => share === 0.5)
  assert.equal(halves[0].averagePrecision, averagePrecision(labels, scores))
})

test('parts of the training rows are worth less, on the same test rows, and say where more leads', async () => {
  const rows = makeRows(3_000)
  const plan = planTraining({ ...usualTraining, learner: 'random-forest', nEstimators: 20, threads: 1 }, rows)
  const outcome = await runTraining(rows, plan, quietRun)
  const curves = await learningCurves(rows, outcome, plan, quietRun)
  assert.deepEqual(await learningCurves(rows, outcome, plan, quietRun), curves, 'the same again')
  assert.deepEqual(
    curves.map(({ by }) => by),
    ['frauds', 'history'],
  )
  for (const { by, points, forecast, check } of curves) {
    const whole = points[points.length - 1]
    assert.equal(whole.averagePrecision, outcome.evaluation.averagePrecision)
    assert.equal(whole.rows, outcome.parts.fit.length)
    assert.equal(points.length, by === 'frauds' ? 10 : 4)
    const eighths = points.filter(({ share }) => share === 0.125)
    assert.ok(eighths.every(({ averagePrecision }) => averagePrecision < whole.averagePrecision))
    assert.deepEqual(
      forecast?.map(({ times, frauds }) => [times, frauds]),
      [
        [2, 2 * whole.frauds],
        [4, 4 * whole.frauds],
      ],
    )
    assert.equal(check?.measured, whole.averagePrecision)
    const { lower = 1, upper = 0 } = check?.expected ?? {}
    assert.equal(check?.isWithin, lower <= whole.averagePrecision && whole.averagePrecision <= upper)
  }
})

test('of too few frauds there is no curve, and that is told', async () => {
  const given = makeRows(3_000)
  let frauds = 0
  const labels = given.labels.map((label, row) => (label === 1 && (row > 2_000 || ++frauds <= 12) ? 1 : 0))
  const rows = { ...given, labels }
  const plan = planTraining({ ...usualTraining, learner: 'decision-tree', threads: 1 }, rows)
  const warnings: string[] = []
  const told = { ...quietRun, warn: (text: string) => warnings.push(text) }
  assert.deepEqual(await learningCurves(rows, await runTraining(rows, plan, quietRun), plan, told), [])
  assert.match(warnings.join('\n'), /^A learning curve needs 16 frauds to learn from, and there are 12$/)
})
