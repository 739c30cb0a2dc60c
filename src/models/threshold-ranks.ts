import type { TreeNodes } from './tree-ensemble.ts'

/** Turns inputs into ranks: how many of the feature's thresholds lie below the value. `x <= threshold` is `rank <= its rank`. */
export interface Ranker {
  /** The highest rank there is. */
  readonly most: number
  /** By feature, of the row that was ranked last. */
  readonly ranks: Int32Array
  /** False, with no ranks, if an input is missing. */
  rank(row: Float64Array): boolean
  /** The rank of a threshold itself. */
  rankOf(feature: number, threshold: number): number
}

// Each feature's range is cut into so many equal cells, which say between which thresholds to look: two or three
// comparisons are left of eight or more.
const cells = 256

export function createRanker(nodes: TreeNodes, featureCount: number): Ranker {
  const edges = distinctThresholds(nodes, featureCount)
  const starts = new Int32Array(featureCount + 1)
  edges.forEach((each, feature) => {
    starts[feature + 1] = starts[feature] + each.length
  })
  const flat = new Float64Array(starts[featureCount])
  edges.forEach((each, feature) => {
    flat.set(each, starts[feature])
  })
  const low = new Float64Array(featureCount)
  const scale = new Float64Array(featureCount)
  const firsts = new Int32Array(featureCount * (cells + 1))
  edges.forEach((each, feature) => {
    // The outer cells are open: the few thresholds far out share them.
    const from = each[Math.floor(each.length * 0.03)] ?? 0
    const width = (each[Math.floor(each.length * 0.97)] ?? 0) - from
    low[feature] = from
    scale[feature] = width > 0 && width < Number.POSITIVE_INFINITY ? (cells - 2) / width : 0
    let next = 0
    for (let cell = 0; cell <= cells; cell++) {
      while (next < each.length && cellOf(each[next], from, scale[feature]) < cell) next++
      firsts[feature * (cells + 1) + cell] = starts[feature] + next
    }
  })
  const ranks = new Int32Array(featureCount)
  const rank = (row: Float64Array): boolean => {
    for (let feature = 0; feature < ranks.length; feature++) {
      const value = row[feature]
      if (Number.isNaN(value)) return false
      const cell = feature * (cells + 1) + cellOf(value, low[feature], scale[feature])
      let first = firsts[cell]
      let length = firsts[cell + 1] - first
      while (length > 0) {
        const half = length >>> 1
        if (flat[first + half] < value) {
          first += half + 1
          length -= half + 1
        } else length = half
      }
      ranks[feature] = first - starts[feature]
    }
    return true
  }
  const rankMaps = edges.map((each) => new Map(Array.from(each, (threshold, index) => [threshold, index])))
  return {
    most: edges.reduce((most, each) => Math.max(most, each.length), 0),
    ranks,
    rank,
    rankOf: (feature, threshold) => rankMaps[feature].get(threshold) ?? 0,
  }
}

/** Never falls as the value rises, which is all that it has to promise. */
function cellOf(value: number, from: number, scale: number): number {
  const cell = (value - from) * scale + 1
  // An infinite value times a scale of 0 is no number, and belongs to the ends.
  if (!(cell >= 0)) return value > from ? cells - 1 : 0
  return cell >= cells - 1 ? cells - 1 : cell | 0
}

function distinctThresholds({ feature, threshold }: TreeNodes, featureCount: number): readonly Float64Array[] {
  const sets = Array.from({ length: featureCount }, () => new Set<number>())
  feature.forEach((split, node) => {
    if (split >= 0) sets[split].add(threshold[node])
  })
  return sets.map((set) => Float64Array.from(set).sort())
}
