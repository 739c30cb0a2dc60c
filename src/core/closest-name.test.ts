import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { closestName, isMisspelling } from './closest-name.ts'

/** Optimal string alignment by its definition. */
function distance(from: string, to: string, known = new Map<string, number>()): number {
  if (from === '' || to === '') return from.length + to.length
  const key = `${from} ${to}`
  const found = known.get(key)
  if (found !== undefined) return found
  const [a, b] = [from.slice(0, -1), to.slice(0, -1)]
  const choices = [
    distance(a, b, known) + (from.at(-1) === to.at(-1) ? 0 : 1),
    distance(a, to, known) + 1,
    distance(from, b, known) + 1,
  ]
  const isSwap = from.length > 1 && to.length > 1 && from.at(-1) === to.at(-2) && from.at(-2) === to.at(-1)
  if (isSwap) choices.push(distance(a.slice(0, -1), b.slice(0, -1), known) + 1)
  const least = Math.min(...choices)
  known.set(key, least)
  return least
}

const name = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '_', '1'), minLength: 1, maxLength: 14 })

describe('the closest name', () => {
  test('is the first of those with the least distance, where that is near', () => {
    const property = fc.property(name, fc.array(name, { maxLength: 12 }), (wanted, names) => {
      const limit = Math.max(1, Math.floor(wanted.length / 3))
      const distances = names.map((each) => distance(wanted, each))
      const least = Math.min(...distances)
      assert.equal(closestName(wanted, names), least <= limit ? names[distances.indexOf(least)] : undefined)
    })
    fc.assert(property, { numRuns: 2000 })
  })

  test('is a misspelling by one letter that is changed, left out, added or swapped', () => {
    const property = fc.property(name, name, (given, other) => {
      const [one, two] = [given, other].map((each) => `abc${each.replaceAll('_', '')}`)
      const isExpected = distance(one, two) < 2 && one.replace(/\D/g, '') === two.replace(/\D/g, '')
      assert.equal(isMisspelling(one, two), one === two || (Math.max(one.length, two.length) > 3 && isExpected))
    })
    fc.assert(property, { numRuns: 2000 })
  })
})
