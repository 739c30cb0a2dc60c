import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closeEach } from './close-each.ts'

test('what can not be closed keeps nothing else open, and is told', async () => {
  const closed: string[] = []
  const failing = (reason: string) => ({
    close: () => {
      throw new Error(reason)
    },
  })
  const closing = closeEach([
    { close: () => closed.push('first') },
    { close: () => Promise.reject(new Error('the disk is full')) },
    undefined,
    failing('another'),
    { close: async () => closed.push('last') },
  ])
  await assert.rejects(closing, /^Error: the disk is full$/)
  assert.deepEqual(closed, ['first', 'last'])
})
