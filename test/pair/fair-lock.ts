export type Mode = 'share' | 'exclusive'

interface Waiting {
  readonly owner: object
  readonly mode: Mode
  readonly go: () => void
}

/** A lock that several share or one has alone, given in the order in which it was asked for. */
export class FairLock {
  readonly #held = new Map<object, Mode>()
  #waiting: Waiting[] = []

  /** Calls `go` once it has it, at once where nobody is in the way, or where nothing is asked for. */
  take(owner: object, mode: Mode | undefined, go: () => void): void {
    if (mode === undefined) go()
    else {
      this.#waiting.push({ owner, mode, go })
      this.#give()
    }
  }

  release(owner: object): void {
    this.giveUp(owner)
    this.#held.delete(owner)
    this.#give()
  }

  /** Waits no longer. */
  giveUp(owner: object): void {
    this.#waiting = this.#waiting.filter((each) => each.owner !== owner)
  }

  #give(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const { owner, mode, go } = next
      const others = [...this.#held].filter(([each]) => each !== owner)
      if (others.some(([, held]) => held === 'exclusive' || mode === 'exclusive')) return
      this.#waiting.shift()
      this.#held.set(owner, this.#held.get(owner) === 'exclusive' ? 'exclusive' : mode)
      go()
    }
  }
}
