const sliceMs = 0.5

/**
 * Lets large bodies be worked on in slices. Between two turns of the event loop one slice of one body is done, however many
 * bodies there are, so that a single decision waits for half a millisecond of theirs and no more.
 */
export class Turns {
  readonly #waiting: (() => void)[] = []
  #endMs = 0

  /** Whether the slice is used up; always so for work that has not waited for its turn. */
  isOver(): boolean {
    return performance.now() >= this.#endMs
  }

  /** Resolves when it is the caller's turn. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#waiting.push(resolve) === 1) setImmediate(this.#give)
    })
  }

  readonly #give = (): void => {
    const go = this.#waiting.shift()
    if (this.#waiting.length > 0) setImmediate(this.#give)
    this.#endMs = performance.now() + sliceMs
    go?.()
  }
}
