import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  closedAfterEach,
  openTestDecisions,
  startMs,
  type TestDecisionsOptions,
} from '../../test/service/decisions-fixture.ts'
import { FraudError } from '../core/errors.ts'
import type { Decision } from '../decisioning/decision.ts'
import { decideMany, type RefusedItem } from './decide-many.ts'

const open = closedAfterEach()

async function start(options: TestDecisionsOptions = {}) {
  const running = await openTestDecisions(options)
  open.push(running)
  await running.service.resume()
  return running
}

const purchase = (i: number, more: object = {}) => {
  return { ID: `t-${i}`, TIME: startMs + i, AMOUNT: 10, CARD: 'c', SHOP: 's', ...more }
}
const read = (item: unknown) => {
  if (item === 'broken') throw new FraudError('BODY_INVALID', 'The line is not valid JSON')
  return { value: item, repeated: undefined }
}
const eager = { read, nowMs: () => 0, turns: { isOver: () => false, next: nextTurn } }

async function groupsOf<Group>(many: AsyncIterable<Group>): Promise<readonly Group[]> {
  const groups: Group[] = []
  for await (const group of many) groups.push(group)
  return groups
}

/** Whose place it is, and the error in it, if it is one. */
function told(answer: Decision | RefusedItem): readonly unknown[] {
  if (!('error' in answer)) return [answer.transactionId]
  return [answer.index, answer.id, answer.error instanceof FraudError ? answer.error.code : answer.error]
}

describe('many transactions', () => {
  test('are answered in their order, with errors in their places, counted on from those before', async () => {
    const { service } = await start()
    const items = [
      purchase(0),
      'broken',
      purchase(1, { AMOUNT: 'ten' }),
      purchase(0, { AMOUNT: 11 }),
      null,
      purchase(2),
    ]
    const answers = (await groupsOf(decideMany(service, items, { ...eager, first: 7 }))).flat()
    assert.deepEqual(answers.map(told), [
      ['t-0'],
      [8, undefined, 'BODY_INVALID'],
      [9, 't-1', 'INPUT_INVALID'],
      [10, 't-0', 'TRANSACTION_CONFLICT'],
      [11, undefined, 'INPUT_INVALID'],
      ['t-2'],
    ])
  })

  test('are decided in their order, whatever becomes durable when', async () => {
    const { service, log } = await start()
    const items = Array.from({ length: 200 }, (_, i) => purchase(i))
    const groups = await groupsOf(decideMany(service, items, eager))
    assert.deepEqual(
      groups.flat().map(told),
      items.map(({ ID }) => [ID]),
    )
    assert.deepEqual(
      groups.map(({ length }) => length),
      [64, 64, 64, 8],
    )
    const ids = log.reading.next(0, 10_000).flatMap((record) => (record.kind === 'decision' ? [record.id] : []))
    assert.deepEqual(
      ids,
      items.map(({ ID }) => ID),
    )
  })

  test('wait for room where one that comes alone is refused, and leave half of it to those', async () => {
    const { service, log } = await start({ maxPending: 8 })
    let most = 0
    const watched = {
      ...eager,
      read: (item: unknown) => {
        most = Math.max(most, log.pending)
        return read(item)
      },
    }
    const items = Array.from({ length: 100 }, (_, i) => purchase(i))
    const answers = (await groupsOf(decideMany(service, items, watched))).flat()
    assert.deepEqual(
      answers.map(told),
      items.map(({ ID }) => [ID]),
    )
    assert.ok(most > 0 && most <= 4, String(most))
    const alone = items.map(async (_, i) => service.decide(purchase(1000 + i), undefined, () => 0))
    const refused = (await Promise.allSettled(alone)).flatMap((each) =>
      each.status === 'rejected' ? [each.reason] : [],
    )
    assert.equal(refused[0]?.code, 'OVERLOADED')
  })

  test('let others go first when their turn is over', async () => {
    const { service } = await start()
    let turns = 0
    let left = 0
    const slices = {
      isOver: () => left === 0,
      next: async () => {
        await nextTurn()
        turns += 1
        left = 10
      },
    }
    const counted = {
      ...eager,
      turns: slices,
      read: (item: unknown) => {
        left -= 1
        return read(item)
      },
    }
    const items = Array.from({ length: 100 }, (_, i) => purchase(i))
    assert.equal((await groupsOf(decideMany(service, items, counted))).flat().length, 100)
    assert.equal(turns, 10)
  })
})
