import assert from 'node:assert/strict'
import { test } from 'node:test'
import { learners } from '../core/detector-schema.ts'
import type { Range } from '../core/dimension.ts'
import { placeOf, valueAt } from '../evaluation/tuning/dimension.ts'
import { parseSpace } from '../evaluation/tuning/space.ts'
import { definitions } from './index.ts'

test('every learner that a detector file may name is defined once', () => {
  assert.deepEqual(
    definitions.map(({ name }) => name),
    [...learners],
  )
})

test('the usual spaces would pass as files', () => {
  for (const { space } of definitions) {
    for (const dimension of space) {
      const { kind, name, ...said } = dimension
      const value = 'values' in said ? said.values : said
      const file = JSON.stringify({ space: { 'gradient-boosting': { [name]: value } } })
      assert.deepEqual(parseSpace(file, 'usual', () => [name]).dimensions.get('gradient-boosting'), [dimension])
    }
  }
})

test('a range reaches both of its ends, and tells where a value lies', () => {
  const ranges: readonly Range[] = definitions
    .flatMap(({ space }) => space)
    .filter((dimension) => dimension.kind === 'range')
  for (const range of ranges) {
    assert.deepEqual([valueAt(range, 0), valueAt(range, 1)], [range.from, range.to], range.name)
    const value = valueAt(range, 0.4)
    assert.equal(valueAt(range, placeOf(range, value) ?? Number.NaN), value)
    assert.equal(placeOf(range, range.to * 2), undefined)
  }
})
