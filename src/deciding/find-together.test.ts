import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TransactionRecord } from '../log/decision-log.ts'
import { FindTogether } from './find-together.ts'

const recordOf = (id: string): TransactionRecord => ({
  ...{ kind: 'history', id, sequence: 1, timestampMs: 0, definition: 1, isLabelled: false, fields: [] },
})

test('what is asked for in one turn is looked up with one round trip, each id once', async () => {
  const trips: (readonly string[])[] = []
  const together = new FindTogether({
    mayHold: () => true,
    async find(ids) {
      trips.push(ids)
      if (ids.includes('lost')) throw new Error('the database went away')
      return new Map(ids.filter((id) => id !== 'new').map((id) => [id, recordOf(id)]))
    },
    findLabelled: () => Promise.reject(new Error('is not asked for')),
  })
  const ids = ['a', 'b', 'new', 'a']
  const found = await Promise.all(ids.map((id) => together.find(id)))
  assert.deepEqual(
    found.map((record) => record?.id),
    ['a', 'b', undefined, 'a'],
  )
  const lost = await Promise.allSettled([together.find('lost'), together.find('c')])
  assert.deepEqual(
    lost.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  assert.equal((await together.find('c'))?.id, 'c')
  assert.deepEqual(trips, [['a', 'b', 'new'], ['lost', 'c'], ['c']])
})
