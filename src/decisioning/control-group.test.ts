import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outcomes } from '../detector/detector-schema.ts'
import { drawControl } from './control-group.ts'
import { strengths } from './opinion.ts'

const secret = new Uint8Array(32).fill(1)
const group = { share: 0.02, upTo: 50 }

test('a share of would-be declines passes, the weighted count of both kinds being the count of all', () => {
  const draws = Array.from({ length: 20_000 }, (_, i) =>
    drawControl(group, { outcome: 'decline', strength: 'plain' }, 50, secret, String(i)),
  )
  const passed = draws.filter((each) => each?.passes)
  assert.ok(Math.abs(passed.length - 400) < 4 * Math.sqrt(400), `${passed.length}`)
  assert.deepEqual(new Set(passed.map((each) => each?.propensity)), new Set([0.02]))
  assert.deepEqual(new Set(draws.map((each) => each?.propensity)), new Set([0.02, 0.98]))
  // What passed, each weighed by one over its propensity, stands for all.
  const estimate = passed.reduce((sum, each) => sum + 1 / (each?.propensity ?? Number.NaN), 0)
  assert.ok(Math.abs(estimate - 20_000) < 4000)
})

test('only declines that are not final, and amounts up to the limit, are drawn for', () => {
  for (const outcome of outcomes) {
    for (const strength of strengths) {
      for (const amount of [-5, 0, 50, 50.01, Number.NaN]) {
        const isDrawn = drawControl(group, { outcome, strength }, amount, secret, 'a') !== undefined
        assert.equal(isDrawn, outcome === 'decline' && strength !== 'final' && amount <= 50)
      }
    }
  }
  assert.equal(
    drawControl({ share: 0, upTo: 50 }, { outcome: 'decline', strength: 'plain' }, 1, secret, 'a'),
    undefined,
  )
})
