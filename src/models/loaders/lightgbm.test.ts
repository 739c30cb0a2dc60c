import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readLightgbm } from './lightgbm.ts'

test('a split that tells values from missing ones alone is read', () => {
  const model = readLightgbm(`tree
version=v4
num_class=1
max_feature_idx=0
objective=binary sigmoid:1
feature_names=amount

Tree=0
num_leaves=2
num_cat=0
split_feature=0
threshold=inf
decision_type=8
left_child=-1
right_child=-2
leaf_value=-1 2
leaf_count=90 10
internal_count=100
is_linear=0
shrinkage=1


end of trees
`)
  const answers = [-1e300, 0, 1e300, Number.NaN].map((amount) => model.predictProba(Float64Array.of(amount)))
  assert.deepEqual(
    answers,
    [-1, -1, -1, 2].map((leaf) => 1 / (1 + Math.exp(-leaf))),
  )
})

test('a text of LightGBM before 2.2, which has no end, is told from one that is cut off', () => {
  for (const [head, code] of [
    ['tree\nnum_class=1\n', 'MODEL_UNSUPPORTED'],
    ['tree\nversion=v2\nnum_class=1\n', 'MODEL_UNSUPPORTED'],
    ['tree\nversion=v3\nnum_class=1\n', 'MODEL_INVALID'],
    ['tree\nversion=v4\nnum_class=1\n', 'MODEL_INVALID'],
  ] as const) {
    assert.throws(() => readLightgbm(`${head}\nTree=0\nnum_leaves=1\nleaf_value=1\n`), { code, message: /cut off/ })
  }
})
