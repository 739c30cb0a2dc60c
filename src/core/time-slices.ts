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
