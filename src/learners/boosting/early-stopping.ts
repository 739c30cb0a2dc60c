import { goesLeft, type TreeNodes } from '../../models/trees/tree-nodes.ts'
import type { BoostingOptions } from './boosting-options.ts'

export type BoostedTrees = Omit<TreeNodes, 'roots'>

/** Rows that decide when to stop. */
export interface ValidationRows {
  readonly columns: readonly Float64Array[]
  readonly labels: Uint8Array
  readonly weights: Float64Array
  readonly scores: Float64Array
}

/** The leaf of a tree that a row of columns reaches. */
export function findNode(nodes: BoostedTrees, columns: readonly Float64Array[], row: number): number {
  let node = 0
  for (let feature = nodes.feature[0]; feature >= 0; feature = nodes.feature[node]) {
    node = nodes.left[node] + (goesLeft(nodes, node, columns[feature][row]) ? 0 : 1)
  }
  return node
}

/** Watches the log loss on rows that are not learned from. */
export class EarlyStopping {
  readonly #rows: ValidationRows
  readonly #rounds: number
  #trees = 0
  #bestLoss = Number.POSITIVE_INFINITY
  /** The number of trees that did best. */
  best = 0

  constructor(rows: ValidationRows, { earlyStoppingRounds }: BoostingOptions) {
    this.#rows = rows
    this.#rounds = earlyStoppingRounds ?? Number.POSITIVE_INFINITY
  }

  get isOver(): boolean {
    return this.#trees - this.best >= this.#rounds
  }

  add(tree: BoostedTrees): void {
    const { columns, labels, weights, scores } = this.#rows
    let loss = 0
    for (let row = 0; row < labels.length; row++) {
      scores[row] += tree.value[findNode(tree, columns, row)]
      const margin = labels[row] === 1 ? -scores[row] : scores[row]
      // log(1 + exp(margin)), without overflow.
      loss += weights[row] * (Math.max(margin, 0) + Math.log1p(Math.exp(-Math.abs(margin))))
    }
    this.#trees++
    if (loss < this.#bestLoss) {
      this.#bestLoss = loss
      this.best = this.#trees
    }
  }
}
