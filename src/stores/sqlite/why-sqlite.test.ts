import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unusable } from './database.ts'

test('a log for whose shared memory the disk has no room says that the disk is full', () => {
  const cause = Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 4874 })
  assert.equal(unusable('log.sqlite', cause).message, "The log log.sqlite can't be used: the disk is full")
  const other = Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 266 })
  assert.match(unusable('log.sqlite', other).message, /disk I\/O error$/)
})
