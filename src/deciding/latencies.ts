const kept = 4096
/** With fewer, the 99th percentile is the slowest one. */
const least = 100

/** The newest times that something took. */
export class Latencies {
  readonly #ms = new Float64Array(kept)
  #count = 0

  add(ms: number): void {
    this.#ms[this.#count % kept] = ms
    this.#count += 1
  }

  /** At the 99th percentile; undefined while there are too few to say. */
  get p99(): number | undefined {
    if (this.#count < least) return undefined
    const sorted = this.#ms.slice(0, Math.min(kept, this.#count)).sort()
    return sorted[Math.ceil(0.99 * sorted.length) - 1]
  }
}
