import { createRandom } from '../src/core/random.ts'
import { findLeaf, type TreeNodes } from '../src/models/trees/tree-nodes.ts'

/** Random trees over a few features, thresholds from a small pool so that rows meet them exactly. */
export function randomForest(
  trees: number,
  depth: number,
  features: number,
  seed: number,
  pool: readonly number[],
): TreeNodes {
  const random = createRandom(seed)
  const roots: number[] = []
  const feature: number[] = []
  const threshold: number[] = []
  const left: number[] = []
  const value: number[] = []
  const cover: number[] = []
  const add = (weight: number) => {
    feature.push(-1)
    threshold.push(0)
    left.push(0)
    value.push(random.uniform())
    cover.push(weight)
    return feature.length - 1
  }
  const grow = (node: number, level: number) => {
    if (level === 0 || random.uniform() < 0.1) return
    feature[node] = random.integer(features)
    threshold[node] = pool[random.integer(pool.length)]
    const share = random.uniform()
    left[node] = add(cover[node] * share)
    add(cover[node] * (1 - share))
    grow(left[node], level - 1)
    grow(left[node] + 1, level - 1)
  }
  for (let tree = 0; tree < trees; tree++) {
    roots.push(add(1000))
    grow(roots[tree], depth)
  }
  return {
    roots: Int32Array.from(roots),
    feature: Int32Array.from(feature),
    threshold: Float64Array.from(threshold),
    left: Int32Array.from(left),
    missingGoesLeft: Uint8Array.from(feature, () => random.integer(2)),
    value: Float64Array.from(value),
    cover: Float64Array.from(cover),
  }
}

/** The sum by definition: walk each tree, in their order. */
export function sumTreeByTree(nodes: TreeNodes, row: Float64Array): number {
  return nodes.roots.reduce((sum, root) => sum + nodes.value[findLeaf(nodes, root, row)], 0)
}
