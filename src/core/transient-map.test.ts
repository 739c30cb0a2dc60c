import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { traceCollections } from '../../test/trace-collections.ts'
import { TransientMap } from './transient-map.ts'

test('it holds what a Map holds', () => {
  const key = fc.nat(40)
  const step = fc.oneof(
    { weight: 60, arbitrary: fc.record({ set: key, to: fc.nat() }) },
    { weight: 60, arbitrary: fc.record({ delete: key }) },
    { weight: 1, arbitrary: fc.constant({ clear: true }) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const expected = new Map<number, number>()
      const map = new TransientMap<number, number>()
      for (const step of steps) {
        for (const each of [expected, map]) {
          if ('set' in step) each.set(step.set, step.to)
          else if ('delete' in step) each.delete(step.delete)
          else each.clear()
        }
        assert.equal(map.size, expected.size)
        for (let key = 0; key <= 40; key++) {
          assert.equal(map.has(key), expected.has(key))
          assert.equal(map.get(key), expected.get(key))
        }
      }
    }),
  )
})

test('what it held for a moment dies young, though it is old itself', () => {
  const collections = traceCollections(`
    import { TransientMap } from ${JSON.stringify(new URL('./transient-map.ts', import.meta.url).href)}
    const map = new TransientMap()
    for (let i = 0; i < 3; i++) gc()
    for (let i = 0; i < 1_000_000; i++) {
      map.set(i, { filling: new Array(50).fill(i) })
      map.delete(i - 2)
    }
  `)
  const promoted = collections.reduce((sum, each) => sum + each.of('promoted'), 0)
  // A Map has 31 MB of them.
  assert.ok(collections.length > 3 && promoted < 5e6, `${promoted} bytes of 450 MB became old`)
})
