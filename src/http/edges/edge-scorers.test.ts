import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { amountPredictor, cardsDetector } from '../../../test/service/decisions-fixture.ts'
import { amountBundle } from '../../../test/service/model-fixture.ts'
import { decodeBundle } from '../../models/bundle.ts'
import type { Predictor } from '../../scoring/predictor.ts'
import { shareModel } from '../../scoring/shared-model.ts'
import type { ModelOrder } from './edge-messages.ts'
import { EdgeScorers } from './edge-scorers.ts'
import { scoreLength, writeScore } from './score-bytes.ts'

const bundle = decodeBundle(amountBundle(cardsDetector(), 20).bytes)
const slow = (): Predictor => ({ ...amountPredictor(), share: () => shareModel(bundle) })
const inputs = Float64Array.of(1, 2)

function start() {
  const scored: unknown[] = []
  const begun = { size: 1, scored: (...score: unknown[]) => scored.push(score), finish: () => scored.push('all') }
  const scorers = new EdgeScorers({ scoreBy: () => begun }, assert.ifError)
  const addEdge = () => {
    const orders: ModelOrder[] = []
    const asked: number[] = []
    const edge = {
      order: (order: ModelOrder) => orders.push(order),
      ask: (_: number, number: number) => asked.push(number),
    }
    scorers.add(edge)
    const ready = () => scorers.ready(edge, orders.at(-1)?.version ?? 0)
    const answer = (number: number, score: number) => {
      const message = Buffer.alloc(scoreLength)
      writeScore(message, 0, number, score)
      scorers.take(edge, message)
    }
    return { edge, orders, asked, ready, answer }
  }
  return { scorers, begun, scored, addEdge }
}

async function shared(orders: readonly ModelOrder[]): Promise<void> {
  while (orders.at(-1)?.model === undefined) await nextTurn()
}

describe('edges that score', () => {
  test('are asked once they have the champion, and no more once another one is in force', async () => {
    const { scorers, addEdge } = start()
    const first = addEdge()
    const [champion, next] = [slow(), slow()]
    assert.equal(scorers.takes(champion), false)
    await shared(first.orders)
    assert.deepEqual([scorers.takes(champion), scorers.ask(inputs, 0)], [false, false])
    first.ready()
    assert.deepEqual([scorers.takes(champion), scorers.ask(inputs, 1)], [true, true])
    // One that starts later gets the champion of its time.
    const late = addEdge()
    assert.equal(late.orders.at(-1)?.version, first.orders.at(-1)?.version)
    assert.deepEqual([scorers.takes(next), scorers.ask(inputs, 2)], [false, false])
    assert.equal(first.orders.at(-1)?.model, undefined)
    await shared(first.orders)
    late.ready()
    assert.deepEqual([scorers.takes(next), scorers.ask(inputs, 3)], [true, true])
    assert.equal(scorers.takes(amountPredictor()), false)
    assert.equal(late.orders.at(-1)?.model, undefined)
    assert.deepEqual([first.asked, late.asked], [[1], [3]])
  })

  test('share what there is to score, up to a bound, and tell what they found', async () => {
    const { scorers, scored, addEdge } = start()
    const edges = [addEdge(), addEdge()]
    const champion = slow()
    scorers.takes(champion)
    await shared(edges[1].orders)
    for (const { ready } of edges) ready()
    let asked = 0
    while (scorers.ask(inputs, asked)) asked += 1
    assert.deepEqual([asked, ...edges.map((edge) => edge.asked.length)], [128, 64, 64])
    assert.equal(scorers.takes(champion), true)
    edges[0].answer(0, 0.25)
    edges[1].answer(1, Number.NaN)
    edges[1].answer(3, 1.5)
    assert.deepEqual(scored, [
      [0, 0.25],
      [1, undefined],
      [3, undefined],
    ])
    assert.equal(scorers.ask(inputs, 128), true)
    scorers.remove(edges[0].edge)
    assert.equal(scored.at(-1), 'all')
    edges[0].answer(2, 0.5)
    assert.equal(scored.length, 4)
  })

  test('are not asked for a second where they were late', async (t) => {
    const { scorers, addEdge } = start()
    const { orders, ready } = addEdge()
    const champion = slow()
    scorers.takes(champion)
    await shared(orders)
    ready()
    t.mock.timers.enable({ apis: ['setTimeout'] })
    scorers.late()
    assert.equal(scorers.takes(champion), false)
    t.mock.timers.tick(1000)
    assert.equal(scorers.takes(champion), true)
  })

  test('are not asked for what comes alone', async () => {
    const { scorers, begun, addEdge } = start()
    const { orders, ready } = addEdge()
    const champion = slow()
    scorers.takes(champion)
    await shared(orders)
    ready()
    begun.size = 0
    assert.deepEqual([scorers.takes(champion), scorers.takes(champion)], [false, true])
    await nextTurn()
    await nextTurn()
    assert.equal(scorers.takes(champion), false)
  })
})
