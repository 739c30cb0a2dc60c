import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Control } from './control.ts'
import { ControlReader } from './control-reader.ts'
import { encodeEntry } from './entries.ts'
import type { OrderedLog, TakeEntry } from './ordered-log.ts'

/** A lane of entries that need nothing, or the model that they name, loaded or refused when a test says so. */
function createLane(past: readonly string[]) {
  const entries = [...past]
  const applied: string[] = []
  const loaded = new Set<string>()
  const asked: string[] = []
  const errors: unknown[] = []
  const loads: PromiseWithResolvers<void>[] = []
  const waits: (() => void)[] = []
  let position = -1
  let newest = ''
  let give: TakeEntry = () => {}
  const place = { lane: 'control', partition: 0 }
  const bytesOf = (json: string) => encodeEntry({ kind: 'change', json })
  const log: OrderedLog = {
    append: async () => {},
    end: async () => entries.length - 1,
    read: (_, take, signal) => {
      give = take
      for (const [i, entry] of entries.entries()) take(place, i, bytesOf(entry), 0)
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve()))
    },
  }
  const control: Pick<Control, 'position' | 'apply' | 'makeReady'> = {
    get position() {
      return position
    },
    apply(at, entry) {
      position = at
      if (entry.kind !== 'change') return
      applied.push(entry.json)
      if (entry.json.startsWith('model')) newest = entry.json
    },
    makeReady(entry) {
      const model = entry === undefined ? newest : entry.kind === 'change' ? entry.json : ''
      if (!model.startsWith('model') || loaded.has(model)) return undefined
      asked.push(model)
      const load = Promise.withResolvers<void>()
      loads.push(load)
      return load.promise.then(() => void loaded.add(model))
    },
  }
  const wait = (_: number, signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      waits.push(resolve)
      signal.addEventListener('abort', () => resolve())
    })
  const reader = new ControlReader({ log, control, wait, onError: (error) => errors.push(error) }, () => {})
  const stop = new AbortController()
  const run = async () => {
    void reader.run(stop.signal)
    await nextTurn()
  }
  const put = (entry: string) => give(place, entries.push(entry) - 1, bytesOf(entry), 0)
  return { reader, run, put, applied, asked, loads, waits, errors, stop }
}

test('of the past loads what is in force in the end, and is behind until then', async () => {
  const { reader, run, applied, asked, loads, stop } = createLane(['model 1', 'rule', 'model 2', 'list'])
  await run()
  assert.deepEqual([applied.length, asked, reader.isBehind], [4, ['model 2'], true])
  loads[0].resolve()
  await nextTurn()
  assert.equal(reader.isBehind, false)
  stop.abort()
})

test('takes a deployment, and what is behind it, once its model is loaded; the one before decides until then', async () => {
  const { reader, run, put, applied, loads, stop } = createLane(['rule'])
  await run()
  put('model 1')
  put('list')
  assert.deepEqual([applied, reader.isBehind], [['rule'], false])
  loads[0].resolve()
  await nextTurn()
  assert.deepEqual([applied, reader.isBehind], [['rule', 'model 1', 'list'], false])
  stop.abort()
})

test('goes on without deciding where a model can not be loaded, until it can or another one is in force', async () => {
  const { reader, run, put, applied, asked, loads, waits, errors, stop } = createLane(['rule'])
  await run()
  put('model 1')
  put('list')
  loads[0].reject(new Error('no runtime'))
  await nextTurn()
  assert.deepEqual([applied, reader.isBehind, errors.length], [['rule', 'model 1', 'list'], true, 1])
  put('model 2')
  assert.deepEqual([applied.at(-1), asked], ['model 2', ['model 1']])
  waits.at(-1)?.()
  await nextTurn()
  assert.deepEqual([asked, reader.isBehind], [['model 1', 'model 2'], true])
  loads[1].resolve()
  await nextTurn()
  assert.equal(reader.isBehind, false)
  stop.abort()
})
