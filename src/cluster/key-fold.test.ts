import assert from 'node:assert/strict'
import { test } from 'node:test'
import { amountPredictor, cardsDetector, dayMs, startMs } from '../../test/service/decisions-fixture.ts'
import { definitionOf } from '../deciding/define.ts'
import { createDetectorInForce } from '../deciding/detector-in-force.ts'
import { createClusterDefinition } from './cluster-definition.ts'
import { KeyFold } from './key-fold.ts'

const detector = cardsDetector({ features: ['amount', { count: { by: 'card', over: '7d' } }] })
const inForce = createDetectorInForce(detector, amountPredictor())
const columns = ['AMOUNT', 'CARD', 'SHOP', 'NOTE']
const definition = definitionOf(inForce, 1, { columns, runtime: 'tests' })
const defined = createClusterDefinition(0, inForce, definition, () => definition)

function createFold() {
  const fold = new KeyFold(defined, defined.parts[0].part)
  let position = -1
  const observe = (id: string, card: string, timestampMs: number) => {
    position++
    const sent = { id, definition: 0, timestampMs, receivedAtMs: startMs, fields: [10, card, 's', undefined] }
    const reply = fold.apply(position, { kind: 'observation', front: 'f', question: position, ...sent }, startMs)
    if (reply?.answer.kind !== 'part') return assert.fail('an observation is answered with a part')
    return { position: reply.answer.position, values: reply.answer.values }
  }
  return { fold, observe }
}

test('a transaction older than what its history still has is not counted, in a saved fold either', () => {
  const { fold, observe } = createFold()
  const longAgoMs = startMs - 20 * dayMs
  for (const id of ['a', 'b', 'c']) observe(id, 'one', longAgoMs)
  observe('d', 'other', startMs)
  const nothing = { position: -1, values: [] }
  assert.deepEqual(observe('late', 'one', longAgoMs + 10), nothing)
  assert.deepEqual(observe('edge', 'one', startMs - 7 * dayMs), nothing)
  assert.deepEqual(observe('b', 'one', longAgoMs), { position: 1, values: [2] }, 'a repeat gets its part again')
  const again = createFold()
  again.fold.load(fold.save())
  assert.deepEqual(again.observe('late', 'one', longAgoMs + 10), nothing)
  assert.deepEqual(observe('in time', 'one', startMs - 7 * dayMs + 1), { position: 7, values: [1] })
})
