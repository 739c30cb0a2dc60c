/** What a case is ranked by: what is at stake, then age, then its number. */
export interface Rank {
  readonly expectedLoss: number
  readonly openedAtMs: number
  readonly sequence: number
}

/** Below 0 where `one` is to be worked before `other`. */
function compareRanks(one: Rank, other: Rank): number {
  return other.expectedLoss - one.expectedLoss || one.openedAtMs - other.openedAtMs || one.sequence - other.sequence
}

interface Entry<Item> extends Rank {
  readonly item: Item
  expectedLoss: number
}

const longestChunk = 512

/** Where more than one of so many has changed, all are sorted. */
const sortsAllOf = 4

/**
 * Items in the order of their ranks, the first to be worked first. Decisions put items in by the thousand, people look now
 * and then: what changes waits until somebody looks. Sorted chunks of a few hundred: a change is then two searches and a
 * shift within one of them, and a walk in order costs nothing beside what it visits.
 */
export class RankedQueue<Item> {
  readonly #ranks = new Map<Item, Entry<Item>>()
  #chunks: Entry<Item>[][] = []
  /** Ranks that items have by now; undefined of those that were taken out. */
  readonly #changed = new Map<Item, Rank | undefined>()

  get size(): number {
    this.#settle()
    return this.#ranks.size
  }

  /** Puts an item where its rank says, whether or not it was in. The rank is read when somebody looks. */
  put(item: Item, rank: Rank): void {
    this.#changed.set(item, rank)
  }

  remove(item: Item): void {
    // What nobody has seen is gone at once: nobody may ever look, and it would be held for that.
    if (this.#ranks.has(item)) this.#changed.set(item, undefined)
    else this.#changed.delete(item)
  }

  /** Those that wait for somebody to look. */
  get waiting(): number {
    return this.#changed.size
  }

  #settle(): void {
    if (this.#changed.size === 0) return
    const sortsAll = this.#changed.size * sortsAllOf > this.#ranks.size
    for (const [item, rank] of this.#changed) {
      const known = this.#ranks.get(item)
      if (known !== undefined && known.expectedLoss === rank?.expectedLoss) continue
      if (known !== undefined && !sortsAll) this.#takeOut(known)
      if (rank === undefined) {
        this.#ranks.delete(item)
        continue
      }
      const { expectedLoss, openedAtMs, sequence } = rank
      const entry = known ?? { expectedLoss, openedAtMs, sequence, item }
      entry.expectedLoss = expectedLoss
      this.#ranks.set(item, entry)
      if (!sortsAll) this.#insert(entry)
    }
    this.#changed.clear()
    if (sortsAll) this.#sortAll()
  }

  #sortAll(): void {
    const sorted = [...this.#ranks.values()].sort(compareRanks)
    this.#chunks = []
    for (let at = 0; at < sorted.length; at += longestChunk / 2) {
      this.#chunks.push(sorted.slice(at, at + longestChunk / 2))
    }
  }

  #insert(entry: Entry<Item>): void {
    const at = this.#chunkOf(entry)
    const chunk = this.#chunks[at]
    if (chunk === undefined) {
      this.#chunks.push([entry])
      return
    }
    chunk.splice(placeIn(chunk, entry), 0, entry)
    if (chunk.length > longestChunk) this.#chunks.splice(at + 1, 0, chunk.splice(longestChunk / 2))
  }

  #takeOut(entry: Entry<Item>): void {
    const at = this.#chunkOf(entry)
    const chunk = this.#chunks[at]
    chunk.splice(placeIn(chunk, entry), 1)
    if (chunk.length === 0) this.#chunks.splice(at, 1)
  }

  /** In order. @param after the rank to go on behind; from the first on without one. */
  *items(after?: Rank): Generator<Item> {
    this.#settle()
    const first = after === undefined ? 0 : this.#chunkOf(after)
    for (let at = first; at < this.#chunks.length; at++) {
      for (const entry of this.#chunks[at]) if (after === undefined || compareRanks(after, entry) < 0) yield entry.item
    }
  }

  /** The chunk that a rank belongs into: the first whose last is not before it, or the last. */
  #chunkOf(rank: Rank): number {
    let low = 0
    let high = Math.max(0, this.#chunks.length - 1)
    while (low < high) {
      const middle = (low + high) >> 1
      const last = this.#chunks[middle].at(-1)
      if (last !== undefined && compareRanks(last, rank) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Where a rank is among sorted ones, or would be. */
function placeIn(chunk: readonly Rank[], rank: Rank): number {
  let low = 0
  let high = chunk.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareRanks(chunk[middle], rank) < 0) low = middle + 1
    else high = middle
  }
  return low
}
