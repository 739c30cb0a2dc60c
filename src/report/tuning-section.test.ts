import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { sampleReport } from '../../test/report-sample.ts'
import type { LearnerSpace } from '../evaluation/tuning/space.ts'
import { suggest } from '../evaluation/tuning/suggest.ts'
import { isMeasured, lossOf, rankTrials, summariseFolds, type Trial } from '../evaluation/tuning/trial.ts'
import type { TuningRecord } from '../models/bundle.ts'
import { renderReport } from './render-report.ts'

const spaces: readonly LearnerSpace[] = [
  {
    learner: 'random-forest',
    base: {},
    dimensions: [
      { kind: 'range', name: 'minSamplesLeaf', from: 1, to: 50, scale: 'log', whole: true },
      { kind: 'choice', name: 'maxFeatures', values: ['sqrt', '<b>'] },
    ],
  },
  { learner: 'logistic-regression', base: {}, dimensions: [] },
]

function trialsOf(count: number): readonly Trial[] {
  const trials: Trial[] = [
    {
      trial: 0,
      model: { learner: 'random-forest', minSamplesLeaf: 1 },
      folds: [0.5, 0.6],
      ...summariseFolds([0.5, 0.6]),
    },
  ]
  while (trials.length < count) {
    const tried = trials.map((trial) => ({ model: trial.model, loss: lossOf(trial, 'average-precision') }))
    const model = suggest(
      spaces.map((space) => ({ ...space, dimensions: space.dimensions.slice(0, 1) })),
      tried,
      1,
    )
    if (model === undefined) break
    const folds = [0.5, 0.6].map((figure) => figure + 0.01 * Math.log(model.minSamplesLeaf ?? 1))
    const trial = trials.length
    trials.push(
      trial === 4 ? { trial, model, failed: 'OPTION_INVALID: no' } : { trial, model, folds, ...summariseFolds(folds) },
    )
  }
  return trials
}

function recordOf(trials: readonly Trial[]): TuningRecord {
  const [winner] = rankTrials(trials, 'average-precision')
  const [first] = trials
  return {
    objective: 'average-precision',
    seed: 1,
    trials: trials.length,
    failed: trials.filter((trial) => !isMeasured(trial)).length,
    folds: { trainMs: 864e5, delayMs: 0, testMs: 36e5, folds: 2 },
    winner,
    ...(isMeasured(first) && { current: first }),
    space: [],
  }
}

const render = (trials: readonly Trial[]) =>
  renderReport({ ...sampleReport(), tuning: recordOf(trials), search: { trials, spaces } })

describe('the search in a report', () => {
  test('shows its course, the folds, each option and the best, for a desktop and for a phone', () => {
    const page = render(trialsOf(24))
    for (const id of ['search-progress', 'search-folds', 'search-random-forest']) {
      const figure = page.split(`id="${id}">`)[1]?.split('</figure>')[0] ?? ''
      assert.equal(figure.match(/<svg viewBox/g)?.length, id === 'search-random-forest' ? 3 : 2, id)
      assert.ok((figure.match(/<path /g)?.length ?? 0) > 5, id)
    }
    assert.ok(page.includes('href="#search"') && !page.includes('id="search-logistic-regression"'))
    assert.match(
      page,
      /24 trials, of which 1 failed, each on 2 folds of the training period: 1d for training, 1h to be measured/,
    )
    assert.match(page, /better than the previous choice on 2 of 2 folds/)
    assert.match(page, /Options found by<\/dt><dd>a search: 24 trials/)
    assert.equal(page.match(/<th scope="row">\d+ <small>/g)?.length, 10)
    assert.ok(!page.includes('NaN') && !page.includes('<b>,'))
    assert.equal(render(trialsOf(24)), page)
  })

  test('stands with one trial, and with a current choice that failed', () => {
    assert.match(render(trialsOf(1)), /No trial was better/)
    const [first, ...others] = trialsOf(9)
    const failed: Trial = { trial: 0, model: first.model, failed: 'OPTION_INVALID: no' }
    assert.match(render([failed, ...others]), /previous choice could not be evaluated/)
  })

  test('is one line for a bundle that was tuned in another run, and nothing for one that was not', () => {
    const tuned = renderReport({ ...sampleReport(), tuning: recordOf(trialsOf(9)) })
    assert.ok(tuned.includes('Options found by') && !tuned.includes('id="search"'))
    const plain = renderReport(sampleReport())
    assert.ok(!plain.includes('Options found by') && !plain.includes('#search'))
  })
})
