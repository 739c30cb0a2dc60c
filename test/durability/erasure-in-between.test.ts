import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { SqliteLog } from '../../src/stores/sqlite/sqlite-log.ts'
import { temporaryFolder } from './service.ts'

test('a person who comes again before the erasure is on disk has a new token, which is kept', async (t) => {
  let tokens = 0
  let ids = 0
  const path = join(temporaryFolder(), 'log.sqlite')
  const log = await SqliteLog.open({ path, makeToken: () => `token-${++tokens}` })
  const comeAgain = async () => {
    const made = await log.persons.lookUp([{ key: 'customer', value: 'Ada' }])
    const token = made[0]?.token ?? log.persons.known('customer', 'Ada')
    const record = { kind: 'history', timestampMs: 0, definition: 1, isLabelled: false } as const
    log.append({ ...record, id: `t-${++ids}`, fields: [token] }, () => {}, { newPersons: made })
    return token ?? ''
  }
  t.after(() => log.close())
  // The first time the person is new in the very commit that erases, after that known from an earlier one.
  for (let time = 0; time < 3; time++) {
    const before = await comeAgain()
    const erasure = log.erase('customer', 'Ada', 0, 'key:desk')
    const after = await comeAgain()
    assert.notEqual(after, before)
    assert.equal(await erasure, before)
    assert.equal(log.failure, undefined)
    assert.deepEqual([log.persons.valueOf(before), log.persons.valueOf(after)], [undefined, 'Ada'])
  }
})
