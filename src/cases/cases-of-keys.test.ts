import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openCase } from './case-actions.ts'
import { CasesOfKeys } from './cases-of-keys.ts'

test('a key is found with every case that has it, and no more once they are forgotten', () => {
  const index = new CasesOfKeys()
  const [one, other] = [1, 2].map((sequence) => ({
    ...openCase({ sequence, atMs: 0 }, 'review', { dueInMs: undefined, expireAfterMs: 1 }),
    keys: sequence === 1 ? ['card=a', 'device=d'] : ['card=b', 'device=d'],
  }))
  for (const each of [one, other, one]) index.add(each, each.keys)
  assert.deepEqual([...index.of('card=a')], [one])
  assert.deepEqual([...index.of('device=d')], [one, other])
  index.forget(one)
  assert.deepEqual([...index.of('card=a')], [])
  assert.deepEqual([...index.of('device=d')], [other])
  index.forget(other)
  assert.deepEqual([...index.of('device=d')], [])
})
