import { AsyncLocalStorage } from 'node:async_hooks'
import { syncBuiltinESMExports } from 'node:module'
import promised from 'node:timers/promises'
import type { Machine, Timeline } from '../timeline.ts'

const running = new AsyncLocalStorage<Machine | undefined>()

/** Work of a machine: timers that it sets are the machine's, and end with it. */
export function on<Result>(machine: Machine, work: () => Result): Result {
  return running.run(machine, work)
}

/** What timers return: nothing of it keeps a process alive. */
class Handle {
  isCleared = false
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }
  hasRef(): boolean {
    return false
  }
}

/**
 * Puts a made-up time in the place of Node's timers and of its steady clock, for code that knows nothing of it; what happens
 * at a time is drawn by nobody but the timeline. `Date` stays as it is: that clock is an argument wherever it is read.
 *
 * @returns what puts all of it back.
 */
export function installTimers(timeline: Timeline): () => void {
  function schedule(ms: number, work: () => void): Handle {
    const handle = new Handle()
    const machine = running.getStore()
    timeline.after(ms, machine, () => {
      if (!handle.isCleared) running.run(machine, work)
    })
    return handle
  }
  function repeat(ms: number, work: () => void): Handle {
    const handle = new Handle()
    const again = () => {
      schedule(ms, () => {
        if (handle.isCleared) return
        work()
        again()
      })
    }
    again()
    return handle
  }
  const clear = (handle?: Handle) => {
    if (handle !== undefined) handle.isCleared = true
  }
  type Work = (...given: unknown[]) => void
  const replaced = [
    replace(globalThis, {
      setTimeout: (work: Work, ms = 0, ...given: unknown[]) => schedule(ms, () => work(...given)),
      setInterval: (work: Work, ms = 0, ...given: unknown[]) => repeat(ms, () => work(...given)),
      setImmediate: (work: Work, ...given: unknown[]) => schedule(0, () => work(...given)),
      ...{ clearTimeout: clear, clearInterval: clear, clearImmediate: clear },
    }),
    replace(promised, {
      setTimeout: (ms: number, value?: unknown) => new Promise((resolve) => schedule(ms, () => resolve(value))),
      setImmediate: (value?: unknown) => new Promise((resolve) => schedule(0, () => resolve(value))),
    }),
    replace(performance, { now: () => timeline.nowMs }),
  ]
  syncBuiltinESMExports()
  return () => {
    for (const putBack of replaced) putBack()
    syncBuiltinESMExports()
  }
}

function replace(target: object, by: Readonly<Record<string, unknown>>): () => void {
  const before = Object.getOwnPropertyDescriptors(target)
  for (const [name, value] of Object.entries(by))
    Object.defineProperty(target, name, { value, configurable: true, writable: true })
  return () => {
    for (const name of Object.keys(by)) {
      const descriptor = Object.entries(before).find(([each]) => each === name)?.[1]
      if (descriptor === undefined) Reflect.deleteProperty(target, name)
      else Object.defineProperty(target, name, descriptor)
    }
  }
}
