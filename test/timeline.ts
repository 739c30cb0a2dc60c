import { setImmediate as nextTurn } from 'node:timers/promises'

/** Kept, since a test may put the timeline in the place of timers. */
const settled = nextTurn

interface Happening {
  readonly atMs: number
  readonly order: number
  readonly of: Machine | undefined
  readonly happen: () => void
}

/** Where a process runs: it may stop for a while, or for good. */
export interface Machine {
  readonly name: string
  isDead: boolean
  /** Whatever happens to it until then happens then. */
  pausedUntilMs: number
}

/** A made-up time: what happens, happens at an instant of it, one thing after the other. */
export class Timeline {
  nowMs: number
  readonly #happenings: Happening[] = []
  #order = 0

  constructor(nowMs: number) {
    this.nowMs = nowMs
  }

  after(ms: number, of: Machine | undefined, happen: () => void): void {
    const happening = { atMs: this.nowMs + ms, order: this.#order++, of, happen }
    // Sorted with the next one last; most go near the front of those that are left.
    let low = 0
    let high = this.#happenings.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#happenings[middle].atMs > happening.atMs) low = middle + 1
      else high = middle
    }
    this.#happenings.splice(low, 0, happening)
  }

  /** Lets everything happen up to a time, or until it is so. */
  async run(untilMs: number, isOver: () => boolean = () => false): Promise<void> {
    for (
      let next = this.#happenings.at(-1);
      next !== undefined && next.atMs <= untilMs;
      next = this.#happenings.at(-1)
    ) {
      this.#happenings.pop()
      this.nowMs = Math.max(this.nowMs, next.atMs)
      if (next.of?.isDead) continue
      if (next.of !== undefined && next.of.pausedUntilMs > this.nowMs) {
        this.after(next.of.pausedUntilMs - this.nowMs, next.of, next.happen)
        continue
      }
      next.happen()
      await settled()
      if (isOver()) return
    }
    this.nowMs = Math.max(this.nowMs, untilMs)
  }
}
