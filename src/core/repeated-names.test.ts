import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { repeatedNames } from './repeated-names.ts'

describe('repeatedNames', () => {
  // Names with what a careless scanner stumbles over, and values that look like names.
  const name = fc.constantFrom('a', 'b', 'A', '__proto__', 'with "quotes"', 'back\\slash', 'co:lon', 'é', '{', ']')
  const value = fc.oneof(
    fc.constant('1'),
    fc.constant('{"a":{"a":1},"b":[{"a":1}]}'),
    fc.constant('"a\\":1,\\"a"'),
    fc.constant('"a"'),
    fc.constant('[{"a":1},"b:",{"a":2}]'),
  )
  const object = fc.array(fc.tuple(name, value), { maxLength: 6 })
  type Entries = readonly (readonly [string, string])[]
  const write = (entries: Entries) => `{${entries.map(([key, json]) => ` ${JSON.stringify(key)} :${json}`).join(',')}}`
  const repeatedIn = (entries: Entries) => {
    const names = entries.map(([key]) => key)
    return new Set(names.filter((key, index) => names.indexOf(key) !== index))
  }
  const find = (text: string) => repeatedNames(text, JSON.parse(text)) ?? new Set()

  test('finds every name that an object gives twice, and no other', () => {
    fc.assert(
      fc.property(object, (entries) => {
        assert.deepEqual(find(write(entries)), repeatedIn(entries))
      }),
    )
  })

  test('finds none in an array, whatever its objects give twice', () => {
    fc.assert(
      fc.property(fc.array(object, { maxLength: 4 }), (items) => {
        assert.deepEqual(find(`[${items.map(write).join(' , ')}]`), new Set())
      }),
    )
  })
})
