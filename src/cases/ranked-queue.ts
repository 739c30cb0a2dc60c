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

/**
 * Items in the order of their ranks, the first to be worked first. Sorted chunks of a few hundred: a change is two
 * searches and a shift within one of them, and a walk in order costs nothing beside what it visits.
 */
export class RankedQueue<Item> {
  readonly #ranks = new Map<Item, Entry<Item>>()
  readonly #chunks: Entry<Item>[][] = []

  get size(): number {
    return this.#ranks.size
  }

  has(item: Item): boolean {
    return this.#ranks.has(item)
  }

  /** Puts an item where its rank says, whether or not it was in. */
  put(item: Item, { expectedLoss, openedAtMs, sequence }: Rank): void {
    const known = this.#ranks.get(item)
    if (known === undefined) {
      const entry = { expectedLoss, openedAtMs, sequence, item }
      this.#ranks.set(item, entry)
      this.#insert(entry)
    } else if (known.expectedLoss !== expectedLoss) {
      this.#takeOut(known)
      known.expectedLoss = expectedLoss
      this.#insert(known)
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

  remove(item: Item): void {
    const entry = this.#ranks.get(item)
    if (entry === undefined) return
    this.#ranks.delete(item)
    this.#takeOut(entry)
  }

  #takeOut(entry: Entry<Item>): void {
    const at = this.#chunkOf(entry)
    const chunk = this.#chunks[at]
    chunk.splice(placeIn(chunk, entry), 1)
    if (chunk.length === 0) this.#chunks.splice(at, 1)
  }

  /** In order. @param after the rank to go on behind; from the first on without one. */
  *items(after?: Rank): Generator<Item> {
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
