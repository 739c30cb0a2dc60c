import type { Steps } from '../../core/time-slices.ts'
import type { TreeNodes } from './tree-nodes.ts'

/** So far below any rank that the difference from one, which is positive, has bit 30 set. */
const missingRank = -(2 ** 30)

/**
 * Turns inputs into ranks: how many of the feature's thresholds lie below the value. `x <= threshold` is `rank <= its
 * rank`.
 */
export interface Ranker {
  /** The highest rank there is. */
  readonly most: number
  /** For each feature: how many thresholds it has. */
  readonly counts: readonly number[]
  /**
   * By feature, of the row that was ranked last; below 0 where the input is missing. One more, behind them, is the
   * caller's.
   */
  readonly ranks: Int32Array
  /** False if an input is missing, whose rank is then `missingRank`. */
  rank(row: Float64Array): boolean
  /** The rank of a threshold itself. */
  rankOf(feature: number, threshold: number): number
}

// Each feature's range is cut into so many equal cells, each of which knows its first threshold: what is left is one or
// two comparisons. The outer cells are open, and share the few thresholds far out.
const cells = 1024
const farOut = 0.03

/** Whether every split is at a number: one on categories has none, nor one that sends every number right. */
export function hasPlainThresholds({ feature, threshold }: TreeNodes): boolean {
  for (let node = 0; node < feature.length; node++)
    if (feature[node] >= 0 && Number.isNaN(threshold[node])) return false
  return true
}

/** Makes the ranks of all features. */
export function* createRanker(nodes: TreeNodes, featureCount: number): Steps<Ranker> {
  const edges = yield* distinctThresholds(nodes, featureCount)
  // The last threshold of each feature is one that nothing exceeds.
  const starts = new Int32Array(featureCount + 1)
  edges.forEach((each, feature) => {
    starts[feature + 1] = starts[feature] + each.length + 1
  })
  const flat = new Float64Array(starts[featureCount]).fill(Number.POSITIVE_INFINITY)
  const low = new Float64Array(featureCount)
  const scale = new Float64Array(featureCount)
  const firsts = new Int32Array(featureCount * cells)
  for (const [feature, each] of edges.entries()) {
    yield
    flat.set(each, starts[feature])
    const from = each[Math.floor(each.length * farOut)] ?? 0
    const width = (each[Math.floor(each.length * (1 - farOut))] ?? 0) - from
    low[feature] = from
    scale[feature] = width > 0 && width < Number.POSITIVE_INFINITY ? (cells - 2) / width : 0
    let next = 0
    for (let cell = 0; cell < cells; cell++) {
      while (next < each.length && cellOf(each[next], from, scale[feature]) < cell) next++
      firsts[feature * cells + cell] = starts[feature] + next
    }
  }
  const ranks = new Int32Array(featureCount + 1)
  const rank = (row: Float64Array): boolean => {
    let isWhole = true
    for (let feature = 0; feature < featureCount; feature++) {
      const value = row[feature]
      if (Number.isNaN(value)) {
        isWhole = false
        ranks[feature] = missingRank
        continue
      }
      let next = firsts[feature * cells + cellOf(value, low[feature], scale[feature])]
      while (flat[next] < value) next++
      ranks[feature] = next - starts[feature]
    }
    return isWhole
  }
  return {
    counts: edges.map((each) => each.length),
    most: edges.reduce((most, each) => Math.max(most, each.length), 0),
    ranks,
    rank,
    rankOf: (feature, threshold) => placeOf(edges[feature], threshold),
  }
}

/** Never falls as the value rises, which is all that it has to promise; what is no number belongs to the first cell. */
function cellOf(value: number, from: number, scale: number): number {
  const cell = (value - from) * scale + 1
  if (!(cell >= 1)) return 0
  return cell < cells - 1 ? cell | 0 : cells - 1
}

/** So many nodes are gone through in a step. */
const nodesAtOnce = 4096

function* distinctThresholds({ feature, threshold }: TreeNodes, featureCount: number): Steps<readonly Float64Array[]> {
  const sets = Array.from({ length: featureCount }, () => new Set<number>())
  for (let node = 0; node < feature.length; node++) {
    if (node % nodesAtOnce === 0) yield
    if (feature[node] >= 0) sets[feature[node]].add(threshold[node])
  }
  const edges: Float64Array[] = []
  for (const set of sets) {
    edges.push(Float64Array.from(set).sort())
    yield
  }
  return edges
}

/** Where a threshold is among those of its feature, which rise. */
function placeOf(edges: Float64Array, threshold: number): number {
  let low = 0
  for (let high = edges.length - 1; low < high; ) {
    const middle = (low + high) >>> 1
    if (edges[middle] < threshold) low = middle + 1
    else high = middle
  }
  return low
}
