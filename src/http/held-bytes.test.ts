import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import { test } from 'node:test'
import { HeldBytes } from './held-bytes.ts'

/** A request from an address. */
function from(address: string) {
  const socket = new Socket()
  Object.defineProperty(socket, 'remoteAddress', { value: address, configurable: true })
  return { socket }
}

test('bodies of one address take half of the room, and leave the other half to others', () => {
  const held = new HeldBytes(100)
  const dripping = Array.from({ length: 5 }, () => from('192.0.2.1'))
  for (const each of dripping) held.take(10, each)
  assert.throws(() => held.take(1, from('::ffff:192.0.2.1')), { code: 'OVERLOADED' })
  const other = from('2001:db8::1')
  held.take(50, other)
  assert.throws(() => held.take(1, from('198.51.100.7')), { code: 'OVERLOADED' })
  // A connection that is gone has no address any more.
  Object.defineProperty(dripping[0].socket, 'remoteAddress', { value: undefined })
  held.give(10, dripping[0])
  held.take(10, from('192.0.2.1'))
  assert.throws(() => held.take(1, from('192.0.2.1')), { code: 'OVERLOADED' })
  held.give(50, other)
  held.take(50, from('2001:db8::2'))
})
