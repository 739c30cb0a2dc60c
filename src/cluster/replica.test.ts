import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { definitionOf, keyed, SimulatedControl } from '../../test/cluster/simulated-control.ts'
import { encodeEntry } from './entries.ts'
import { controlPlace, homeLane } from './lanes.ts'
import type { OrderedLog } from './ordered-log.ts'
import { Replica } from './replica.ts'

test('a replica that cannot read a lane of keys ends with what failed', { timeout: 10_000 }, async () => {
  const json = JSON.stringify(definitionOf(keyed.slice(0, 3), 'm'))
  const aborted = (signal: AbortSignal) =>
    new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
  const log: OrderedLog = {
    append: async () => {},
    end: async ({ lane }) => (lane === controlPlace.lane ? 0 : -1),
    read: async ([place], take, signal) => {
      const { lane } = place
      if (lane !== controlPlace.lane && lane !== homeLane) throw new Error('the log does not have it any more')
      await setImmediate()
      if (lane === controlPlace.lane) take(place, 0, encodeEntry({ kind: 'definition', json }), 0)
      await aborted(signal)
    },
  }
  const control = new SimulatedControl()
  const replica = new Replica({
    ...{ log, control, judge: control.judge, address: 'a', partitions: 1 },
    ...{ retryMs: 10, giveUpMs: 10, unansweredMs: 100, keepMs: 1_000, clock: () => 0, steadyClock: () => 0 },
    wait: (_, signal) => aborted(signal),
    send: () => assert.fail(),
    holds: () => true,
    onFault: (_, fault) => assert.fail(fault),
    onError: () => assert.fail(),
  })
  const stop = new AbortController()
  const running = replica.run(stop.signal)
  setTimeout(() => stop.abort(), 2_000).unref()
  await assert.rejects(running, /does not have it any more/)
  stop.abort()
})
