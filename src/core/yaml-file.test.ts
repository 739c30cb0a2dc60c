import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parse } from 'yaml'
import { formatYaml, updateYaml } from './yaml-file.ts'

const plain = fc.oneof(fc.integer(), fc.boolean(), fc.string(), fc.constant(null))
const name = fc.constantFrom('a', 'b', 'c', 'd')
const { tree } = fc.letrec((tie) => ({
  tree: fc.dictionary(name, fc.oneof({ maxDepth: 3 }, plain, fc.array(plain, { maxLength: 3 }), tie('tree'))),
}))

test('an updated file says what it was given, and the rest as before', () => {
  const property = fc.property(tree, tree, (before, values) => {
    assert.ok(typeof before === 'object' && before !== null && typeof values === 'object' && values !== null)
    const text = updateYaml(formatYaml(before), { ...values })
    assert.deepEqual(parse(text), { ...parse(formatYaml(before)), ...parse(formatYaml(values)) })
  })
  fc.assert(property)
})

test('what says the same keeps its comments', () => {
  const text = '# Ours.\na: { b: 1, c: [ 1, 2 ] } # brief\nd:\n  - x # the first\n  - y\n'
  assert.equal(updateYaml(text, { a: { b: 1, c: [1, 2] } }), text)
  assert.equal(
    updateYaml(text, { a: { b: 2, c: [1, 2] }, d: ['x', 'z'] }),
    text.replace('b: 1', 'b: 2').replace('y', 'z'),
  )
})
