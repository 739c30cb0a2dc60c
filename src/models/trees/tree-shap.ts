import type { AlongPath, PivotedPath } from '../carry-along.ts'
import { gaussLegendre, type Quadrature } from '../gauss-legendre.ts'
import { goesLeft, type TreeNodes } from './tree-nodes.ts'

/** Of paths with pivots, which are carried over to log-odds: a third pivot, or more points, bring less than that leaves. */
const mostPivots = 2
const pivotPoints = gaussLegendre(3)
const halfway: Quadrature = { points: Float64Array.of(0.5), weights: Float64Array.of(1) }

/**
 * SHAP values of trees, path-dependent as in Lundberg et al., "Consistent Individualized Feature Attribution for Tree
 * Ensembles" (2018): a feature that is left out sends a row down both sides, each by its share of the training rows.
 *
 * Instead of their sums over subsets it integrates. The weight s! (d - 1 - s)! / d! of a subset is the integral of
 * t^s (1 - t)^(d - 1 - s) over [0, 1], so a leaf's part in a feature's value is the integral of a product with one
 * factor for each feature of its path, and Gauss-Legendre quadrature of enough points is exact for it. One walk then
 * does with a few numbers for each node: time grows with the nodes and the depth, not with its square (the same bound
 * as in Yu et al., "Linear TreeSHAP", 2022).
 */
export class TreeShap {
  readonly #nodes: TreeNodes
  readonly #features: number
  /** The sum over the trees of what they answer on average. */
  readonly expected: number
  /** For each tree: as many points as are exact for its paths. */
  readonly #quadratures: readonly Quadrature[]
  readonly #widest: Quadrature
  /** The nodes of the quadrature of the tree that is being walked. */
  #points = new Float64Array(0)
  #weights = new Float64Array(0)
  /** How many numbers are kept for each depth: those points once for each choice of pivots. */
  #lanes = 0
  /** For each depth, a number for each lane: the product of the path's factors, and the sum over leaves below. */
  readonly #products: Float64Array
  readonly #sums: Float64Array
  /** For each depth, a number for each point: one over the factor of the feature that was split there; at depth 0 ones. */
  readonly #inverses: Float64Array
  /** For each feature: where its factor's inverses stand. */
  readonly #inverseAt: Int32Array
  /** For each feature: its share of the rows on the path so far, and 1 where the row itself takes that path. */
  readonly #shares: Float64Array
  readonly #taken: Float64Array
  #row: Float64Array = new Float64Array(0)
  #values = new Float64Array(0)
  /** Where it is wanted: for each feature, what it adds in each lane. */
  #added: Float64Array | undefined
  /** For each feature that is a pivot: the lanes in which it is known, as ones; in the others it is unknown. */
  readonly #knownAt: (Uint8Array | undefined)[]

  constructor(nodes: TreeNodes, features: number) {
    this.#nodes = nodes
    this.#features = features
    const { depth, distinct, expected } = measure(nodes)
    this.expected = expected
    const most = Math.ceil(distinct.reduce((a, b) => Math.max(a, b), 0) / 2)
    const byCount = Array.from({ length: most + 1 }, (_, count) => gaussLegendre(Math.max(1, count)))
    this.#widest = byCount[most]
    this.#quadratures = distinct.map((features) => byCount[Math.ceil(features / 2)])
    const size = (depth + 1) * Math.max(1, most, pivotPoints.points.length << mostPivots)
    this.#products = new Float64Array(size)
    this.#sums = new Float64Array(size)
    this.#inverses = new Float64Array(size)
    this.#inverseAt = new Int32Array(features)
    this.#shares = new Float64Array(features).fill(1)
    this.#taken = new Float64Array(features).fill(1)
    this.#knownAt = new Array(features).fill(undefined)
  }

  /** For each feature: how much it moves the trees' sum away from what is expected. */
  valuesOf(row: Float64Array): Float64Array {
    this.#row = row
    this.#values = new Float64Array(this.#features)
    this.#nodes.roots.forEach((root, tree) => {
      this.#walkTree(root, this.#quadratures[tree])
    })
    return this.#values
  }

  #walkTree(root: number, { points, weights }: Quadrature, choices = 1): void {
    this.#points = points
    this.#weights = weights
    this.#lanes = choices * points.length
    this.#products.fill(1, 0, this.#lanes)
    this.#inverses.fill(1, 0, points.length)
    this.#walk(root, 0)
  }

  /**
   * The same in steps: where every feature is known with chance q, by the points q of a quadrature that is exact for every
   * tree, the trees' mean sum, and how much more it is with a feature known than without it.
   */
  along(row: Float64Array): TreesAlongPath {
    const { points, weights } = this.#widest
    const means = new Float64Array(points.length)
    const added = new Float64Array(this.#features * points.length)
    this.#row = row
    this.#values = new Float64Array(this.#features)
    this.#added = added
    for (const root of this.#nodes.roots) {
      this.#walkTree(root, this.#widest)
      for (let i = 0; i < points.length; i++) means[i] += this.#sums[i]
    }
    this.#added = undefined
    return { points, weights, means, added: byPoint(added, points.length), values: this.#values }
  }

  /**
   * The same by few points, and for each choice of pivots that are known: the two features that add most half-way are
   * known all along the path, or unknown. All in one walk.
   */
  pivoted(row: Float64Array): TreesPivoted {
    this.#row = row
    this.#values = new Float64Array(this.#features)
    for (const root of this.#nodes.roots) this.#walkTree(root, halfway)
    const pivots = largest(this.#values, mostPivots)
    const { points, weights } = pivotPoints
    const count = points.length
    const choices = Array.from({ length: 1 << pivots.length }, (_, choice) => choice)
    const means = new Float64Array(choices.length * count)
    const added = new Float64Array(this.#features * means.length)
    this.#added = added
    pivots.forEach((pivot, bit) => {
      this.#knownAt[pivot] = Uint8Array.from(means, (_, i) => (Math.floor(i / count) >> bit) & 1)
    })
    for (const root of this.#nodes.roots) {
      this.#walkTree(root, pivotPoints, choices.length)
      for (let i = 0; i < means.length; i++) means[i] += this.#sums[i]
    }
    for (const pivot of pivots) this.#knownAt[pivot] = undefined
    this.#added = undefined
    const addedAt = byPoint(added, means.length)
    const sides = choices.map((choice) => {
      const [from, to] = [choice * count, (choice + 1) * count]
      return { means: means.slice(from, to), added: addedAt.slice(from, to) }
    })
    return { points, weights, pivots, sides, answer: this.#answerOf(row) }
  }

  #answerOf(row: Float64Array): number {
    const { roots, feature, left, value } = this.#nodes
    let sum = 0
    for (const root of roots) {
      let node = root
      while (feature[node] >= 0) {
        node = goesLeft(this.#nodes, node, row[feature[node]]) ? left[node] : left[node] + 1
      }
      sum += value[node]
    }
    return sum
  }

  #walk(node: number, depth: number): void {
    const { feature, left, value } = this.#nodes
    const count = this.#lanes
    const start = depth * count
    if (feature[node] < 0) {
      for (let i = start; i < start + count; i++) this.#sums[i] = value[node] * this.#products[i]
      return
    }
    for (let i = start; i < start + count; i++) this.#sums[i] = 0
    const isLeft = goesLeft(this.#nodes, node, this.#row[feature[node]])
    const knownAt = this.#knownAt[feature[node]]
    if (knownAt !== undefined) {
      this.#pass(node, left[node], isLeft, depth, knownAt)
      this.#pass(node, left[node] + 1, !isLeft, depth, knownAt)
      return
    }
    this.#descend(node, left[node], isLeft, depth)
    this.#descend(node, left[node] + 1, !isLeft, depth)
  }

  #descend(node: number, child: number, isTaken: boolean, depth: number): void {
    const { feature, cover } = this.#nodes
    const split = feature[node]
    const shareBefore = this.#shares[split]
    const takenBefore = this.#taken[split]
    const share = cover[node] > 0 ? (shareBefore * cover[child]) / cover[node] : 0
    const taken = isTaken ? takenBefore : 0
    // Neither the row nor any training row comes here.
    if (share === 0 && taken === 0) return
    const before = this.#inverseAt[split]
    this.#multiply(depth, share, taken, before)
    this.#shares[split] = share
    this.#taken[split] = taken
    this.#inverseAt[split] = (depth + 1) * this.#points.length
    this.#walk(child, depth + 1)
    this.#collect(split, depth, taken - share, takenBefore - shareBefore, before)
    this.#shares[split] = shareBefore
    this.#taken[split] = takenBefore
    this.#inverseAt[split] = before
  }

  /** Where a pivot was split: where it is known only the row's own side counts, else both by their shares of the rows. */
  #pass(node: number, child: number, isTaken: boolean, depth: number, knownAt: Uint8Array): void {
    const { cover } = this.#nodes
    const share = cover[node] > 0 ? cover[child] / cover[node] : 0
    if (share === 0 && !isTaken) return
    const products = this.#products
    const sums = this.#sums
    const count = this.#lanes
    const from = depth * count
    for (let i = 0; i < count; i++) {
      const factor = knownAt[i] === 1 ? Number(isTaken) : share
      products[from + count + i] = products[from + i] * factor
    }
    this.#walk(child, depth + 1)
    for (let i = from; i < from + count; i++) sums[i] += sums[i + count]
  }

  /** The path's product with the feature's factor, in place of the one that it had. */
  #multiply(depth: number, share: number, taken: number, before: number): void {
    const points = this.#points
    const products = this.#products
    const inverses = this.#inverses
    const lanes = this.#lanes
    const from = depth * lanes
    const count = points.length
    const at = (depth + 1) * count
    for (let point = 0; point < count; point++) {
      const factor = share + (taken - share) * points[point]
      const change = factor * inverses[before + point]
      for (let i = from + point; i < from + lanes; i += count) products[i + lanes] = products[i] * change
      inverses[at + point] = 1 / factor
    }
  }

  /** What the leaves below add to the feature's value, less what they added with the factor that it had above. */
  #collect(split: number, depth: number, change: number, changeBefore: number, before: number): void {
    const weights = this.#weights
    const sums = this.#sums
    const inverses = this.#inverses
    const lanes = this.#lanes
    const count = weights.length
    const from = depth * lanes
    const inverseAt = (depth + 1) * count
    const along = this.#added
    const alongAt = split * lanes
    let added = 0
    for (let point = 0; point < count; point++) {
      const rate = change * inverses[inverseAt + point] - changeBefore * inverses[before + point]
      for (let i = point; i < lanes; i += count) {
        const sum = sums[from + lanes + i]
        const more = sum * rate
        added += weights[point] * more
        if (along !== undefined) along[alongAt + i] += more
        sums[from + i] += sum
      }
    }
    this.#values[split] += added
  }
}

/** Of the trees' sum; `values` are what `valuesOf` gives. */
interface TreesAlongPath extends Omit<AlongPath, 'base' | 'output'> {
  readonly values: Float64Array
}

/** Of the trees' sum; `answer` is what they answer for the row. */
interface TreesPivoted extends Omit<PivotedPath, 'base' | 'output'> {
  readonly answer: number
}

/** For each point what each feature adds, of what each feature adds at each point. */
function byPoint(added: Float64Array, points: number): Float64Array[] {
  const features = added.length / points
  return Array.from({ length: points }, (_, point) =>
    Float64Array.from({ length: features }, (_, feature) => added[feature * points + point]),
  )
}

/** Where the values are that are farthest from 0, the first of them at most; those of 0 are none. */
function largest(values: Float64Array, most: number): number[] {
  return [...values.keys()]
    .filter((i) => values[i] !== 0)
    .sort((one, other) => Math.abs(values[other]) - Math.abs(values[one]))
    .slice(0, most)
}

/** The deepest leaf; by tree the most distinct features on a path; and the sum of the trees' mean answers. */
function measure({ roots, feature, left, cover, value }: TreeNodes) {
  let depth = 0
  const distinct: number[] = []
  let expected = 0
  for (const [tree, root] of roots.entries()) {
    distinct[tree] = 0
    const open = [{ node: root, path: [] as readonly number[], depth: 0 }]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { node, path } = next
      const split = feature[node]
      if (split < 0) {
        depth = Math.max(depth, next.depth)
        distinct[tree] = Math.max(distinct[tree], path.length)
        expected += cover[root] > 0 ? (value[node] * cover[node]) / cover[root] : 0
        continue
      }
      const longer = path.includes(split) ? path : [...path, split]
      for (const child of [left[node], left[node] + 1]) open.push({ node: child, path: longer, depth: next.depth + 1 })
    }
  }
  return { depth, distinct, expected }
}
