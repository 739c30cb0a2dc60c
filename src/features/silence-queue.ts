import { extend } from './series-store.ts'

/**
 * Keys in about the order of their last use, for dropping those that have long been silent a few at a time. A use costs
 * nothing here: a key that comes to the front and was used since it was queued goes to the back again (second chance,
 * as page caches do), so each step is paid by a use.
 */
export class SilenceQueue {
  /** Key numbers, in a ring. */
  #ring = new Int32Array(64)
  #front = 0
  #length = 0
  /** When each key was last used, as of the time that it was queued; by key number. */
  #queuedMs = new Float64Array(64)

  get bytes(): number {
    return this.#ring.byteLength + this.#queuedMs.byteLength
  }

  get length(): number {
    return this.#length
  }

  add(key: number, lastUsedMs: number): void {
    if (this.#length === this.#ring.length) this.#grow()
    if (key >= this.#queuedMs.length) {
      const longer = new Float64Array(Math.max(key + 1, Math.ceil(this.#queuedMs.length * 1.5)))
      longer.set(this.#queuedMs)
      this.#queuedMs = longer
    }
    this.#ring[(this.#front + this.#length++) % this.#ring.length] = key
    this.#queuedMs[key] = lastUsedMs
  }

  /** The keys from the front to the back, each with the time that it was queued with. */
  *entries(): Generator<readonly [key: number, queuedMs: number]> {
    for (let i = 0; i < this.#length; i++) {
      const key = this.#ring[(this.#front + i) % this.#ring.length]
      yield [key, this.#queuedMs[key]]
    }
  }

  /** Takes out the key at the front if it was silent since `horizonMs`; -1 where it was not. */
  next(horizonMs: number, lastUsedMs: (key: number) => number): number {
    if (this.#length === 0) return -1
    const key = this.#ring[this.#front]
    // Not old enough even if it was never used since.
    if (this.#queuedMs[key] > horizonMs) return -1
    this.#front = this.#front + 1 === this.#ring.length ? 0 : this.#front + 1
    this.#length--
    const usedMs = lastUsedMs(key)
    if (usedMs <= horizonMs) return key
    this.add(key, usedMs)
    return -1
  }

  /** Takes out the key that is likeliest to have been silent for longest; -1 where there is none. */
  oldest(lastUsedMs: (key: number) => number): number {
    for (let passed = 0; passed < this.#length; passed++) {
      const key = this.#ring[this.#front]
      const found = this.next(this.#queuedMs[key], lastUsedMs)
      if (found >= 0) return found
    }
    return this.next(Number.POSITIVE_INFINITY, lastUsedMs)
  }

  #grow(): void {
    const ring = extend(this.#ring.subarray(this.#front), Math.ceil(this.#ring.length * 1.5))
    ring.set(this.#ring.subarray(0, this.#front), this.#ring.length - this.#front)
    this.#ring = ring
    this.#front = 0
  }
}
