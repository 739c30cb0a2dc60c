import { type Limit, signOf } from './necessary.ts'

/** The numbers of one limit: slot, sign, bound, the slot that is multiplied, and the factor. */
const width = 5
const ofPlace = 2 * width

/** Tells of programs, by their places, which of them are false by two limits alone, without running them. */
export class Guards {
  #limits = new Float64Array(0)

  set(place: number, guard: readonly [Limit, Limit] | undefined): void {
    const start = place * ofPlace
    if (start >= this.#limits.length) {
      const before = this.#limits
      this.#limits = new Float64Array(2 * (start + ofPlace))
      this.#limits.set(before)
    }
    // A sign of 0 is never false.
    this.#limits.fill(0, start, start + ofPlace)
    for (const [i, limit] of (guard ?? []).entries()) {
      const { slot, bound, of, factor } = limit
      this.#limits.set([slot, signOf(limit), bound, of, factor], start + i * width)
    }
  }

  /** What is missing is NaN, which is not below anything. */
  isFalse(place: number, numbers: Float64Array): boolean {
    const limits = this.#limits
    const first = place * ofPlace
    const second = first + width
    const beyond = numbers[limits[first]] - limits[first + 2] - limits[first + 4] * numbers[limits[first + 3]]
    if (!(limits[first + 1] * beyond < 0)) return false
    const other = numbers[limits[second]] - limits[second + 2] - limits[second + 4] * numbers[limits[second + 3]]
    return limits[second + 1] * other < 0
  }
}
