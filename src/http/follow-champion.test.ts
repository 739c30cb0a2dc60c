import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recordingLog } from '../../test/service/fixture.ts'
import { ChampionFollower } from './follow-champion.ts'

function follow(find: () => string | undefined) {
  const state = { nowMs: 0, served: ['one@1', 'one@1'] as (string | null)[], reloads: 0 }
  const logger = recordingLog()
  const follower = new ChampionFollower({
    find,
    served: () => state.served,
    reload: () => {
      state.reloads++
    },
    logger,
    clock: () => state.nowMs,
  })
  return { state, logger, look: () => follower.look() }
}

test('workers are told to load another champion once, and again, later each time, while one of them has not', () => {
  let champion: string | undefined
  const { state, look } = follow(() => champion)
  look()
  champion = 'one@1'
  look()
  assert.equal(state.reloads, 0)
  champion = 'two@2'
  look()
  look()
  assert.equal(state.reloads, 1)
  state.served = ['two@2', 'one@1']
  const reloadsAt: number[] = []
  for (; state.nowMs <= 10_000; state.nowMs += 1000) {
    const before = state.reloads
    look()
    if (state.reloads > before) reloadsAt.push(state.nowMs)
  }
  assert.deepEqual(reloadsAt, [1000, 3000, 7000])
  state.served = ['two@2', 'two@2']
  state.nowMs = 1_000_000
  look()
  assert.equal(state.reloads, 4)
})

test('a log that can not be read is told of once, and leaves the workers as they are', () => {
  let problem: string | undefined = 'the log is damaged'
  const { state, logger, look } = follow(() => {
    if (problem !== undefined) throw new Error(problem)
    return 'two@2'
  })
  look()
  look()
  assert.equal(state.reloads, 0)
  assert.equal(logger.lines.filter((line) => JSON.stringify(line).includes('the log is damaged')).length, 1)
  problem = undefined
  look()
  assert.equal(state.reloads, 1)
})
