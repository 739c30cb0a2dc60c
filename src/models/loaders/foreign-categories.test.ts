import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lightgbmCategories } from './lightgbm.ts'
import { xgboostCategories } from './xgboost.ts'

test('a LightGBM model tells which texts its categories were, where it saw a data frame', () => {
  const head = [
    'tree',
    'feature_names=amount kind place',
    'feature_infos=[-2:3] 1:0:2 1:0',
    'Tree=0',
    'end of trees',
    '',
  ]
  const text = (list: string) => [...head, `pandas_categorical:${list}`].join('\n')
  const told = lightgbmCategories(text('[["a", "b", "ü"], ["x", "y"]]'))
  assert.deepEqual(
    [...told],
    [
      ['kind', ['a', 'b', 'ü']],
      ['place', ['x', 'y']],
    ],
  )
  for (const list of ['null', '[]', '[["a"]]', '[[1, 2], [3, 4]]', '{'])
    assert.equal(lightgbmCategories(text(list)).size, 0)
})

test('an XGBoost model tells the same', () => {
  const enc = [
    { offsets: [], values: [] },
    { offsets: [0, 1, 3], values: [97, 195, 188] },
  ]
  const model = (cats: unknown) => ({
    learner: { feature_names: ['amount', 'kind'], gradient_booster: { model: { cats } } },
  })
  assert.deepEqual([...xgboostCategories(model({ enc }))], [['kind', ['a', 'ü']]])
  assert.equal(xgboostCategories(model({ enc: [] })).size, 0)
  assert.equal(xgboostCategories(model(undefined)).size, 0)
})
