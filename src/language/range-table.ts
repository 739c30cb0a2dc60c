/** Ranges that end on one side, about one number: those that hold come first. */
export interface SortedRange {
  readonly slot: number
  /** 1 where values have to be above their limits, -1 where below: then the limits are turned, too. */
  readonly sign: number
  /** Ascending; a value that is at least one of them is within its range. */
  readonly limits: Float64Array
  /** The places of programs. */
  readonly places: Int32Array
}

/**
 * All ranges about numbers as they are, side by side: a look-up of its own for each name would be a call and memory of its own,
 * which take longer than what is compared.
 */
export class RangeTable {
  readonly #slots: Int32Array
  readonly #signs: Int8Array
  readonly #ends: Int32Array
  readonly #limits: Float64Array
  readonly #places: Int32Array

  constructor(ranges: readonly SortedRange[]) {
    this.#slots = Int32Array.from(ranges, ({ slot }) => slot)
    this.#signs = Int8Array.from(ranges, ({ sign }) => sign)
    this.#ends = new Int32Array(ranges.length)
    const size = ranges.reduce((sum, { places }) => sum + places.length, 0)
    this.#limits = new Float64Array(size)
    this.#places = new Int32Array(size)
    let end = 0
    for (const [i, { limits, places }] of ranges.entries()) {
      this.#limits.set(limits, end)
      this.#places.set(places, end)
      end += places.length
      this.#ends[i] = end
    }
  }

  /** Writes the places of ranges that hold, or are unknown, behind those that were found before; how many there are then. */
  find(numbers: Float64Array, found: Int32Array, count: number): number {
    const [slots, signs, ends, limits, places] = [this.#slots, this.#signs, this.#ends, this.#limits, this.#places]
    let at = 0
    for (let range = 0; range < slots.length; range++) {
      const value = signs[range] * numbers[slots[range]]
      const end = ends[range]
      // What is missing is NaN, which is not below anything.
      for (; at < end && !(value < limits[at]); at++) found[count++] = places[at]
      at = end
    }
    return count
  }
}

const double = new Float64Array(1)
const bits = new BigInt64Array(double.buffer)

/** The least number above another one: what is above a number is at least this one. */
export function nextAbove(value: number): number {
  if (value === 0) return Number.MIN_VALUE
  if (!Number.isFinite(value)) return value
  double[0] = value
  bits[0] += value > 0 ? 1n : -1n
  return double[0]
}
