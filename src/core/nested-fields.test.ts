import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { flattenFields, nestFields } from './nested-fields.ts'

const name = fc.constantFrom('a', 'b', 'card', '__proto__', 'constructor', 'a.b', '', 'é')
const { object } = fc.letrec<{ object: object; value: unknown }>((tie) => ({
  object: fc.array(fc.tuple(name, tie('value')), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
  value: fc.oneof({ maxDepth: 5 }, fc.integer(), fc.constant(null), fc.constant([{ a: 1 }]), tie('object')),
}))

/** Every value with the names that lead to it, by plain recursion. */
function waysOf(value: unknown, path: readonly string[] = []): readonly (readonly [string, unknown])[] {
  const isInner = typeof value === 'object' && value !== null && !Array.isArray(value)
  const entries: [string, unknown][] = isInner ? Object.entries(value) : []
  if (path.length > 0 && entries.length === 0) return [[path.join('.'), value]]
  return entries.flatMap(([key, inner]) => waysOf(inner, [...path, key]))
}

test('finds every value under its path, and every path that two values share', () => {
  fc.assert(
    fc.property(object, (value) => {
      const { fields, clashes } = flattenFields(JSON.parse(JSON.stringify(value)))
      const ways = waysOf(value)
      const first = new Map([...ways].reverse())
      assert.deepEqual(new Map(Object.entries(fields)), new Map([...first].sort(() => 0)))
      const repeated = ways.filter(([path], i) => ways.findIndex(([other]) => other === path) < i)
      assert.deepEqual(
        clashes.map(({ field }) => field),
        repeated.map(([path]) => path),
      )
    }),
    { numRuns: 500 },
  )
})

test('nests fields so that they flatten to themselves', () => {
  const path = fc.array(fc.constantFrom('a', 'b', '__proto__', ''), { minLength: 1, maxLength: 9 })
  fc.assert(
    fc.property(
      fc.uniqueArray(
        path.map((names) => names.join('.')),
        { maxLength: 6 },
      ),
      (paths) => {
        const flat = new Map<string, unknown>(paths.map((each, i) => [each, i]))
        const { fields, clashes, isTooDeep } = flattenFields(nestFields(flat))
        assert.deepEqual(new Map(Object.entries(fields)), flat)
        assert.deepEqual([clashes.length, isTooDeep], [0, false])
      },
    ),
    { numRuns: 500 },
  )
  const nested = nestFields(
    new Map([
      ['id', 1],
      ['payment.amount', 2],
      ['payment.card.token', 3],
    ]),
  )
  assert.deepEqual(nested, { id: 1, payment: { amount: 2, card: { token: 3 } } })
  assert.deepEqual(
    nestFields(
      new Map([
        ['a.b', 1],
        ['a', 2],
      ]),
    ),
    { 'a.b': 1, a: 2 },
  )
})

test('goes no deeper than is allowed', () => {
  const deep = (levels: number): unknown => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`)
  const isTooDeep = (levels: number) => flattenFields({ x: deep(levels) }).isTooDeep
  assert.deepEqual([isTooDeep(7), isTooDeep(8), isTooDeep(100_000)], [false, true, true])
})
