import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ownCommand } from './command-line.ts'

test('a command to paste begins as the one before it did', () => {
  const calledIn = (folder: string, clone: string) => ownCommand(`${clone}/bin/shrike.js`, folder)
  assert.equal(ownCommand('/usr/local/bin/shrike', '/home/me'), 'shrike')
  assert.match(calledIn('/home/me/clone', '/home/me/clone'), /^node bin\/shrike\.js$/)
  assert.match(calledIn('/data', '/home/me/my clone'), /^node '\/home\/me\/my clone\/bin\/shrike\.js'$/)
})
