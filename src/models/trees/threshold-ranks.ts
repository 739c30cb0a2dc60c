import type { Steps } from '../../core/time-slices.ts'
import { nodesAtOnce, type TreeNodes } from './tree-nodes.ts'

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
export const cells = 1024
const farOut = 0.03

/** Whether every split is at a number: one on categories has none, nor one that sends every number right. */
export function* hasPlainThresholds({ feature, threshold }: TreeNodes): Steps<boolean> {
  for (let node = 0; node < feature.length; node++) {
    if (node % nodesAtOnce === 0) yield
    if (feature[node] >= 0 && Number.isNaN(threshold[node])) return false
  }
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
    const range = rangeOf(each)
    low[feature] = range.low
    scale[feature] = range.scale
    firstsOf(each, range).forEach((first, cell) => {
      firsts[feature * cells + cell] = starts[feature] + first
    })
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

/** Where a feature's cells begin, and how many there are to a unit of its values. */
export interface CellRange {
  readonly low: number
  readonly scale: number
}

/** @param thresholds which rise. */
export function rangeOf(thresholds: Float64Array): CellRange {
  const low = thresholds[Math.floor(thresholds.length * farOut)] ?? 0
  const width = (thresholds[Math.floor(thresholds.length * (1 - farOut))] ?? 0) - low
  return { low, scale: width > 0 && width < Number.POSITIVE_INFINITY ? (cells - 2) / width : 0 }
}

/** For each cell, the place of the first threshold in it or behind. */
export function firstsOf(thresholds: Float64Array, { low, scale }: CellRange): Int32Array {
  const firsts = new Int32Array(cells)
  let next = 0
  for (let cell = 0; cell < cells; cell++) {
    while (next < thresholds.length && cellOf(thresholds[next], low, scale) < cell) next++
    firsts[cell] = next
  }
  return firsts
}

/** Never falls as the value rises, which is all that it has to promise; what is no number belongs to the first cell. As kernels/assembly/forest.ts has it. */
function cellOf(value: number, from: number, scale: number): number {
  const cell = (value - from) * scale + 1
  if (!(cell >= 1)) return 0
  return cell < cells - 1 ? cell | 0 : cells - 1
}

function* distinctThresholds({ feature, threshold }: TreeNodes, featureCount: number): Steps<readonly Float64Array[]> {
  const sets = Array.from({ length: featureCount }, () => new Set<number>())
  for (let node = 0; node < feature.length; node++) {
    if (node % nodesAtOnce === 0) yield
    if (feature[node] >= 0) sets[feature[node]].add(threshold[node])
  }
  const edges: Float64Array[] = []
  for (const set of sets) {
    const each = Float64Array.from(set)
    yield
    edges.push(each.sort())
    yield
  }
  return edges
}

/** Where a threshold is among those of its feature, which rise. */
export function placeOf(edges: Float64Array, threshold: number): number {
  let low = 0
  for (let high = edges.length - 1; low < high; ) {
    const middle = (low + high) >>> 1
    if (edges[middle] < threshold) low = middle + 1
    else high = middle
  }
  return low
}
