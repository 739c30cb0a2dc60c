import type { AlongPath, PivotedPath } from '../carry-along.ts'
import { gaussLegendre, type Quadrature } from '../gauss-legendre.ts'
import { goesLeft, type TreeNodes } from './tree-nodes.ts'

/** Of a path that is walked twice, and carried over to log-odds: more points bring less than that leaves. */
const pivotPoints = gaussLegendre(4)
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
  /** The nodes of the tree that is being walked. */
  #points = new Float64Array(0)
  #weights = new Float64Array(0)
  /** For each depth, a number for each point: the product of the path's factors, and the sum over leaves below. */
  readonly #products: Float64Array
  readonly #sums: Float64Array
  /** For each depth: one over the factor of the feature that was split there; at depth 0 ones. */
  readonly #inverses: Float64Array
  /** For each feature: where its factor's inverses stand. */
  readonly #inverseAt: Int32Array
  /** For each feature: its share of the rows on the path so far, and 1 where the row itself takes that path. */
  readonly #shares: Float64Array
  readonly #taken: Float64Array
  #row: Float64Array = new Float64Array(0)
  #values = new Float64Array(0)
  /** Where they are wanted: for each point, what each feature adds there, and what the trees answer there. */
  #added: readonly Float64Array[] | undefined
  /** A feature that is known at the first half of the points and unknown at the second; -1 for none. */
  #pivot = -1

  constructor(nodes: TreeNodes, features: number) {
    this.#nodes = nodes
    this.#features = features
    const { depth, distinct, expected } = measure(nodes)
    this.expected = expected
    const most = Math.ceil(distinct.reduce((a, b) => Math.max(a, b), 0) / 2)
    const byCount = Array.from({ length: most + 1 }, (_, count) => gaussLegendre(Math.max(1, count)))
    this.#widest = byCount[most]
    this.#quadratures = distinct.map((features) => byCount[Math.ceil(features / 2)])
    const size = (depth + 1) * Math.max(1, most, 2 * pivotPoints.points.length)
    this.#products = new Float64Array(size)
    this.#sums = new Float64Array(size)
    this.#inverses = new Float64Array(size)
    this.#inverseAt = new Int32Array(features)
    this.#shares = new Float64Array(features).fill(1)
    this.#taken = new Float64Array(features).fill(1)
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

  #walkTree(root: number, { points, weights }: Quadrature): void {
    this.#points = points
    this.#weights = weights
    this.#products.fill(1, 0, points.length)
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
    const added = Array.from(points, () => new Float64Array(this.#features))
    this.#row = row
    this.#values = new Float64Array(this.#features)
    this.#added = added
    for (const root of this.#nodes.roots) {
      this.#walkTree(root, this.#widest)
      for (let i = 0; i < points.length; i++) means[i] += this.#sums[i]
    }
    this.#added = undefined
    return { points, weights, means, added, values: this.#values }
  }

  /**
   * The same twice in one walk, by few points: with the feature that adds most half-way known, and with it unknown.
   */
  pivoted(row: Float64Array): TreesPivoted {
    this.#row = row
    this.#values = new Float64Array(this.#features)
    for (const root of this.#nodes.roots) this.#walkTree(root, halfway)
    const added = this.#values.map(Math.abs)
    const feature = added.indexOf(added.reduce((most, value) => Math.max(most, value), 0))
    const { points, weights } = pivotPoints
    const count = points.length
    const both = { points: Float64Array.of(...points, ...points), weights: Float64Array.of(...weights, ...weights) }
    const means = new Float64Array(2 * count)
    this.#added = Array.from(means, () => new Float64Array(this.#features))
    this.#pivot = feature
    for (const root of this.#nodes.roots) {
      this.#walkTree(root, both)
      for (let i = 0; i < means.length; i++) means[i] += this.#sums[i]
    }
    const sideFrom = (from: number) => ({
      means: means.slice(from, from + count),
      added: this.#added?.slice(from, from + count) ?? [],
    })
    const sides = { known: sideFrom(0), unknown: sideFrom(count) }
    this.#added = undefined
    this.#pivot = -1
    return { points, weights, feature, ...sides, answer: this.#answerOf(row) }
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
    const count = this.#points.length
    const start = depth * count
    if (feature[node] < 0) {
      for (let i = start; i < start + count; i++) this.#sums[i] = value[node] * this.#products[i]
      return
    }
    for (let i = start; i < start + count; i++) this.#sums[i] = 0
    const isLeft = goesLeft(this.#nodes, node, this.#row[feature[node]])
    if (feature[node] === this.#pivot) {
      this.#pass(node, left[node], isLeft, depth)
      this.#pass(node, left[node] + 1, !isLeft, depth)
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

  /** Where the pivot was split: where it is known only the row's own side counts, else both by their shares of the rows. */
  #pass(node: number, child: number, isTaken: boolean, depth: number): void {
    const { cover } = this.#nodes
    const share = cover[node] > 0 ? cover[child] / cover[node] : 0
    if (share === 0 && !isTaken) return
    const products = this.#products
    const sums = this.#sums
    const count = this.#points.length
    const from = depth * count
    for (let i = 0; i < count; i++) {
      const factor = i < count / 2 ? Number(isTaken) : share
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
    const count = points.length
    const from = depth * count
    for (let i = 0; i < count; i++) {
      const factor = share + (taken - share) * points[i]
      products[from + count + i] = products[from + i] * factor * inverses[before + i]
      inverses[from + count + i] = 1 / factor
    }
  }

  /** What the leaves below add to the feature's value, less what they added with the factor that it had above. */
  #collect(split: number, depth: number, change: number, changeBefore: number, before: number): void {
    const weights = this.#weights
    const sums = this.#sums
    const inverses = this.#inverses
    const count = weights.length
    const from = depth * count
    const along = this.#added
    let added = 0
    for (let i = 0; i < count; i++) {
      const sum = sums[from + count + i]
      const rate = change * inverses[from + count + i] - changeBefore * inverses[before + i]
      added += weights[i] * sum * rate
      if (along !== undefined) along[i][split] += sum * rate
      sums[from + i] += sum
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
