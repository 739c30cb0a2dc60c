import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type EventType, eventTypes } from './event.ts'
import { EventHub } from './event-hub.ts'

const refuse = (error: unknown) => assert.fail(String(error))
const everything = new Set(eventTypes)

describe('the hub of events', () => {
  test('tells every reader of each event, or counts it, wherever the reader goes on', () => {
    const step = fc.oneof(
      fc.record({
        publish: fc.constantFrom<EventType>('decision', 'case', 'job'),
        times: fc.integer({ min: 1, max: 60 }),
      }),
      fc.constant('advance' as const),
      fc.constant('restart' as const),
    )
    const check = (
      steps: readonly (typeof step extends fc.Arbitrary<infer Step> ? Step : never)[],
      mostBytes: number,
    ) => {
      const hub = new EventHub({ log: { pending: 0, nextSequence: 1 }, epoch: 'e', onFault: refuse, mostBytes })
      const published: EventType[] = []
      let durable = 0
      const places = [{ place: hub.place, published: 0 }]
      for (const each of steps) {
        if (each === 'restart') {
          hub.restart()
          places.length = 0
          durable = published.length
        } else if (each === 'advance') {
          hub.advance()
          durable = published.length
        } else {
          for (let i = 0; i < each.times; i++) {
            const number = published.push(each.publish)
            hub.publish(each.publish, () => ({ number }))
          }
          continue
        }
        places.push({ place: hub.place, published: durable })
      }
      for (const { place, published: from } of places) {
        const number = hub.numberAt(place)
        if (number === undefined) continue
        for (const types of [everything, new Set<EventType>(['case'])]) {
          const { texts, leftOut } = hub.since(number, types)
          const numbers: number[] = texts.map((text) => JSON.parse(text).number)
          assert.deepEqual(
            numbers,
            [...new Set(numbers)].sort((a, b) => a - b),
          )
          for (const type of eventTypes) {
            const came = published.flatMap((each, i) => (each === type && i >= from && i < durable ? [i + 1] : []))
            const told = numbers.filter((each) => published[each - 1] === type)
            assert.equal(told.length + (leftOut[type] ?? 0), types.has(type) ? came.length : 0)
            assert.deepEqual(told, came.slice(came.length - told.length))
          }
        }
      }
      // The newest place is always known.
      assert.ok(hub.knows(hub.through))
    }
    fc.assert(fc.property(fc.array(step, { maxLength: 40 }), fc.constantFrom(500, 5000, 1e6), check))
  })

  test('waits until the records before an event are durable', () => {
    const log = { pending: 0, nextSequence: 5 }
    const hub = new EventHub({ log, epoch: 'e', onFault: refuse })
    log.nextSequence = 7
    log.pending = 2
    hub.publish('decision', () => ({ id: 1 }))
    assert.equal(hub.advance(), true)
    assert.equal(hub.through, 0)
    // What comes now waits for the next look.
    hub.publish('decision', () => ({ id: 2 }))
    log.nextSequence = 8
    log.pending = 1
    assert.equal(hub.advance(), false)
    assert.deepEqual(hub.since(0, everything).texts, ['{"type":"decision","id":1}'])
    assert.equal(hub.advance(), true)
    log.pending = 0
    assert.equal(hub.advance(), false)
    assert.deepEqual(hub.since(1, everything).texts, ['{"type":"decision","id":2}'])
  })

  test('counts an event that could not be told among those that were left out', () => {
    const faults: unknown[] = []
    const log = { pending: 0, nextSequence: 1 }
    const hub = new EventHub({ log, epoch: 'e', onFault: (error) => faults.push(error) })
    hub.publish('job', () => {
      throw new Error('a bug')
    })
    hub.advance()
    assert.deepEqual(hub.since(0, everything), { texts: [], leftOut: { job: 1 } })
    assert.equal(faults.length, 1)
  })

  test('holds no more than its bytes, whatever comes', () => {
    const hub = new EventHub({ log: { pending: 0, nextSequence: 1 }, epoch: 'e', onFault: refuse, mostBytes: 10_000 })
    for (let i = 0; i < 100; i++) {
      hub.publish('case', () => ({ text: 'x'.repeat(1000) }))
      hub.advance()
    }
    assert.ok(!hub.knows(0) && !hub.knows(90))
    assert.ok(hub.knows(97) && hub.knows(100))
    assert.equal(hub.since(97, everything).texts.length, 3)
  })
})
