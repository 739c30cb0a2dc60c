import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { noBadRows } from '../src/data/bad-rows.ts'
import { parseDetectorFile } from '../src/detector/detector.ts'
import { wholeDetector } from '../src/learners/detector-model.ts'
import { presets } from '../src/learners/presets.ts'
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
    assert.deepEqual([plan.learner, plan.oversample, plan.scale, plan.seed], ['random-forest', 0.1, false, 7])
    assert.deepEqual(plan.options, { nEstimators: 100 })
  })

  test('by the default preset where the detector says nothing', () => {
    const { learner, options, oversample, scale } = planTraining(usualTraining, rowsOf(creditcard))
    const { default: usual } = presets
    assert.deepEqual(
      { learner, options, oversample, scale },
      {
        ...{ learner: usual.learner, options: usual.options, oversample: usual.oversample, scale: usual.scale },
      },
    )
  })

  test('by flags over a preset, and a preset over the file', () => {
    const rows = rowsOf(creditcard, 'model: { learner: random-forest, nEstimators: 7, seed: 3 }\n')
    const own = planTraining(usualTraining, rows)
    assert.deepEqual([own.learner, own.options, own.seed], ['random-forest', { nEstimators: 7 }, 3])
    const preset = planTraining({ ...usualTraining, preset: 'default' }, rows)
    assert.deepEqual([preset.learner, preset.options, preset.seed], ['gradient-boosting', presets.default.options, 42])
    const flags = { preset: 'default', learningRate: 0.2, nEstimators: 9 } as const
    const both = planTraining({ ...usualTraining, ...flags }, rows)
    assert.deepEqual(both.options, { ...presets.default.options, learningRate: 0.2, nEstimators: 9 })
    const other = planTraining({ ...usualTraining, learner: 'logistic-regression', seed: 5 }, rows)
    assert.deepEqual([other.learner, other.options, other.seed], ['logistic-regression', {}, 5])
  })
})
