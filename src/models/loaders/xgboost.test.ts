import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readXgboost } from './xgboost.ts'

/** One tree of a round asks whether x is below 0.5; each adds its own power of 2, sixteenths. */
const tree = (i: number) => ({
  ...{ left_children: [1, -1, -1], right_children: [2, -1, -1], split_indices: [0, 0, 0] },
  ...{ split_conditions: [0.5, 0, 2 ** i / 16], default_left: [0, 0, 0], sum_hessian: [2, 1, 1] },
})
const trees = Array.from({ length: 6 }, (_, i) => tree(i))
const parameters = { base_score: '[5E-1]', num_class: '0', num_feature: '1', num_target: '1' }

function file(model: object, learner: object = {}) {
  const booster = { name: 'gbtree', model: { trees, ...model } }
  const rest = { learner_model_param: parameters, objective: { name: 'binary:logistic' } }
  return { version: [3, 2, 0], learner: { gradient_booster: booster, ...rest, ...learner } }
}

/** What the trees add, in sixteenths, for a row that goes right in all. */
function marginOf(json: unknown, allTrees = false) {
  const { model, treesInFile } = readXgboost(json, allTrees)
  assert.equal(treesInFile, 6)
  const probability = model.predictProba(Float64Array.of(1))
  return Math.round(16e6 * Math.log(probability / (1 - probability))) / 1e6
}

test('the rounds up to the best one are taken, whatever trees each has, or all trees', () => {
  const best = (round: string) => ({ attributes: { best_iteration: round } })
  const inThrees = { gbtree_model_param: { num_parallel_tree: '3' } }
  assert.equal(marginOf(file({})), 63)
  const alone = { gbtree_model_param: { num_parallel_tree: '1' } }
  assert.equal(marginOf(file(alone, best('1'))), 3)
  assert.equal(marginOf(file(alone, best('1')), true), 63)
  assert.equal(marginOf(file(inThrees, best('0'))), 7)
  assert.equal(marginOf(file({ iteration_indptr: [0, 1, 5, 6] }, best('1'))), 31)
  assert.equal(marginOf(file(alone, best('5'))), 63)
  assert.equal(marginOf(file(alone, best('99'))), 63)
  // In the first versions nothing but the classifier's own note tells how many trees a round has.
  const noted = { attributes: { best_iteration: '1', scikit_learn: '{"missing": NaN, "best_ntree_limit": 4}' } }
  assert.equal(marginOf(file({}, noted)), 15)
  assert.equal(marginOf(file({}, best('1')), true), 63)
  assert.throws(() => readXgboost(file({}, best('1'))), { code: 'MODEL_UNSUPPORTED', message: /option `allTrees`/ })
  for (const round of ['-1', '0.5', 'x']) assert.throws(() => readXgboost(file({}, best(round))), /best_iteration/)
})

test('the trees of dart count by their weights', () => {
  const booster = { name: 'dart', gbtree: { name: 'gbtree', model: { trees } }, weight_drop: [1, 0.5, 0, 0, 0, 0] }
  assert.equal(marginOf(file({}, { gradient_booster: booster })), 2)
  const lacking = { ...booster, weight_drop: [1] }
  assert.throws(() => readXgboost(file({}, { gradient_booster: lacking })), /differ in number/)
})

test('categories that a data frame had are told, and others are not', () => {
  const onCategories = { ...tree(0), split_type: [1, 0, 0], categories: [1], categories_nodes: [0] }
  const model = { trees: [{ ...onCategories, categories_segments: [0], categories_sizes: [1] }] }
  const orders = (cats: object) => readXgboost(file({ ...model, ...cats }, { feature_names: ['kind'] })).orders
  const enc = (each: object) => ({ cats: { enc: [each] } })
  assert.deepEqual([...orders(enc({ offsets: [0, 1, 3], values: [97, 195, 188] })).told], [['kind', ['a', 'ü']]])
  assert.deepEqual([...orders(enc({ type: 15, values: [5411, 7995] })).told], [['kind', ['5411', '7995']]])
  for (const none of [{}, { cats: { enc: [] } }, enc({ offsets: [], values: [] })]) {
    const { told, untold } = orders(none)
    assert.deepEqual([told.size, [...untold]], [0, [['kind', []]]])
  }
  const twice = { cats: { enc: [{ values: [1] }, { values: [2] }] } }
  assert.throws(() => orders(twice), /its features and their categories differ in number/)
})

test('numbers are categories once they are rounded to single precision', () => {
  const onCategories = { ...tree(0), split_type: [1, 0, 0], categories: [0, 39], categories_nodes: [0] }
  const { model } = readXgboost(file({ trees: [{ ...onCategories, categories_segments: [0], categories_sizes: [2] }] }))
  const isListed = (kind: number) => model.predictProba(Float64Array.of(kind)) > 0.5
  assert.deepEqual([0, -1e-310, 0.9, 38.999_999_999, 39.5].map(isListed), [true, true, true, true, true])
  assert.deepEqual([-0.5, 38.9, 0.999_999_999, 40].map(isListed), [false, false, false, false])
})

test('a threshold or leaf that is not a number is damage', () => {
  for (const node of [0, 1]) {
    const conditions = [0.5, 0, 1].map((value, i) => (i === node ? null : value))
    const damaged = { trees: [{ ...tree(0), split_conditions: conditions }] }
    assert.throws(
      () => readXgboost(file(damaged)),
      /^FraudError: This is not a usable XGBoost model: tree \d has a threshold or leaf that is not a number/,
    )
  }
})

test('what is no model, or not made of trees, is told from damage', () => {
  for (const [json, code, reason] of [
    [
      { version: [3, 2, 0], learner: { gradient_booster: { name: 'gblinear', model: { weights: [1] } } } },
      'MODEL_UNSUPPORTED',
      /its booster is gblinear, but only gbtree and dart have trees/,
    ],
    [
      file({}, { gradient_booster: { name: 'gbtree', gbtree_train_param: {} }, learner_train_param: {} }),
      'MODEL_INVALID',
      /a configuration \(save_config\).*save the model with save_model/,
    ],
    [{ name: 'tree', version: 'v4', tree_info: [] }, 'MODEL_INVALID', /LightGBM's dump \(dump_model\).*save_model/],
    [[{ nodeid: 0 }], 'MODEL_INVALID', /a dump \(dump_model\): save the model with save_model/],
    [{}, 'MODEL_INVALID', /This is not a usable XGBoost model: .*learner/s],
    [null, 'MODEL_INVALID', /the whole: it must be a set of names and values, and is null/],
  ] as const) {
    assert.throws(() => readXgboost(json), { code, message: reason })
  }
})
