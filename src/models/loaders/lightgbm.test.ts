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

test('numbers are categories without what is behind the point, those above -1 too', () => {
  const model = readLightgbm(`tree
version=v4
num_class=1
max_feature_idx=0
objective=binary sigmoid:1
feature_names=kind

Tree=0
num_leaves=2
num_cat=1
split_feature=0
threshold=0
decision_type=1
left_child=-1
right_child=-2
leaf_value=-1 2
leaf_count=90 10
internal_count=100
cat_boundaries=0 1
cat_threshold=5
is_linear=0
shrinkage=1


end of trees
`)
  const isLeft = (kind: number) => model.predictProba(Float64Array.of(kind)) < 0.5
  assert.deepEqual([0, -0.5, -0.999, 0.9, 2.5].map(isLeft), [true, true, true, true, true])
  assert.deepEqual([-1, 1, 1.999_999_999_9, 3, Number.NaN].map(isLeft), [false, false, false, false, false])
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
