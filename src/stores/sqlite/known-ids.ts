import { hashText } from '../../core/hash-text.ts'

const bitsPerId = 16
const probes = 6
const firstCapacity = 2 ** 17
const half = 2 ** 27

interface Layer {
  readonly bits: Int32Array
  readonly capacity: number
  ids: number
}

/**
 * Says of most ids that the log can't have them without asking the database: a Bloom filter (1970) in layers, each twice
 * as large as the one before, of two bytes per id. Of ids that are new one in some thousand is asked for in vain.
 */
export class KnownIds {
  readonly #layers: Layer[] = []

  get bytes(): number {
    return this.#layers.reduce((sum, { bits }) => sum + bits.byteLength, 0)
  }

  add(id: string): void {
    let layer = this.#layers.at(-1)
    if (layer === undefined || layer.ids === layer.capacity) {
      const capacity = layer === undefined ? firstCapacity : layer.capacity * 2
      layer = { bits: new Int32Array((capacity * bitsPerId) / 32), capacity, ids: 0 }
      this.#layers.push(layer)
    }
    layer.ids++
    const { bits } = layer
    const hash = hashText(id)
    const step = Math.floor(hash / half) | 1
    let bit = hash % half
    for (let probe = 0; probe < probes; probe++, bit += step) bits[(bit >>> 5) & (bits.length - 1)] |= 1 << (bit & 31)
  }

  /** False only of an id that was never added. */
  mayHave(id: string): boolean {
    const hash = hashText(id)
    const step = Math.floor(hash / half) | 1
    for (const { bits } of this.#layers) {
      let bit = hash % half
      let probe = 0
      while (probe < probes && (bits[(bit >>> 5) & (bits.length - 1)] & (1 << (bit & 31))) !== 0) {
        probe++
        bit += step
      }
      if (probe === probes) return true
    }
    return false
  }
}
