import { setImmediate as nextTurn } from 'node:timers/promises'

/** Work that can be interrupted: each `next` does some more of it, which takes well below a millisecond. */
export type Steps<Result = void> = Generator<undefined, Result>

/** How long others wait at most: a decision takes as long. */
const sliceMs = 1

/** All of the work at once, where nobody waits. */
export function atOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

/**
 * The work in slices, between which whatever else the process has to do gets its turn: requests that have come are read
 * and answered before the next slice.
 *
 * @param afterTurn is called after each turn of the others; what it throws ends the work.
 */
export async function inSlices<Result>(
  steps: Iterator<undefined, Result>,
  afterTurn: () => void = () => {},
): Promise<Result> {
  try {
    for (let endMs = performance.now() + sliceMs; ; ) {
      const { done, value } = steps.next()
      if (done === true) return value
      if (performance.now() < endMs) continue
      await nextTurn()
      afterTurn()
      endMs = performance.now() + sliceMs
    }
  } finally {
    // What it has open is closed, done or not.
    steps.return?.()
  }
}

/**
 * How long a thread works at a time, and then rests. Where other processes want the core as well, a thread that only works
 * uses up what its process may have, and the thread that decides waits for some 5 ms each time that it wakes, whatever their
 * priorities; beside one that rests for less than a tenth of that.
 */
const workMs = 0.25
const restMs = 0.05

/** What a thread of its own calls again and again while it works, so that it rests in time; it blocks. */
export function createRests(): () => void {
  const never = new Int32Array(new SharedArrayBuffer(4))
  let restedMs = performance.now()
  return () => {
    if (performance.now() < restedMs + workMs) return
    Atomics.wait(never, 0, 0, restMs)
    restedMs = performance.now()
  }
}

/** The same values, with rests in between. */
export function* resting<Value, Result>(values: Iterable<Value, Result>, rest: () => void): Generator<Value, Result> {
  const iterator = values[Symbol.iterator]()
  for (;;) {
    const next = iterator.next()
    if (next.done === true) return next.value
    rest()
    yield next.value
  }
}
