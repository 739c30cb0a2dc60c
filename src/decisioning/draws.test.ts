import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { draw } from './draws.ts'

const secret = new Uint8Array(32).fill(7)
const ids = Array.from({ length: 20_000 }, (_, i) => `t-${i}`)

test('a draw is the same again, and from 0 up to 1', () => {
  for (const id of ids.slice(0, 100)) {
    const drawn = draw(secret, 'control-group', id)
    assert.equal(draw(secret, 'control-group', id), drawn)
    assert.ok(drawn >= 0 && drawn < 1)
  }
  const hash = createHmac('sha256', secret).update('13:control-groupt-1').digest('hex')
  assert.equal(draw(secret, 'control-group', 't-1'), Number.parseInt(hash.slice(0, 12), 16) / 2 ** 48)
})

test('a share of draws is below it, whatever the purpose, and purposes and secrets do not tell of each other', () => {
  const under = (purpose: 'control-group' | 'rule:a', by: Uint8Array) => ids.filter((id) => draw(by, purpose, id) < 0.1)
  const one = under('control-group', secret)
  const other = under('rule:a', secret)
  const third = under('control-group', new Uint8Array(32).fill(8))
  // Four standard deviations of a binomial.
  for (const { length } of [one, other, third]) assert.ok(Math.abs(length - 2000) < 4 * Math.sqrt(20_000 * 0.09))
  for (const pair of [other, third]) {
    const both = one.filter((id) => pair.includes(id)).length
    assert.ok(Math.abs(both - 200) < 4 * Math.sqrt(20_000 * 0.0099), `${both}`)
  }
})

test('where a purpose ends and an id begins can’t be shifted', () => {
  assert.notEqual(draw(secret, 'rule:ab', 'c'), draw(secret, 'rule:a', 'bc'))
})
