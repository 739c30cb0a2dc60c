import { FraudError } from './errors.ts'

/** Counts by bin, those above 0 alone, the bins ascending. */
export interface SparseCounts {
  readonly bins: readonly number[]
  readonly counts: readonly number[]
}

/** Writes whole numbers, small ones in few bytes. */
export class NumberWriter {
  #bytes = new Uint8Array(256)
  #length = 0

  write(number: number): void {
    if (this.#length + 8 > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#bytes.length)
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    let left = number
    while (left > 127) {
      this.#bytes[this.#length++] = (left % 128) + 128
      left = Math.floor(left / 128)
    }
    this.#bytes[this.#length++] = left
  }

  /** Bins that have a count, each as the distance from the one before, with its count. */
  writeCounts({ bins, counts }: SparseCounts): void {
    this.write(bins.length)
    let before = 0
    for (const [i, bin] of bins.entries()) {
      this.write(bin - before)
      this.write(counts[i])
      before = bin
    }
  }

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }
}

/** Reads what a NumberWriter wrote. @throws FraudError SNAPSHOT_INVALID where the bytes are something else. */
export class NumberReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  read(): number {
    let number = 0
    for (let scale = 1; scale < 2 ** 53; scale *= 128) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) break
      number += (byte % 128) * scale
      if (byte < 128 && Number.isSafeInteger(number)) return number
    }
    throw new FraudError('SNAPSHOT_INVALID', 'Saved counts are damaged: a number does not end')
  }

  /** @param bound all bins are below it. */
  readCounts(bound: number): SparseCounts {
    const length = this.read()
    if (length > bound) throw new FraudError('SNAPSHOT_INVALID', 'Saved counts are damaged: there are too many')
    const bins: number[] = []
    const counts: number[] = []
    for (let i = 0, bin = 0; i < length; i++) {
      bin += this.read()
      if (bin >= bound) throw new FraudError('SNAPSHOT_INVALID', 'Saved counts are damaged: a bin does not exist')
      bins.push(bin)
      counts.push(this.read())
    }
    return { bins, counts }
  }
}

/** The counts above 0 of a part of an array. */
export function sparse(dense: ArrayLike<number>, from: number, length: number): SparseCounts {
  const bins: number[] = []
  const counts: number[] = []
  for (let bin = 0; bin < length; bin++) {
    const count = dense[from + bin]
    if (count === 0) continue
    bins.push(bin)
    counts.push(count)
  }
  return { bins, counts }
}
