import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { noBadRows } from '../src/data/bad-rows.ts'
import { parseDetectorFile } from '../src/detector/detector.ts'
import { wholeDetector } from '../src/learners/detector-model.ts'
import { presets } from '../src/learners/presets.ts'
import { layOutChoices } from '../src/training/choices.ts'
import type { LabelledRows } from '../src/training/labelled-rows.ts'
import { planTraining, usualTraining } from '../src/training/plan-training.ts'

function rowsOf(file: string, model = ''): LabelledRows {
  const { detector } = parseDetectorFile(readFileSync(file, 'utf8') + model, file, wholeDetector)
  return {
    ...{
      source: file,
      detector,
      fingerprint: '',
      features: [],
      columns: [],
      labels: new Uint8Array(0),
      isoTimes: false,
    },
    badRows: noBadRows,
  }
}
const creditcard = 'detectors/creditcard.yaml'

describe('a training is planned', () => {
  test("by the detector's own model, by which the demo trains, too", () => {
    const plan = planTraining({ ...usualTraining, seed: 7 }, rowsOf('detectors/cards.yaml'))
    assert.deepEqual([plan.oversample, plan.scale, plan.seed], [0.1, false, 7])
    assert.deepEqual(plan.members, [{ learner: 'random-forest', options: { nEstimators: 100 } }])
  })

  test('by the default preset where the detector says nothing', () => {
    const { members, averageOf, memberWeights, oversample, scale, calibrate } = planTraining(
      usualTraining,
      rowsOf(creditcard),
    )
    assert.deepEqual({ members, averageOf, memberWeights, oversample, scale, calibrate }, presets.default)
  })

  test('by flags over a preset, and a preset over the file', () => {
    const rows = rowsOf(creditcard, 'model: { learner: random-forest, nEstimators: 7, seed: 3 }\n')
    const own = planTraining(usualTraining, rows)
    assert.deepEqual([own.members, own.seed], [[{ learner: 'random-forest', options: { nEstimators: 7 } }], 3])
    const preset = planTraining({ ...usualTraining, preset: 'default' }, rows)
    assert.deepEqual([preset.members, preset.seed], [presets.default.members, 42])
    const flags = { preset: 'default', learningRate: 0.2, nEstimators: 9 } as const
    const [boosting, forest] = presets.default.members
    assert.deepEqual(planTraining({ ...usualTraining, ...flags }, rows).members, [
      { ...boosting, options: { ...boosting.options, learningRate: 0.2, nEstimators: 9 } },
      { ...forest, options: { ...forest.options, nEstimators: 9 } },
    ])
    const other = planTraining({ ...usualTraining, learner: 'logistic-regression', seed: 5 }, rows)
    assert.deepEqual([other.members, other.seed], [[{ learner: 'logistic-regression', options: {} }], 5])
  })
})

test('a search has to be better than the whole average that is used now', () => {
  const rows = rowsOf(creditcard)
  const plan = planTraining(usualTraining, rows)
  const { current, spaces } = layOutChoices(undefined, undefined, {}, plan)
  assert.deepEqual(planTraining(usualTraining, { ...rows, detector: { ...rows.detector, model: current } }), plan)
  assert.deepEqual(
    spaces.map(({ learner }) => learner),
    ['gradient-boosting'],
  )
})

describe('an average is planned', () => {
  const boosting = { learner: 'gradient-boosting', options: { nEstimators: 9, learningRate: 0.2 } }
  const forest = { learner: 'random-forest', options: { nEstimators: 9 } }
  const plan = (model: string, request = {}) =>
    planTraining({ ...usualTraining, ...request }, rowsOf(creditcard, model))

  test('of members with options of their own, and flags go to each that has such', () => {
    const model =
      'model: { members: [{ learner: gradient-boosting, learningRate: 0.2 }, { learner: random-forest }] }\n'
    const { members, averageOf, memberWeights } = plan(model, { nEstimators: 9 })
    assert.deepEqual([members, averageOf, memberWeights], [[boosting, forest], 'log-odds', 'equal'])
    assert.deepEqual(plan(model, { learner: 'decision-tree' }).members, [{ learner: 'decision-tree', options: {} }])
  })

  test('of one learner and others, which share what is said', () => {
    const model = 'model: { learner: gradient-boosting, average: [random-forest], nEstimators: 9, learningRate: 0.2 }\n'
    assert.deepEqual(plan(model).members, [boosting, forest])
    const { averageOf, memberWeights } = plan(model, { averageOf: 'probability', memberWeights: 'chosen' })
    assert.deepEqual([averageOf, memberWeights], ['probability', 'chosen'])
  })

  test('unless it can not be one', () => {
    const refused = (model: string, request: object, message: RegExp) =>
      assert.throws(() => plan(model, request), message)
    refused('', { learner: 'decision-tree', average: ['decision-tree'] }, /has decision-tree twice/)
    refused('', { learner: 'decision-tree', averageOf: 'probability' }, /`averageOf` is for an average of several/)
    refused('', { learner: 'decision-tree', average: ['random-forest'], dropout: 0.1 }, /has an option dropout/)
    refused('', { oobScore: true }, /oobScore is of one forest, not of an average/)
    refused(
      'model: { learner: decision-tree, members: [{ learner: random-forest }, { learner: decision-tree }] }\n',
      {},
      /members name their learners themselves/,
    )
  })

  test('unless one of its models would break a promise of another', () => {
    const promise = 'model: { learner: gradient-boosting, average: [random-forest], monotone: { amount: 1 } }\n'
    assert.throws(() => plan(promise), /monotone is a promise that random-forest does not give/)
    const alone = plan('model: { monotone: { amount: 1 } }\n').members
    assert.deepEqual(
      alone.map(({ learner }) => learner),
      ['gradient-boosting'],
    )
  })
})
