import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { StateReader, StateWriter } from '../core/state-bytes.ts'
import { atOnce } from '../core/time-slices.ts'
import { ListEntries, type ListEntry } from './list-entries.ts'

function save(entries: ListEntries): Uint8Array {
  const writer = new StateWriter()
  return Buffer.concat([...entries.save(writer), ...writer.take(true)])
}

function load(bytes: Uint8Array): ListEntries {
  const entries = new ListEntries()
  atOnce(entries.load(new StateReader([bytes])))
  return entries
}

// Few values, so that the same come again, some of them alike but for their last letter, or with letters beyond ASCII.
const value = fc.oneof(
  fc.nat(60).map((i) => `v${i}`),
  fc.constantFrom('', 'é', 'éa', '𝄞', 'a'.repeat(300), 'a'.repeat(301), '\u0000'),
)
const entry: fc.Arbitrary<ListEntry> = fc.record(
  {
    value,
    addedAtMs: fc.nat(100),
    by: fc.constantFrom('ann', 'bo'),
    expiresAtMs: fc.nat(100),
    source: fc.constantFrom('chargebacks', 'consortium'),
    note: fc.string({ minLength: 1 }),
  },
  { requiredKeys: ['value', 'addedAtMs', 'by'] },
)
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ put: entry }) },
    { weight: 3, arbitrary: fc.record({ remove: value }) },
    { weight: 1, arbitrary: fc.record({ drop: fc.nat(100) }) },
    { weight: 1, arbitrary: fc.constant('reload' as const) },
  ),
  { maxLength: 300 },
)

describe('entries of a list', () => {
  test('are what a Map of them would be, after whatever was done, and saved and loaded', () => {
    const property = fc.property(steps, fc.nat(100), (given, atMs) => {
      let entries = new ListEntries()
      const model = new Map<string, ListEntry & { number: number }>()
      let number = 0
      for (const step of given) {
        if (step === 'reload') entries = load(save(entries))
        else if ('put' in step) {
          entries.put(step.put)
          model.delete(step.put.value)
          model.set(step.put.value, { ...step.put, number: ++number })
        } else if ('remove' in step) assert.equal(entries.remove(step.remove), model.delete(step.remove))
        else {
          const expired = [...model.values()].filter(({ expiresAtMs = 101 }) => expiresAtMs <= step.drop)
          for (const each of expired) model.delete(each.value)
          assert.equal(entries.dropExpired(step.drop), expired.length)
        }
      }
      assert.equal(entries.size, model.size)
      assert.deepEqual([...entries.entries()], [...model.values()])
      for (let i = 0; i <= 60; i++) {
        const kept = model.get(`v${i}`)
        assert.equal(entries.has(`v${i}`, atMs), kept !== undefined && atMs < (kept.expiresAtMs ?? 101))
        assert.deepEqual(entries.find(`v${i}`), kept)
      }
    })
    fc.assert(property, { numRuns: 300 })
  })

  test('are the same bytes however they came about', () => {
    const one = new ListEntries()
    for (let i = 0; i < 1000; i++) one.put({ value: `v${i}`, addedAtMs: i, by: 'ann' })
    const other = load(save(one))
    for (const each of [one, other]) {
      for (let i = 0; i < 900; i++) each.remove(`v${i}`)
      each.put({ value: 'new', addedAtMs: 1, by: 'bo', expiresAtMs: 7 })
    }
    assert.deepEqual(save(one), save(other))
    assert.deepEqual(save(load(save(one))), save(one))
  })

  test('are gone through page by page, though some are removed in between', () => {
    const entries = new ListEntries()
    for (let i = 0; i < 200; i++) entries.put({ value: `v${i}`, addedAtMs: 0, by: 'ann' })
    const seen: string[] = []
    for (let after = 0; ; ) {
      const page = entries.entries(after).take(20).toArray()
      if (page.length === 0) break
      seen.push(...page.map((each) => each.value))
      after = page[page.length - 1].number
      // All that was seen, so that the entries are written again beneath.
      for (const each of page) entries.remove(each.value)
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 200 }, (_, i) => `v${i}`),
    )
  })

  test('take less than 150 bytes each, a hundred thousand tokens with who and where from', () => {
    const entries = new ListEntries()
    for (let i = 0; i < 100_000; i++) {
      const token = `tok_${(i * 2_654_435_761).toString(36).padStart(20, '0')}`
      entries.put({ value: token, addedAtMs: i, by: 'ann', source: 'chargebacks', expiresAtMs: 1e12 })
    }
    assert.ok(entries.bytes / entries.size < 150, `${entries.bytes / entries.size} bytes`)
  })
})
