import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Rank, RankedQueue } from './ranked-queue.ts'

const mostItems = 40
const step = fc.record({
  item: fc.nat(mostItems - 1),
  // Few losses, so that many are alike, and undefined takes it out.
  loss: fc.option(fc.nat(6), { nil: undefined }),
})

/** An item keeps when it was opened and its number; only what is at stake changes. */
function rankOf(item: number, expectedLoss: number): Rank {
  return { expectedLoss, openedAtMs: item % 7, sequence: item }
}

function inOrder(losses: ReadonlyMap<number, number>): readonly number[] {
  return [...losses]
    .map(([item, loss]) => ({ item, ...rankOf(item, loss) }))
    .sort((a, b) => b.expectedLoss - a.expectedLoss || a.openedAtMs - b.openedAtMs || a.sequence - b.sequence)
    .map(({ item }) => item)
}

describe('the queue of cases', () => {
  test('is what sorting all of them gives, after whatever was put in, put elsewhere and taken out', () => {
    const property = fc.property(fc.array(step, { maxLength: 200 }), fc.nat(mostItems - 1), (steps, place) => {
      const queue = new RankedQueue<number>()
      const losses = new Map<number, number>()
      for (const { item, loss } of steps) {
        if (loss === undefined) {
          queue.remove(item)
          losses.delete(item)
        } else {
          queue.put(item, rankOf(item, loss))
          losses.set(item, loss)
        }
      }
      const expected = inOrder(losses)
      assert.deepEqual([...queue.items()], expected)
      assert.equal(queue.size, expected.length)
      const after = expected[place]
      if (after === undefined) return
      assert.deepEqual([...queue.items(rankOf(after, losses.get(after) ?? 0))], expected.slice(place + 1))
    })
    fc.assert(property, { numRuns: 300 })
  })

  test('is so with more than one chunk of them', () => {
    const queue = new RankedQueue<number>()
    const losses = new Map<number, number>()
    for (let i = 0; i < 6000; i++) {
      const item = (i * 7919) % 2003
      const loss = (i * 31) % 97
      queue.put(item, rankOf(item, loss))
      losses.set(item, loss)
      if (i % 5 === 0) {
        queue.remove((item * 3) % 2003)
        losses.delete((item * 3) % 2003)
      }
    }
    assert.deepEqual([...queue.items()], inOrder(losses))
  })

  test('holds nothing of items that came and went while nobody looked', () => {
    const queue = new RankedQueue<number>()
    queue.put(-1, rankOf(-1, 1))
    assert.equal(queue.size, 1)
    for (let item = 0; item < 1000; item++) {
      queue.put(item, rankOf(item, item % 5))
      queue.remove(item)
    }
    assert.equal(queue.waiting, 0)
    queue.remove(-1)
    assert.deepEqual([queue.waiting, queue.size, queue.waiting], [1, 0, 0])
  })
})
