import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readLightgbm } from './lightgbm.ts'

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
