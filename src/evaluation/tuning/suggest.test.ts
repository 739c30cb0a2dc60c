import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createRandom } from '../../core/random.ts'
import type { ModelChoice } from '../../learners/model-choice.ts'
import { valueAt } from './dimension.ts'
import type { LearnerSpace } from './space.ts'
import { optionOf, suggest, type Tried } from './suggest.ts'

const range = (name: string, from: number, to: number, scale: 'linear' | 'log' = 'linear', whole = false) => {
  return { kind: 'range', name, from, to, scale, whole } as const
}

const boosting: LearnerSpace = {
  learner: 'gradient-boosting',
  base: { nEstimators: 50 },
  dimensions: [
    range('learningRate', 0.001, 1, 'log'),
    range('maxLeaves', 2, 128, 'log', true),
    range('subsample', 0.1, 1),
    range('regLambda', 0.01, 100, 'log'),
    { kind: 'choice', name: 'classWeight', values: ['none', 'balanced'] },
  ],
}

const forest: LearnerSpace = {
  learner: 'random-forest',
  base: {},
  dimensions: [range('minSamplesLeaf', 1, 64, 'log', true), range('maxSamples', 0.1, 1)],
}

const numberOf = (model: ModelChoice, name: string) => Number(optionOf(model, name))
const away = (model: ModelChoice, name: string, best: number, width: number) =>
  (Math.log(numberOf(model, name) / best) / width) ** 2

/** A bowl whose least value, 0, lies inside of the space. */
function bowl(model: ModelChoice): number {
  const weight = model.classWeight === 'balanced' ? 0.3 : 0
  const shares = 2 * (numberOf(model, 'subsample') - 0.7) ** 2
  return (
    away(model, 'learningRate', 0.05, 2) +
    away(model, 'maxLeaves', 20, 1.5) +
    away(model, 'regLambda', 3, 3) +
    shares +
    weight
  )
}

/** The same, bent and with false lows. */
function ridges(model: ModelChoice): number {
  const bent = Math.log(numberOf(model, 'learningRate') / 0.05) + Math.log(numberOf(model, 'maxLeaves') / 20)
  return bowl(model) + bent ** 2 / 4 + 0.2 * (1 - Math.cos(6 * Math.log(numberOf(model, 'regLambda'))))
}

function run(
  spaces: readonly LearnerSpace[],
  lossOf: (model: ModelChoice) => number,
  trials: number,
  seed: number,
): Tried[] {
  const tried: Tried[] = [{ model: { learner: 'decision-tree' }, loss: 9 }]
  while (tried.length < trials) {
    const model = suggest(spaces, tried, seed)
    if (model === undefined) break
    tried.push({ model, loss: lossOf(model) })
  }
  return tried
}

function random(lossOf: (model: ModelChoice) => number, trials: number, seed: number): number {
  const numbers = createRandom(seed, 77)
  const losses = Array.from({ length: trials }, () => {
    const values = boosting.dimensions.map((dimension) => [
      dimension.name,
      dimension.kind === 'range'
        ? valueAt(dimension, numbers.uniform())
        : dimension.values[numbers.integer(dimension.values.length)],
    ])
    return lossOf(Object.fromEntries(values))
  })
  return Math.min(...losses)
}

const least = (tried: readonly Tried[]) => Math.min(...tried.map(({ loss }) => loss))

describe('suggestions', () => {
  for (const [name, lossOf] of [
    ['a bowl', bowl],
    ['bent ridges', ridges],
  ] as const) {
    test(`find far better choices than random ones on ${name}`, () => {
      const seeds = Array.from({ length: 12 }, (_, seed) => seed)
      const ours = seeds.map((seed) => least(run([boosting], lossOf, 60, seed)))
      const theirs = seeds.map((seed) => random(lossOf, 60, seed))
      const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0)
      assert.ok(sum(ours) < 0.6 * sum(theirs), `${sum(ours)} against ${sum(theirs)}`)
      assert.ok(ours.filter((loss, i) => loss < theirs[i]).length >= 9, `${ours}\n${theirs}`)
    })
  }

  test('are the same for the same seed and trials, and others for another seed', () => {
    const once = run([boosting, forest], bowlOrNot, 40, 3)
    assert.deepEqual(run([boosting, forest], bowlOrNot, 40, 3), once)
    assert.deepEqual(suggest([boosting, forest], once.slice(0, 25), 3), once[25].model)
    assert.notDeepEqual(run([boosting, forest], bowlOrNot, 12, 4)[5], once[5])
  })

  test('stay within the space, keep what it does not name, and never come twice', () => {
    const tried = run([boosting, forest], bowlOrNot, 80, 1).slice(1)
    for (const { model } of tried) {
      const { dimensions } = model.learner === 'random-forest' ? forest : boosting
      for (const dimension of dimensions) {
        const value = optionOf(model, dimension.name)
        if (dimension.kind === 'choice') assert.ok(dimension.values.includes(value))
        else assert.ok(Number(value) >= dimension.from && Number(value) <= dimension.to, `${dimension.name} ${value}`)
      }
      assert.equal(model.nEstimators, model.learner === 'random-forest' ? undefined : 50)
    }
    assert.equal(new Set(tried.map(({ model }) => JSON.stringify(model))).size, tried.length)
  })

  test('prefer the better learner without forgetting the other', () => {
    const tried = run([boosting, forest], (model) => (model.learner === 'random-forest' ? 0 : 1), 100, 2)
    const forests = tried.filter(({ model }) => model.learner === 'random-forest').length
    assert.ok(forests > 55 && forests < 80, `${forests}`)
  })

  test('keep away from where trials fail', () => {
    const fails = (model: ModelChoice) =>
      numberOf(model, 'learningRate') > 0.1 ? Number.POSITIVE_INFINITY : numberOf(model, 'subsample')
    const failed = run([boosting], fails, 60, 5)
      .slice(30)
      .filter(({ loss }) => loss === Number.POSITIVE_INFINITY)
    assert.ok(failed.length < 10, `${failed.length} of 30`)
  })

  test('end where everything was tried', () => {
    const small: LearnerSpace = {
      ...forest,
      dimensions: [{ kind: 'choice', name: 'maxFeatures', values: ['sqrt', 'all'] }],
    }
    assert.equal(run([small], () => 1, 50, 1).length, 3)
  })
})

function bowlOrNot(model: ModelChoice): number {
  return model.learner === 'random-forest' ? numberOf(model, 'maxSamples') : bowl(model)
}
