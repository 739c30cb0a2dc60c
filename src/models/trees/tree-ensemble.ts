import { atOnce, type Steps } from '../../core/time-slices.ts'
import { probabilityOf } from '../log-odds.ts'
import type { Model } from '../model.ts'
import { type CompiledForest, compileForest } from './compiled-forest.ts'
import { compilePackedForest } from './packed-forest.ts'
import { findLeaf, type TreeNodes } from './tree-nodes.ts'
import { type SumRows, walkRows } from './walk-rows.ts'

/**
 * What the leaves that a row reaches make. A forest's mean is the probability; boosted trees' sum and base are its
 * log-odds; an isolation forest's mean is a depth, and the score 2^(-depth / usual depth).
 */
export type Combination =
  | { readonly kind: 'mean' }
  | { readonly kind: 'log-odds'; readonly base: number }
  | { readonly kind: 'isolation'; readonly usualDepth: number }

export interface TreeEnsemble extends Model {
  readonly kind: 'tree-ensemble'
  readonly nodes: TreeNodes
  readonly combination: Combination
}

export function createTreeEnsemble(
  features: readonly string[],
  nodes: TreeNodes,
  combination: Combination = { kind: 'mean' },
): TreeEnsemble {
  const { roots, value } = nodes
  const toProbability = combine(combination, roots.length)
  // Made at the first row by those who were not prepared, so that a bundle is loaded at once. Undefined where it can't be.
  let compiled: CompiledForest | undefined | null = null
  const walkTrees = (row: Float64Array) => {
    let sum = 0
    for (let tree = 0; tree < roots.length; tree++) sum += value[findLeaf(nodes, roots[tree], row)]
    return sum
  }
  function* compile(): Steps {
    const isLarge = nodes.feature.length > mostNodesAtHand
    const made = yield* (isLarge ? compilePackedForest : compileForest)(nodes, features.length)
    compiled ??= made
  }
  let sumRows: SumRows | undefined
  const predictProba = (row: Float64Array) => {
    if (compiled === null) atOnce(compile())
    return toProbability((compiled ?? walkTrees)(row))
  }
  return {
    kind: 'tree-ensemble',
    features,
    nodes,
    combination,
    *makeReady() {
      if (compiled === null) yield* compile()
    },
    predictProba,
    predictProbaOfRows(rows) {
      const width = features.length
      if (nodes.feature.length > mostNodesAtHand) {
        sumRows ??= walkRows(nodes, width)
        return sumRows(rows).map(toProbability)
      }
      const answers = new Float64Array(rows.length / width)
      return answers.map((_, row) => predictProba(rows.subarray(row * width, (row + 1) * width)))
    },
  }
}

function combine(combination: Combination, trees: number): (sum: number) => number {
  switch (combination.kind) {
    case 'mean':
      return (sum) => sum / trees
    case 'log-odds':
      return (sum) => probabilityOf(combination.base + sum)
    case 'isolation':
      return (sum) => 2 ** (-sum / trees / combination.usualDepth)
  }
}

/** Nodes that stay in the processor's cache, so that row by row is twice as fast as tree by tree. */
const mostNodesAtHand = 250_000
