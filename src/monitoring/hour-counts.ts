import { NumberReader, NumberWriter, type SparseCounts, sparse } from '../core/sparse-counts.ts'
import { binCount } from '../core/value-bins.ts'

/** What was observed of one feature, score or lag in an hour. */
export interface Observed extends SparseCounts {
  /** Of the finite values. */
  readonly sum: number
}

/** An hour that may still be added to, by the places of slots. */
export class OpenHour {
  #bins: Uint32Array
  #sums: Float64Array
  readonly counters = new Map<string, number>()

  /** @param slots how many there are likely to be. */
  constructor(slots: number) {
    this.#bins = new Uint32Array(slots * binCount)
    this.#sums = new Float64Array(slots)
  }

  add(slot: number, bin: number, value: number): void {
    if (slot >= this.#sums.length) this.#grow(slot + 1)
    this.#bins[slot * binCount + bin] += 1
    // Neither missing nor infinite.
    if (value - value === 0) this.#sums[slot] += value
  }

  count(name: string, by = 1): void {
    this.counters.set(name, (this.counters.get(name) ?? 0) + by)
  }

  observed(slot: number): Observed | undefined {
    if (slot >= this.#sums.length) return undefined
    const counts = sparse(this.#bins, slot * binCount, binCount)
    return counts.bins.length === 0 ? undefined : { ...counts, sum: this.#sums[slot] }
  }

  /** As bytes that say the same of the same observations. */
  freeze(): Uint8Array {
    const writer = new NumberWriter()
    for (let slot = 0; slot < this.#sums.length; slot++) {
      const observed = this.observed(slot)
      if (observed === undefined) continue
      writer.write(slot + 1)
      writeDouble(writer, observed.sum)
      writer.writeCounts(observed)
    }
    writer.write(0)
    return writer.bytes()
  }

  thaw(frozen: Uint8Array): void {
    for (const [slot, { sum, bins, counts }] of readFrozen(frozen)) {
      if (slot >= this.#sums.length) this.#grow(slot + 1)
      this.#sums[slot] = sum
      for (const [i, bin] of bins.entries()) this.#bins[slot * binCount + bin] = counts[i]
    }
  }

  #grow(slots: number): void {
    const bins = new Uint32Array(slots * binCount)
    bins.set(this.#bins)
    const sums = new Float64Array(slots)
    sums.set(this.#sums)
    this.#bins = bins
    this.#sums = sums
  }
}

/** What a frozen hour observed, by the places of slots, ascending. */
export function* readFrozen(frozen: Uint8Array): Generator<readonly [number, Observed]> {
  const reader = new NumberReader(frozen)
  for (let slot = reader.read(); slot > 0; slot = reader.read()) {
    const sum = readDouble(reader)
    yield [slot - 1, { sum, ...reader.readCounts(binCount) }]
  }
}

const double = new Float64Array(1)
const halves = new Uint32Array(double.buffer)

function writeDouble(writer: NumberWriter, value: number): void {
  double[0] = value
  writer.write(halves[0])
  writer.write(halves[1])
}

function readDouble(reader: NumberReader): number {
  halves[0] = reader.read()
  halves[1] = reader.read()
  return double[0]
}
