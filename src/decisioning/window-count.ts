/** A window moves on by these parts of its width. */
const parts = 60

/**
 * Counts within a window that ends now: that of the current part of its width and the 59 before it, so that counting takes
 * the same memory whatever happens. Time never goes back here: `decidedAt` does not.
 */
export class WindowCount {
  readonly #partMs: number
  readonly #counts: Float64Array
  #newest = Number.NEGATIVE_INFINITY
  #total = 0

  constructor(widthMs: number) {
    // Parts without a width would never end.
    this.#partMs = Math.max(1, widthMs) / parts
    this.#counts = new Float64Array(parts)
  }

  add(atMs: number): void {
    this.#moveTo(atMs)
    this.#counts[this.#newest % parts]++
    this.#total++
  }

  count(atMs: number): number {
    this.#moveTo(atMs)
    return this.#total
  }

  /** As `count`, without moving on: looking changes nothing that is saved. */
  at(atMs: number): number {
    const now = Math.floor(atMs / this.#partMs)
    if (now === this.#newest) return this.#total
    const oldest = now - parts + 1
    let total = 0
    for (let part = Math.max(oldest, this.#newest - parts + 1); part <= this.#newest; part++) {
      total += this.#counts[part % parts]
    }
    return total
  }

  /** The newest part, and what each holds; how it is saved. */
  save(): readonly number[] {
    return Number.isFinite(this.#newest) ? [this.#newest, ...this.#counts] : []
  }

  load([newest, ...counts]: readonly number[]): void {
    if (newest === undefined) return
    this.#newest = newest
    this.#counts.set(counts)
    this.#total = counts.reduce((sum, each) => sum + each, 0)
  }

  #moveTo(atMs: number): void {
    const part = Math.floor(atMs / this.#partMs)
    if (part <= this.#newest) return
    const from = Math.max(this.#newest + 1, part - parts + 1)
    for (let each = from; each <= part; each++) {
      this.#total -= this.#counts[each % parts]
      this.#counts[each % parts] = 0
    }
    this.#newest = part
  }
}
