import { createRandom } from '../../core/random.ts'
import type { Barrier } from '../barrier.ts'
import { type BoostingData, type Leaf, partedTogether, type ThreadMemory } from './boosting-data.ts'
import type { BoostingLoops } from './boosting-loops.ts'
import type { FoundSplit } from './gradient-histogram.ts'

/** The rows of a tree, leaf by leaf. Every thread keeps the same. */
export class LeafRows {
  readonly #data: BoostingData
  readonly #number: number
  readonly #barrier: Barrier
  readonly #loops: BoostingLoops
  readonly #own: ThreadMemory
  /** How many rows the tree sees. */
  seen = 0

  constructor(data: BoostingData, number: number, barrier: Barrier, loops: BoostingLoops) {
    this.#data = data
    this.#number = number
    this.#barrier = barrier
    this.#loops = loops
    this.#own = data.own[number]
  }

  get order(): Uint32Array {
    return this.#own.order
  }

  /** The rows of a tree, in ascending order; those that it does not see stand behind. */
  draw(tree: number): void {
    const { options, labels } = this.#data
    const { order } = this
    this.seen = labels.length
    if (options.subsample === 1) {
      this.#loops.countUp(order.byteOffset, labels.length)
      return
    }
    // Every thread draws the same.
    const random = createRandom(options.seed, 2 * tree + 1)
    const wanted = Math.max(1, Math.round(options.subsample * labels.length))
    let drawn = 0
    let left = 0
    for (let row = 0; row < labels.length; row++) {
      const isIn = random.uniform() * (labels.length - row) < wanted - drawn
      order[isIn ? drawn : wanted + left] = row
      if (isIn) drawn++
      else left++
    }
    this.seen = wanted
  }

  /** Moves the rows that go left to the front, all in their order; returns where the others begin. */
  split({ start, end }: Leaf, split: FoundSplit): number {
    const { leftRows, rightRows, leftCounts, threads } = this.#data
    if (end - start <= partedTogether) {
      const own = this.#own
      const count = this.#partRows(start, end, split, own.leftRows, own.rightRows)
      this.#place(own.leftRows, 0, count, start)
      this.#place(own.rightRows, 0, end - start - count, start + count)
      return start + count
    }
    const bounds = (thread: number) => start + Math.floor(((end - start) * thread) / threads)
    const [from, to] = [bounds(this.#number), bounds(this.#number + 1)]
    leftCounts[this.#number] = this.#partRows(from, to, split, leftRows.subarray(from), rightRows.subarray(from))
    this.#barrier.wait()
    const middle = start + leftCounts.reduce((sum, count) => sum + count, 0)
    let left = start
    let right = middle
    leftCounts.forEach((count, thread) => {
      const [first, last] = [bounds(thread), bounds(thread + 1)]
      this.#place(leftRows, first, count, left)
      this.#place(rightRows, first, last - first - count, right)
      left += count
      right += last - first - count
    })
    return middle
  }

  /** Copies so many rows into the order. */
  #place(rows: Uint32Array, from: number, count: number, to: number): void {
    const size = rows.BYTES_PER_ELEMENT
    this.#loops.copy(this.order.byteOffset + to * size, rows.byteOffset + from * size, count * size)
  }

  /** Copies a part of a leaf's rows to those that go left and those that go right; returns how many go left. */
  #partRows(
    from: number,
    to: number,
    { feature, bin, categories, missingGoesLeft }: FoundSplit,
    leftRows: Uint32Array,
    rightRows: Uint32Array,
  ): number {
    const { bins, endCounts } = this.#data
    const { order, leftBins } = this.#own
    this.#loops.fill(leftBins.byteOffset, 0, leftBins.length)
    if (categories === undefined) this.#loops.fill(leftBins.byteOffset, 1, bin + 1)
    else for (const code of categories) leftBins[code] = 1
    leftBins[endCounts[feature]] = Number(missingGoesLeft)
    const [column, left, right] = [bins[feature], leftRows, rightRows].map(({ byteOffset }) => byteOffset)
    return this.#loops.partRows(column, leftBins.byteOffset, order.byteOffset, from, to, left, right)
  }

  /** Whether a value of the split's feature is missing in some row of the leaf. */
  isMissingIn({ start, end }: Leaf, { feature }: FoundSplit): boolean {
    const { bins, endCounts, hasMissing } = this.#data
    if (hasMissing[feature] === 0) return false
    const [column, missingBin] = [bins[feature], endCounts[feature]]
    for (let i = start; i < end; i++) if (column[this.order[i]] === missingBin) return true
    return false
  }
}
