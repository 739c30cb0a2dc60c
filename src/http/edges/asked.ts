import assert from 'node:assert/strict'
import type { Settle } from '../plain-handler.ts'

/** What requests go up by, with how many of its are up. */
export interface CountedPath {
  up: number
}

interface Asked {
  readonly path: CountedPath
  readonly settle: Settle
  readonly leave: () => void
}

/** Requests of an edge that wait for their answers, each by a number that is its own until then. */
export class AskedRequests {
  readonly #asked: (Asked | undefined)[] = []
  readonly #free: number[] = []

  add(path: CountedPath, settle: Settle, leave: () => void): number {
    const slot = this.#free.pop() ?? this.#asked.length
    this.#asked[slot] = { path, settle, leave }
    path.up += 1
    return slot
  }

  /** @param answer an empty one says that the request is not one for an edge. */
  answer(slot: number, answer: string): void {
    const asked = this.#asked[slot]
    assert(asked !== undefined, 'only what was asked is answered, and once')
    this.#asked[slot] = undefined
    this.#free.push(slot)
    asked.path.up -= 1
    if (answer === '') asked.leave()
    else asked.settle(undefined, answer)
  }
}
