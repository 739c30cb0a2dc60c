/**
 * A map whose entries come and go all the time: the same as a `Map`, made anew after some deletions.
 *
 * V8 (as of 13.6) has a `Map` that is full of deletions go on in a new table, and the old table points to the new one. An
 * old table that has lived long enough to be moved to the old space keeps all tables after it, and what they hold, from
 * dying young: each is copied and moved too, until a full collection. A map that is made anew begins without such a chain.
 */
export class TransientMap<Key, Value> {
  #entries = new Map<Key, Value>()
  #deletions = 0

  get size(): number {
    return this.#entries.size
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key)
  }

  has(key: Key): boolean {
    return this.#entries.has(key)
  }

  set(key: Key, value: Value): void {
    this.#entries.set(key, value)
  }

  delete(key: Key): void {
    if (!this.#entries.delete(key)) return
    this.#deletions += 1
    // At most as many entries are copied as were deleted.
    if (this.#deletions < leastDeletions || this.#deletions < this.#entries.size) return
    this.#deletions = 0
    this.#entries = new Map(this.#entries)
  }

  clear(): void {
    this.#deletions = 0
    this.#entries = new Map()
  }
}

const leastDeletions = 16
