import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FraudError } from '../../core/errors.ts'
import type { Learner } from '../../learners/model-choice.ts'
import { parseSpace } from './space.ts'

const optionsOf = (learner: Learner) =>
  learner === 'gradient-boosting'
    ? [
        'nEstimators',
        'learningRate',
        'maxLeaves',
        'minSamplesLeaf',
        'regLambda',
        'subsample',
        'colsampleByTree',
        'seed',
      ]
    : ['nEstimators', 'maxDepth', 'minSamplesLeaf', 'maxFeatures', 'maxSamples', 'classWeight', 'oobScore', 'seed']

const read = (text: string) => parseSpace(text, 'space.yaml', optionsOf)

const good = `
learner: [gradient-boosting, random-forest]
seed: 7
space:
  gradient-boosting:
    nEstimators: [100, 200, 400]
    learningRate: { from: 0.01, to: 0.3, scale: log }
    maxLeaves: { from: 7, to: 63, whole: true }
  random-forest:
    maxDepth: [null, 8]
    oversample: [null, 0.1]
    maxFeatures: sqrt
`

describe('a space file', () => {
  test('gives the dimensions of each learner, in its order', () => {
    const { learners, seed, dimensions } = read(good)
    assert.deepEqual([learners, seed], [['gradient-boosting', 'random-forest'], 7])
    assert.deepEqual(dimensions.get('gradient-boosting'), [
      { kind: 'choice', name: 'nEstimators', values: [100, 200, 400] },
      { kind: 'range', name: 'learningRate', from: 0.01, to: 0.3, scale: 'log', whole: false },
      { kind: 'range', name: 'maxLeaves', from: 7, to: 63, scale: 'linear', whole: true },
    ])
    assert.deepEqual(dimensions.get('random-forest')?.at(-1), { kind: 'choice', name: 'maxFeatures', values: ['sqrt'] })
  })

  test('may name learners alone, or leave them to its space', () => {
    assert.deepEqual(read('learner: random-forest').learners, ['random-forest'])
    assert.deepEqual(read('space: { random-forest: { maxDepth: [3] } }').learners, ['random-forest'])
  })

  const options = (text: string) => `space:\n  gradient-boosting:\n    ${text}\n`
  const bad: readonly [string, string, RegExp][] = [
    [
      'an option of another learner',
      options('maxDepht: [3]'),
      /space\.yaml:3: space\.gradient-boosting\.maxDepht: .*no option "maxDepht"/,
    ],
    ['a mistyped option', options('maxLeafs: [3]'), /Did you mean "maxLeaves"/],
    ['the seed, which is no choice', options('seed: [1, 2]'), /no option "seed"/],
    [
      'a value that the detector refuses',
      options('learningRate: [0.1, 7]'),
      /space\.gradient-boosting\.learningRate\.1: it must be at most 1/,
    ],
    ['an end that the detector refuses', options('subsample: { from: 0, to: 1 }'), /0 is refused: /],
    ['fractions where whole numbers are wanted', options('maxLeaves: { from: 7, to: 63 }'), /add whole: true/],
    ['ends that are not whole', options('maxLeaves: { from: 7.5, to: 63, whole: true }'), /whole ends/],
    [
      'ends the wrong way round',
      options('maxLeaves: { from: 9, to: 9, whole: true }'),
      /from \(9\) must be less than to/,
    ],
    ['a log scale from 0', options('regLambda: { from: 0, to: 9, scale: log }'), /log scale needs a start above 0/],
    [
      'a part that a range does not have',
      options('regLambda: { from: 0, to: 9, step: 1 }'),
      /from, to, scale and whole/,
    ],
    ['a range without an end', options('regLambda: { from: 0 }'), /space\.gradient-boosting\.regLambda\.to/],
    ['an empty list', options('regLambda: []'), /at least one value/],
    ['a value listed twice', options('regLambda: [1, 2, 1]'), /regLambda\.2: 1 is listed twice/],
    ['an unknown learner', 'space: { boosting: {} }', /space\.boosting: .*"gradient-boosting"/],
    ['an unknown field', 'learners: random-forest', /space\.yaml:1: learners: .*Did you mean "learner"/],
    ['nothing', '', /space\.yaml:1: space: it must be a set of names and values, and is null/],
    ['no learner', 'seed: 1', /name a learner/],
    [
      'a space that its learners leave out',
      `learner: random-forest\n${options('regLambda: [1]')}`,
      /learner does not list it/,
    ],
    ['broken YAML', 'space: [', /space\.yaml:1: /],
  ]
  for (const [what, text, reason] of bad) {
    test(`is refused with place and reason for ${what}`, () => {
      assert.throws(
        () => read(text),
        (error) => error instanceof FraudError && error.code === 'SPACE_INVALID' && reason.test(error.message),
      )
    })
  }
})
