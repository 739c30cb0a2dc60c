import { createMemory, startKernel } from '../../core/kernel.ts'
import type { AlongPath, PivotedPath } from '../carry-along.ts'
import { gaussLegendre, type Quadrature } from '../gauss-legendre.ts'
import { shapKernel } from './shap-kernel.ts'
import { findLeaf, goesLeft, type TreeNodes } from './tree-nodes.ts'

/** Of paths with pivots, which are carried over to log-odds: a third pivot, or more points, bring less than that leaves. */
const mostPivots = 2
const choices = 1 << mostPivots
const pivotPoints = gaussLegendre(3)
const halfway: Quadrature = { points: Float64Array.of(0.5), weights: Float64Array.of(1) }
/** What the kernel knows of a node. */
const nodeBytes = 32
const linkAt = 28
/** In a node's link. */
const missingLeft = 1
const allLeft = 2
const pivotFrameBytes = 208

/**
 * SHAP values of trees, path-dependent as in Lundberg et al., "Consistent Individualized Feature Attribution for Tree
 * Ensembles" (2018): a feature that is left out sends a row down both sides, each by its share of the training rows.
 *
 * Instead of their sums over subsets it integrates. The weight s! (d - 1 - s)! / d! of a subset is the integral of
 * t^s (1 - t)^(d - 1 - s) over [0, 1], so a leaf's part in a feature's value is the integral of a product with one
 * factor for each feature of its path, and Gauss-Legendre quadrature of enough points is exact for it. One walk then
 * does with a few numbers for each node: time grows with the nodes and the depth, not with its square (the same bound
 * as in Yu et al., "Linear TreeSHAP", 2022). The walk is in WebAssembly (kernels/assembly/shap.ts), where two numbers
 * are computed at once: it takes a tenth of the time.
 */
export class TreeShap {
  readonly #nodes: TreeNodes
  readonly #features: number
  /** The sum over the trees of what they answer on average. */
  readonly expected: number
  /** The trees for whose paths as many points are exact, with these. */
  readonly #groups: readonly { readonly trees: readonly number[]; readonly quadrature: Quadrature }[]
  readonly #all: readonly number[]
  readonly #widest: Quadrature
  readonly #kernel: ShapKernel

  constructor(nodes: TreeNodes, features: number) {
    this.#nodes = nodes
    this.#features = features
    const { depth, distinct, expected } = measure(nodes)
    this.expected = expected
    const points = distinct.map((features) => Math.max(1, Math.ceil(features / 2)))
    this.#all = [...points.keys()]
    const byPoints = Map.groupBy(this.#all, (tree) => points[tree])
    this.#groups = Array.from(byPoints, ([count, trees]) => ({ trees, quadrature: gaussLegendre(count) }))
    this.#widest = gaussLegendre(points.reduce((a, b) => Math.max(a, b), 1))
    this.#kernel = new ShapKernel(nodes, features, depth, this.#widest.points.length)
  }

  /** For each feature: how much it moves the trees' sum away from what is expected. */
  valuesOf(row: Float64Array): Float64Array {
    this.#kernel.setRow(row)
    const values = new Float64Array(this.#features)
    for (const { trees, quadrature } of this.#groups) {
      addWeighted(values, this.#kernel.walk(trees, quadrature).added, quadrature)
    }
    return values
  }

  /**
   * The same in steps: where every feature is known with chance q, by the points q of a quadrature that is exact for every
   * tree, the trees' mean sum, and how much more it is with a feature known than without it.
   */
  along(row: Float64Array): TreesAlongPath {
    this.#kernel.setRow(row)
    const { means, added } = this.#kernel.walk(this.#all, this.#widest)
    const values = new Float64Array(this.#features)
    addWeighted(values, added, this.#widest)
    return { ...this.#widest, means, added, values }
  }

  /**
   * The same by few points, and for each choice of pivots that are known: the two features that add most half-way are
   * known all along the path, or unknown. All in one walk.
   */
  pivoted(row: Float64Array): TreesPivoted {
    this.#kernel.setRow(row)
    const [values] = this.#kernel.walk(this.#all, halfway).added
    const pivots = largest(values, mostPivots)
    const sides = this.#kernel.walkPivoted(pivots)
    const answer = this.#nodes.roots.reduce((sum, root) => sum + this.#nodes.value[findLeaf(this.#nodes, root, row)], 0)
    return { ...pivotPoints, pivots, sides, answer }
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

/** At each point: the trees' mean sum, and for each feature what it adds. */
interface Walked {
  readonly means: Float64Array
  readonly added: readonly Float64Array[]
}

interface ShapFunctions {
  walkTree(root: number): void
  walkPivoted(root: number): void
}

/** Trees in the memory of the kernel, and a row that is explained. */
class ShapKernel {
  readonly #nodes: TreeNodes
  readonly #features: number
  readonly #functions: ShapFunctions
  readonly #buffer: ArrayBuffer
  readonly #places: ReturnType<typeof placesOf>
  /** Of each node. */
  readonly #addresses: Uint32Array
  /** Nodes that split on categories: whether a row goes left from them is told to the kernel. */
  readonly #ofCategories: readonly number[]

  constructor(nodes: TreeNodes, features: number, depth: number, mostPoints: number) {
    this.#nodes = nodes
    this.#features = features
    this.#places = placesOf(nodes, features, depth, mostPoints)
    const memory = createMemory(this.#places.end)
    this.#functions = startKernel<ShapFunctions>(shapKernel, memory)
    this.#buffer = memory.buffer
    const { row, states, frames, points, leaving, added } = this.#places
    // The order in which kernels/assembly/shap.ts reads them in.
    new Uint32Array(this.#buffer).set([row, states, frames, points, leaving, added])
    this.#ofCategories = [...(nodes.categories?.setAt.keys() ?? [])].filter(
      (node) => (nodes.categories?.setAt[node] ?? -1) >= 0,
    )
    this.#addresses = writeNodes(nodes, features, new DataView(this.#buffer), this.#places.nodes)
  }

  setRow(row: Float64Array): void {
    new Float64Array(this.#buffer, this.#places.row, this.#features).set(row.subarray(0, this.#features))
    const view = new DataView(this.#buffer)
    for (const node of this.#ofCategories) {
      const side = goesLeft(this.#nodes, node, row[this.#nodes.feature[node]]) ? allLeft : 0
      view.setUint32(this.#addresses[node] + linkAt, this.#addresses[this.#nodes.left[node]] | side, true)
    }
  }

  walk(trees: readonly number[], { points }: Quadrature): Walked {
    const count = points.length
    // Two in a register.
    const lanes = count + (count % 2)
    const added = this.#begin(points, lanes)
    new Uint32Array(this.#buffer)[6] = 8 * lanes
    const sums = new Float64Array(this.#buffer, this.#places.frames + 8 * lanes, count)
    const means = new Float64Array(count)
    for (const tree of trees) {
      this.#functions.walkTree(this.#addressOf(tree))
      for (let i = 0; i < count; i++) means[i] += sums[i]
    }
    return { means, added: this.#byLane(added, lanes).slice(0, count) }
  }

  /** For each choice of pivots that are known. */
  walkPivoted(pivots: readonly number[]): readonly Walked[] {
    const { points } = pivotPoints
    const count = points.length
    const added = this.#begin(points, choices * count)
    const states = new Uint32Array(this.#buffer, this.#places.states, this.#features)
    pivots.forEach((pivot, i) => {
      states[pivot] = i + 1
    })
    const sums = new Float64Array(this.#buffer, this.#places.frames + 112, choices * count)
    const means = new Float64Array(choices * count)
    for (const root of this.#nodes.roots.keys()) {
      this.#functions.walkPivoted(this.#addressOf(root))
      for (let i = 0; i < means.length; i++) means[i] += sums[i]
    }
    const byLane = this.#byLane(added, choices * count)
    return Array.from({ length: 1 << pivots.length }, (_, choice) => {
      const lanes = Array.from(points, (_, point) => choices * point + choice)
      return { means: Float64Array.from(lanes, (lane) => means[lane]), added: lanes.map((lane) => byLane[lane]) }
    })
  }

  #addressOf(tree: number): number {
    return this.#addresses[this.#nodes.roots[tree]]
  }

  /** Writes the points; returns what features add, all of it 0. */
  #begin(points: Float64Array, lanes: number): Float64Array {
    const places = this.#places
    const buffer = this.#buffer
    new Float64Array(buffer, places.points, points.length + 1).fill(0.5).set(points)
    new Float64Array(buffer, places.leaving, points.length + 1).fill(-2).set(points.map((point) => -1 / (1 - point)))
    new Uint32Array(buffer, places.states, this.#features).fill(places.frames)
    return new Float64Array(buffer, places.added, this.#features * lanes).fill(0)
  }

  #byLane(added: Float64Array, lanes: number): Float64Array[] {
    return Array.from({ length: lanes }, (_, lane) =>
      Float64Array.from({ length: this.#features }, (_, feature) => added[feature * lanes + lane]),
    )
  }
}

function placesOf(nodes: TreeNodes, features: number, depth: number, mostPoints: number) {
  let end = 64
  const place = (bytes: number) => {
    const at = end
    end = Math.ceil((end + bytes) / 64) * 64
    return at
  }
  const lanes = Math.max(mostPoints + 1, choices * pivotPoints.points.length)
  const frameBytes = Math.max(32 * (mostPoints + 1), pivotFrameBytes)
  return {
    row: place(8 * features),
    states: place(4 * features),
    points: place(8 * (lanes + 1)),
    leaving: place(8 * (lanes + 1)),
    added: place(8 * features * lanes),
    frames: place((depth + 2) * frameBytes),
    nodes: place(nodeBytes * nodes.feature.length),
    end,
  }
}

/** In the order in which they are walked, children side by side; returns their addresses. */
function writeNodes(nodes: TreeNodes, features: number, view: DataView, start: number): Uint32Array {
  const { roots, feature, threshold, left, missingGoesLeft, value, cover } = nodes
  const addresses = new Uint32Array(feature.length)
  let end = start
  const place = (node: number) => {
    addresses[node] = end
    end += nodeBytes
  }
  /** Of each feature, the part of the rows that the path to a node keeps. */
  const shares = new Float64Array(features).fill(1)
  const write = (node: number, ratio: number, share: number): void => {
    const at = addresses[node]
    const split = feature[node]
    view.setFloat64(at, split < 0 ? value[node] : threshold[node], true)
    view.setFloat64(at + 8, ratio, true)
    view.setFloat64(at + 16, share, true)
    if (split < 0) return
    const children = [left[node], left[node] + 1]
    children.forEach(place)
    view.setUint32(at + 24, split, true)
    view.setUint32(at + linkAt, addresses[left[node]] | (missingGoesLeft[node] === 1 ? missingLeft : 0), true)
    const before = shares[split]
    for (const child of children) {
      const part = cover[node] > 0 ? cover[child] / cover[node] : 0
      shares[split] = before * part
      write(child, part, shares[split])
    }
    shares[split] = before
  }
  for (const root of roots) {
    place(root)
    write(root, 1, 1)
  }
  return addresses
}

function addWeighted(values: Float64Array, added: readonly Float64Array[], { weights }: Quadrature): void {
  for (const [point, more] of added.entries()) {
    for (let i = 0; i < values.length; i++) values[i] += weights[point] * more[i]
  }
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
