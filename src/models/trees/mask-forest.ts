import type { Steps } from '../../core/time-slices.ts'
import type { CompiledForest } from './compiled-forest.ts'
import { createMaskSum, lanes, leafBytes } from './mask-sum.ts'
import { createRanker, hasPlainThresholds } from './threshold-ranks.ts'
import type { TreeNodes } from './tree-nodes.ts'

const mostLeaves = 32
/** The most bytes of masks: with more, memory is too slow and walking the trees is faster. */
const mostMaskBytes = 8 * 1024 * 1024

/**
 * Makes small trees ready to score single rows: a mask of 32 bits for each tree says which leaves a row may still
 * reach. By feature and rank of its value there are the masks of all trees, in which the leaves to the left of every
 * split that the value sends right are gone; a row's leaf is the first one that is left in all of its features' masks
 * (after QuickScorer: Lucchese et al., SIGIR 2015, whose masks are those of single splits). Nothing is compared and
 * nothing branches, so that it takes less than half the time of walking the trees. The leaves are added up in the
 * trees' order.
 *
 * Undefined where a tree has more than 32 leaves, some node splits on categories, or the masks take too much memory.
 */
export function* compileMasks(nodes: TreeNodes, featureCount: number): Steps<CompiledForest | undefined> {
  const { roots, feature, threshold, left, missingGoesLeft, value } = nodes
  if (!hasSmallTrees(nodes) || !hasPlainThresholds(nodes)) return undefined
  const ranker = yield* createRanker(nodes, featureCount)
  const trees = Math.ceil(roots.length / lanes) * lanes
  const rowBytes = 4 * trees
  // By feature a row of masks for each rank, and one more for a missing value.
  const starts = new Int32Array(featureCount + 1)
  ranker.counts.forEach((count, each) => {
    starts[each + 1] = starts[each] + count + 2
  })
  const leavesAt = 8 * Math.ceil(featureCount / 2)
  const masksAt = leavesAt + trees * leafBytes
  const maskBytes = starts[featureCount] * rowBytes
  if (maskBytes > mostMaskBytes) return undefined
  const { memory, sum } = createMaskSum({ leavesAt, features: featureCount, trees }, masksAt + maskBytes)
  const addresses = new Int32Array(memory, 0, featureCount)
  const leaves = new Float64Array(memory, leavesAt, trees * mostLeaves)
  const masks = new Int32Array(memory, masksAt, maskBytes / 4).fill(-1)
  for (const [tree, root] of roots.entries()) {
    yield
    let next = 0
    /** Numbers the leaves from left to right; returns those below a node. */
    const write = (node: number): number => {
      const split = feature[node]
      if (split < 0) {
        leaves[tree * mostLeaves + next] = value[node]
        return 1 << next++
      }
      const lost = write(left[node])
      const kept = write(left[node] + 1)
      const rank = ranker.rankOf(split, threshold[node])
      for (let place = starts[split] + rank + 1; place < starts[split + 1] - 1; place++)
        masks[place * trees + tree] &= ~lost
      if (missingGoesLeft[node] === 0) masks[(starts[split + 1] - 1) * trees + tree] &= ~lost
      return lost | kept
    }
    write(root)
  }
  return (row) => {
    ranker.rank(row)
    for (let each = 0; each < featureCount; each++) {
      const rank = ranker.ranks[each]
      addresses[each] = masksAt + (rank < 0 ? starts[each + 1] - 1 : starts[each] + rank) * rowBytes
    }
    return sum()
  }
}

function hasSmallTrees({ roots, feature, left }: TreeNodes): boolean {
  return roots.every((root) => {
    const open = [root]
    let leaves = 0
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      // Below this node is a leaf, and below each that is still open.
      if (leaves + open.length >= mostLeaves) return false
      if (feature[node] < 0) leaves++
      else open.push(left[node], left[node] + 1)
    }
    return true
  })
}
