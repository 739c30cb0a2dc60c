import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LabelQueue } from './label-queue.ts'

test('labels come when they are known, of one instant those of earlier transactions first', () => {
  const label = fc.record({ knownAtMs: fc.nat(30), passed: fc.constantFrom(0, 0, 1, 4) })
  const property = fc.property(fc.array(label, { maxLength: 200, size: 'max' }), (labels) => {
    const queue = new LabelQueue()
    let waiting: { knownAtMs: number; sequence: number }[] = []
    let now = 0
    const takeDue = () => {
      const due = waiting
        .filter(({ knownAtMs }) => knownAtMs <= now)
        .sort((a, b) => a.knownAtMs - b.knownAtMs || a.sequence - b.sequence)
      waiting = waiting.filter(({ knownAtMs }) => knownAtMs > now)
      for (const { knownAtMs, sequence } of due) {
        const taken = queue.due(now)
        assert.deepEqual([taken?.label.knownAtMs, taken?.event.sequence], [knownAtMs, sequence])
      }
      assert.equal(queue.due(now), undefined)
    }
    labels.forEach(({ knownAtMs, passed }, sequence) => {
      queue.add({
        event: { timestampMs: 0, amount: 0, texts: [], numbers: [], sequence },
        label: { isFraud: true, knownAtMs },
      })
      waiting.push({ knownAtMs, sequence })
      now += passed
      if (passed > 0) takeDue()
    })
    now = Number.POSITIVE_INFINITY
    takeDue()
  })
  fc.assert(property, { numRuns: 200 })
})
