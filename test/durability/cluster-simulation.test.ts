import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from '../cluster/simulation.ts'

// SHRIKE_SEED=7 runs one again; SHRIKE_SEEDS=10000 runs so many.
const [only, count] = [process.env.SHRIKE_SEED, process.env.SHRIKE_SEEDS ?? '50']

const whats = [
  'told',
  'conflicts',
  'repeats',
  'degraded',
  'changes',
  'changed',
  'refused',
  'deployed',
  'takenOver',
] as const

test('a cluster holds what it promises, whatever fails', async () => {
  const seeds = only === undefined ? Array.from({ length: Number(count) }, (_, seed) => seed + 1) : [Number(only)]
  const all = Object.fromEntries(whats.map((what) => [what, 0]))
  for (const seed of seeds) {
    try {
      const tried = await simulate(seed)
      for (const what of whats) all[what] += tried[what]
    } catch (cause) {
      const again = `SHRIKE_SEED=${seed} node --import ./test/setup.ts --test test/durability/cluster-simulation.test.ts`
      throw new Error(`Seed ${seed} fails; repeat it by: ${again}`, { cause })
    }
  }
  if (only === undefined) {
    for (const [what, times] of Object.entries(all)) assert.ok(times > seeds.length / 20, `${what}: only ${times}`)
  }
})
