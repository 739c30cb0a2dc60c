import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { SqliteLog } from '../../src/stores/sqlite/sqlite-log.ts'
import { temporaryFolder } from './service.ts'

test('a person who comes again before the erasure is on disk has a new token, which is kept', async () => {
  let tokens = 0
  const path = join(temporaryFolder(), 'log.sqlite')
  const log = await SqliteLog.open({ path, makeToken: () => `token-${++tokens}` })
  // The first time the person is new in the very commit that erases, after that known from an earlier one.
  for (let time = 0; time < 3; time++) {
    const before = log.persons.token('customer', 'Ada')
    const erasure = log.erase('customer', 'Ada', 0)
    const after = log.persons.token('customer', 'Ada')
    assert.notEqual(after, before)
    assert.equal(await erasure, before)
    assert.equal(log.failure, undefined)
    assert.deepEqual([log.persons.valueOf(before), log.persons.valueOf(after)], [undefined, 'Ada'])
  }
  await log.close()
})
