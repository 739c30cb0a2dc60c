import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { Lanes } from './lanes.ts'

const orders = [undefined, undefined, Symbol('one'), Symbol('two')]

describe('lanes', () => {
  test('are taken one after the other, in the order of coming, and none waits for ever', async () => {
    const one = fc.record({
      lanes: fc.uniqueArray(fc.constantFrom<string>('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 3 }),
      order: fc.constantFrom(...orders),
      turns: fc.integer({ min: 0, max: 4 }),
      fails: fc.boolean(),
      pause: fc.boolean(),
    })
    const property = fc.asyncProperty(fc.array(one, { minLength: 1, maxLength: 30 }), async (all) => {
      const lanes = new Lanes(1000)
      const inside = new Set<string>()
      const stepped: number[] = []
      const failed = new Error('not found')
      const entered: Promise<unknown>[] = []
      for (const [i, { lanes: wanted, order, turns, fails, pause }] of all.entries()) {
        const lookUp = async () => {
          for (const lane of wanted) {
            assert.ok(!inside.has(lane), `two in ${lane}`)
            inside.add(lane)
          }
          for (let turn = 0; turn < turns; turn++) await nextTurn()
        }
        const step = () => {
          stepped.push(i)
          for (const lane of wanted) inside.delete(lane)
          if (fails) throw failed
          return i
        }
        const answer = lanes.enter(wanted, order, lookUp, step)
        entered.push(fails ? assert.rejects(answer, failed) : answer.then((value) => assert.equal(value, i)))
        if (pause) await nextTurn()
      }
      await Promise.all(entered)
      assert.deepEqual([lanes.size, lanes.isFree('a'), inside.size], [0, true, 0])
      const inOrder = (picked: (each: (typeof all)[number]) => boolean) => {
        const places = stepped.filter((i) => picked(all[i]))
        assert.deepEqual(
          places,
          places.toSorted((a, b) => a - b),
        )
      }
      for (const lane of ['a', 'b', 'c', 'd']) inOrder((each) => each.lanes.includes(lane))
      for (const sender of orders) if (sender !== undefined) inOrder((each) => each.order === sender)
    })
    await fc.assert(property, { numRuns: 200 })
  })

  test('are left by a look-up that fails, and refuse more than may be in them', async () => {
    const lanes = new Lanes(2)
    const fails = () => Promise.reject(new Error('gone'))
    const first = lanes.enter(['a'], undefined, fails, () => 1)
    const second = lanes.enter(['a'], undefined, () => Promise.resolve(2), Number)
    await assert.rejects(
      lanes.enter(['b'], undefined, () => Promise.resolve(3), Number),
      { code: 'OVERLOADED' },
    )
    await assert.rejects(first, /gone/)
    assert.equal(await second, 2)
    assert.equal(await lanes.enter(['b'], undefined, () => Promise.resolve(3), Number), 3)
  })

  test('are left at the step, not once what it promises is there', async () => {
    const lanes = new Lanes(10)
    const { promise, resolve } = Promise.withResolvers<string>()
    const durable = lanes.enter(
      ['a'],
      undefined,
      () => Promise.resolve(),
      () => promise,
    )
    assert.equal(await lanes.enter(['a'], undefined, () => Promise.resolve('next'), String), 'next')
    resolve('durable')
    assert.equal(await durable, 'durable')
  })
})
