import type { Barrier } from '../barrier.ts'
import { type BoostingData, blockFields, blockRows, type Leaf, nodesPerTree, treeAt } from './boosting-data.ts'
import type { BoostingLoops } from './boosting-loops.ts'
import { findNode } from './early-stopping.ts'
import { leafValue, type RoundedSums, roundedSum } from './gradient-histogram.ts'
import type { LeafRows } from './leaf-rows.ts'

/** The rows' scores: what each tree has to learn from them, and what it adds to them. A thread does its share. */
export class BoostingScores {
  readonly #data: BoostingData
  readonly #number: number
  readonly #barrier: Barrier
  readonly #loops: BoostingLoops
  /** What gradients and hessians are multiplied by before they are rounded. */
  gradientScale = 1
  hessianScale = 1

  constructor(data: BoostingData, number: number, barrier: Barrier, loops: BoostingLoops) {
    this.#data = data
    this.#number = number
    this.#barrier = barrier
    this.#loops = loops
  }

  /** Gradients of the log loss, of this thread's blocks; then, scaled to whole numbers, packed. */
  computeGradients(): void {
    const { scores, labels, weights, gradients, hessians, packed, blockSums } = this.#data
    const places = [scores, labels, weights, gradients, hessians] as const
    const [score, label, weight, gradient, hessian] = places.map(({ byteOffset }) => byteOffset)
    const sumsOf = (block: number) => blockSums.byteOffset + blockFields * block * blockSums.BYTES_PER_ELEMENT
    this.#forBlocks((block, from, to) => {
      this.#loops.computeGradients(score, label, weight, gradient, hessian, from, to, sumsOf(block))
    })
    this.#barrier.wait()
    const [gradientSum, hessianSum] = [this.#sumOfBlocks(0), this.#sumOfBlocks(1)]
    this.gradientScale = gradientSum > 0 ? roundedSum / gradientSum : 1
    this.hessianScale = hessianSum > 0 ? roundedSum / hessianSum : 1
    const { gradientScale, hessianScale } = this
    this.#forBlocks((block, from, to) => {
      const sums = sumsOf(block) + 2 * blockSums.BYTES_PER_ELEMENT
      this.#loops.pack(gradient, hessian, packed.byteOffset, from, to, gradientScale, hessianScale, sums)
    })
  }

  /** The gradients of all rows without their signs, their hessians, or one of both rounded. */
  #sumOfBlocks(part: number): number {
    const { blockSums } = this.#data
    let sum = 0
    for (let i = part; i < blockSums.length; i += blockFields) sum += blockSums[i]
    return sum
  }

  #forBlocks(work: (block: number, from: number, to: number) => void): void {
    const { labels, threads } = this.#data
    const blocks = Math.ceil(labels.length / blockRows)
    for (let block = this.#number; block < blocks; block += threads) {
      work(block, block * blockRows, Math.min((block + 1) * blockRows, labels.length))
    }
  }

  /** The sums of all rows, rounded, once every thread has computed its gradients. */
  get rounded(): RoundedSums {
    return { gradient: this.#sumOfBlocks(2), hessian: this.#sumOfBlocks(3) }
  }

  /** Leaf values of exact sums, added up in blocks of rows that lie the same for any number of threads. */
  settle(tree: number, leaves: readonly Leaf[], rows: LeafRows): void {
    const { options, trees, gradients, hessians, weights, scores, leafSums } = this.#data
    const [order, gradient, hessian] = [rows.order, gradients, hessians].map(({ byteOffset }) => byteOffset)
    const weight = this.#data.isWeighted ? weights.byteOffset : 0
    this.#forLeafBlocks(leaves, (block, _, from, to) => {
      this.#loops.sumLeaf(order, from, to, gradient, hessian, weight, leafSums.byteOffset + 24 * block)
    })
    this.#barrier.wait()
    let next = 0
    const values = leaves.map(({ node, start, end, low, high }) => {
      const sums = [0, 0, 0]
      for (const last = next + Math.ceil((end - start) / blockRows); next < last; next++) {
        for (let part = 0; part < 3; part++) sums[part] += leafSums[3 * next + part]
      }
      const [gradient, hessian, cover] = sums
      const value = options.learningRate * leafValue(gradient, hessian, options, low, high)
      if (this.#number === 0) {
        const at = tree * nodesPerTree(options) + node
        trees.feature[at] = -1
        trees.value[at] = value
        trees.cover[at] = cover
      }
      return value
    })
    this.#forLeafBlocks(leaves, (_, leaf, from, to) => {
      this.#loops.addValue(rows.order.byteOffset, from, to, scores.byteOffset, values[leaf])
    })
    this.#barrier.wait()
    this.#scoreUnseen(tree, rows)
  }

  /** This thread's share of the blocks of all leaves, each with its number and its leaf's. */
  #forLeafBlocks(leaves: readonly Leaf[], work: (block: number, leaf: number, from: number, to: number) => void): void {
    let block = 0
    leaves.forEach(({ start, end }, leaf) => {
      for (let from = start; from < end; from += blockRows, block++) {
        if (block % this.#data.threads === this.#number) work(block, leaf, from, Math.min(from + blockRows, end))
      }
    })
  }

  /** Rows that the tree was not grown on get its value, too. */
  #scoreUnseen(tree: number, { order, seen }: LeafRows): void {
    const { columns, scores, threads } = this.#data
    const share = Math.ceil((order.length - seen) / threads)
    const from = seen + this.#number * share
    if (share === 0) return
    const nodes = treeAt(this.#data, tree)
    for (let i = from; i < Math.min(from + share, order.length); i++) {
      scores[order[i]] += nodes.value[findNode(nodes, columns, order[i])]
    }
  }
}
