import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ownCommand } from './command-line.ts'

test('a command to paste begins as the one before it did', () => {
  assert.equal(ownCommand('/usr/local/bin/shrike', '/home/me'), 'shrike')
  assert.equal(ownCommand('/home/me/clone/bin/shrike.js', '/home/me/clone'), 'node bin/shrike.js')
  assert.equal(ownCommand('/home/me/my clone/bin/shrike.js', '/data'), "node '/home/me/my clone/bin/shrike.js'")
})
