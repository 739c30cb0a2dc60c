import type { Steps } from '../../core/time-slices.ts'
import { nodesAtOnce, type TreeNodes } from './tree-nodes.ts'

/**
 * The tops of a forest's trees: the splits that most rows pass, below which each tree has at most so many exits. An exit
 * is a leaf, or a node below which the tree goes on.
 */
export interface ForestTops {
  /** 16 or 32: the most exits that a mask has room for. */
  readonly laneBits: 16 | 32
  /** By node: 1 where it is a split of its tree's top. */
  readonly isTop: Uint8Array
  /** By feature: the distinct thresholds of the tops, which rise. */
  readonly thresholds: readonly Float64Array[]
  /** Whether some exit is not a leaf. */
  readonly goesOn: boolean
}

/** Trees whose masks go through the registers at once: a row of masks is filled up to a multiple of so many bytes. */
const groupBytes = 80

/** With more bytes of masks memory is too slow, and walking the trees is faster. */
const mostMaskBytes = 8 * 1024 * 1024

/** The largest tops whose masks are small enough. */
export function* chooseTops(nodes: TreeNodes, weights: Float64Array, featureCount: number): Steps<ForestTops> {
  const mostLeaves = largestTree(nodes)
  for (let exits = mostLeaves <= 16 ? 16 : 32; ; exits /= 2) {
    const tops = yield* cutTops(nodes, weights, featureCount, exits)
    if (exits === 1 || maskRows(tops) * maskRowBytes(tops, nodes.roots.length) <= mostMaskBytes) return tops
  }
}

/** A row of masks for each feature's values below its first threshold, one behind each threshold, and one for a missing value. */
export function maskRows({ thresholds }: ForestTops): number {
  return thresholds.reduce((sum, { length }) => sum + length + 2, 0)
}

export function maskRowBytes({ laneBits }: ForestTops, trees: number): number {
  return groupBytes * Math.ceil((trees * laneBits) / 8 / groupBytes)
}

function* cutTops(nodes: TreeNodes, weights: Float64Array, featureCount: number, mostExits: number): Steps<ForestTops> {
  const { roots, feature, threshold, left } = nodes
  const isTop = new Uint8Array(feature.length)
  const sets = Array.from({ length: featureCount }, () => new Set<number>())
  let goesOn = false
  for (const root of roots) {
    yield
    const exits = [root]
    while (exits.length < mostExits) {
      const widest = heaviestSplit(exits, feature, weights)
      if (widest === undefined) break
      const node = exits[widest]
      isTop[node] = 1
      sets[feature[node]].add(threshold[node])
      exits[widest] = left[node]
      exits.push(left[node] + 1)
    }
    goesOn ||= exits.some((exit) => feature[exit] >= 0)
  }
  const thresholds = sets.map((set) => Float64Array.from(set).sort())
  return { laneBits: mostExits <= 16 ? 16 : 32, isTop, thresholds, goesOn }
}

function heaviestSplit(exits: readonly number[], feature: Int32Array, weights: Float64Array): number | undefined {
  let heaviest: number | undefined
  for (let i = 0; i < exits.length; i++) {
    if (feature[exits[i]] < 0) continue
    if (heaviest === undefined || weights[exits[i]] > weights[exits[heaviest]]) heaviest = i
  }
  return heaviest
}

/**
 * By node: how much of what is scored passes it, which is mostly legitimate. A child never weighs more than its parent;
 * where a model does not know its nodes' cover, each weighs half of it.
 */
export function* passingWeights({ roots, feature, left, cover, value }: TreeNodes): Steps<Float64Array> {
  // A leaf of frauds alone counts a little, for those that come.
  const legitimate = (node: number) => cover[node] * (1.02 - Math.min(Math.max(value[node], 0), 1))
  const weights = new Float64Array(feature.length)
  for (const root of roots) weights[root] = cover[root] > 0 ? legitimate(root) : 1
  for (let node = 0; node < feature.length; node++) {
    if (node % nodesAtOnce === 0) yield
    if (feature[node] < 0) continue
    for (const child of [left[node], left[node] + 1]) {
      weights[child] = Math.min(weights[node], cover[child] > 0 ? legitimate(child) : weights[node] / 2)
    }
  }
  return weights
}

/** A tree's splits, those first that most weight passes: a parent stands before its children. */
export function splitsByWeight({ feature, left }: TreeNodes, root: number, weights: Float64Array): number[] {
  const splits: number[] = []
  const open = [root]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (feature[node] < 0) continue
    splits.push(node)
    open.push(left[node] + 1, left[node])
  }
  return splits.sort((one, other) => weights[other] - weights[one])
}

function largestTree({ roots, feature, left }: TreeNodes): number {
  let most = 0
  for (const root of roots) {
    const open = [root]
    let leaves = 0
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (feature[node] < 0) leaves++
      else open.push(left[node], left[node] + 1)
    }
    most = Math.max(most, leaves)
  }
  return most
}
