import { extend } from './series-store.ts'

// Many small tables in place of a large one: none ever takes long to grow.
const shardBits = 8
const firstSlots = 16
const free = -1

/**
 * A small number for each key that is in use, given again after the key was removed: a hash table with open addresses.
 */
export class KeyIndex {
  /** By the first bits of the hash: slots of key numbers, and how many are in use. */
  readonly #shards: Int32Array[] = Array.from({ length: 2 ** shardBits }, () => new Int32Array(firstSlots).fill(free))
  readonly #used = new Int32Array(2 ** shardBits)
  readonly #texts: (string | undefined)[] = []
  /** By key number. */
  #hashes = new Int32Array(64)
  readonly #freeNumbers: number[] = []
  #slots = firstSlots * 2 ** shardBits
  size = 0

  /** Numbers given out so far are below this. */
  get capacity(): number {
    return this.#texts.length
  }

  /** The estimate includes 32 bytes for the text of a key with its header. */
  get bytes(): number {
    return this.size * 32 + this.#texts.length * 8 + this.#hashes.byteLength + this.#slots * 4
  }

  /** The number of a key; -1 where it has none. */
  find(key: string): number {
    const hash = hashKey(key)
    const slots = this.#shards[hash >>> (32 - shardBits)]
    const mask = slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const number = slots[slot]
      if (number === free || this.#texts[number] === key) return number
    }
  }

  textOf(number: number): string | undefined {
    return this.#texts[number]
  }

  /** Gives a number to a key that has none. */
  add(key: string): number {
    const number = this.#freeNumbers.pop() ?? this.#texts.length
    const hash = hashKey(key)
    const shard = hash >>> (32 - shardBits)
    if (number >= this.#hashes.length) this.#hashes = extend(this.#hashes, Math.ceil(this.#hashes.length * 1.5))
    this.#texts[number] = key
    this.#hashes[number] = hash
    if (++this.#used[shard] * 3 > this.#shards[shard].length * 2) this.#grow(shard)
    place(this.#shards[shard], hash, number)
    this.size++
    return number
  }

  remove(number: number): void {
    if (this.#texts[number] === undefined) return
    const hash = this.#hashes[number]
    const shard = hash >>> (32 - shardBits)
    const slots = this.#shards[shard]
    const mask = slots.length - 1
    let slot = hash & mask
    while (slots[slot] !== number) slot = (slot + 1) & mask
    // Those behind it move up, so that no search stops at the gap (Knuth, volume 3, section 6.4, algorithm R).
    for (let next = (slot + 1) & mask; slots[next] !== free; next = (next + 1) & mask) {
      const home = this.#hashes[slots[next]] & mask
      if (((next - home) & mask) < ((next - slot) & mask)) continue
      slots[slot] = slots[next]
      slot = next
    }
    slots[slot] = free
    this.#used[shard]--
    this.#texts[number] = undefined
    this.#freeNumbers.push(number)
    this.size--
  }

  #grow(shard: number): void {
    const slots = this.#shards[shard]
    const larger = new Int32Array(slots.length * 2).fill(free)
    for (const number of slots) if (number !== free) place(larger, this.#hashes[number], number)
    this.#shards[shard] = larger
    this.#slots += slots.length
  }
}

function place(slots: Int32Array, hash: number, number: number): void {
  const mask = slots.length - 1
  let slot = hash & mask
  while (slots[slot] !== free) slot = (slot + 1) & mask
  slots[slot] = number
}

/** FNV-1a over UTF-16 code units, then mixed, so that first and last bits are as good as others. */
function hashKey(key: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return hash ^ (hash >>> 13)
}
