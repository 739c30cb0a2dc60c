import assert from 'node:assert/strict'
import { test } from 'node:test'
import { placeOf, valueAt } from '../evaluation/tuning/dimension.ts'
import { parseSpace } from '../evaluation/tuning/space.ts'
import type { Range } from './dimensions.ts'
import { definitions } from './index.ts'
import { learnerOptions } from './model-choice.ts'
import type { LearnerOption } from './option.ts'

test('options that share a name share what they may be', () => {
  for (const { name: learner, options } of definitions) {
    for (const [name, { default: _, ...kind }] of Object.entries<LearnerOption<unknown>>(options)) {
      const { default: __, ...shared } = learnerOptions.get(name) ?? assert.fail()
      assert.deepEqual(kind, shared, `${learner}: ${name}`)
      assert.equal(kind.schema, shared.schema, `${learner}: ${name}`)
    }
  }
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
