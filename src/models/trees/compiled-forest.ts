import { createMemory, startKernel } from '../../core/kernel.ts'
import type { Steps } from '../../core/time-slices.ts'
import { forestKernel } from './forest-kernel.ts'
import { chooseTops, type ForestTops, maskRowBytes, maskRows, passingWeights, splitsByWeight } from './forest-tops.ts'
import { cells, firstsOf, hasPlainThresholds, placeOf, rangeOf } from './threshold-ranks.ts'
import { nodesAtOnce, type TreeNodes } from './tree-nodes.ts'

/** A forest made ready to score single rows fast: row -> the sum over the trees of the leaf that it reaches. */
export type CompiledForest = (row: Float64Array) => number

/** What the kernel addresses a node's input with. */
const mostFeatures = 65_536
const nodeBytes = 16
const featureBytes = 32

/**
 * Makes a forest ready: the tops of the trees as masks, in which a row's exits are found without a branch, and the nodes
 * below them to be walked, four trees side by side, those that most rows visit together. The inner loops are in
 * WebAssembly (kernels/assembly/forest.ts), since JavaScript has no instruction for the masks of several trees at once. The sum
 * is to the last bit what walking tree by tree gives.
 *
 * Undefined where some node splits on categories, or of more features than 65,536: then the trees have to be walked as
 * they are.
 */
export function* compileForest(nodes: TreeNodes, featureCount: number): Steps<CompiledForest | undefined> {
  if (featureCount > mostFeatures || !(yield* hasPlainThresholds(nodes))) return undefined
  const weights = yield* passingWeights(nodes)
  const tops = yield* chooseTops(nodes, weights, featureCount)
  const forest = layOut(nodes, tops, featureCount)
  yield* writeFeatures(forest)
  const addresses = tops.goesOn ? yield* writeNodes(forest, weights) : undefined
  yield* writeMasks(forest, addresses)
  const inputs = new Float64Array(forest.buffer, forest.places.row, featureCount)
  const { score } = forest
  return (row) => {
    for (let feature = 0; feature < featureCount; feature++) inputs[feature] = row[feature]
    return score()
  }
}

interface Forest {
  readonly nodes: TreeNodes
  readonly tops: ForestTops
  readonly buffer: ArrayBuffer
  readonly places: Places
  readonly rowBytes: number
  readonly score: () => number
}

/** Where what stands in the kernel's memory. */
type Places = ReturnType<typeof placesOf>

function placesOf(nodes: TreeNodes, tops: ForestTops, featureCount: number, rowBytes: number) {
  let end = 64
  const place = (bytes: number) => {
    const at = end
    end = Math.ceil((end + bytes) / 64) * 64
    return at
  }
  const trees = nodes.roots.length
  const exits = trees * tops.laneBits
  return {
    row: place(8 * featureCount),
    features: place(featureBytes * featureCount),
    addresses: place(4 * featureCount),
    found: place(rowBytes),
    leaves: place(8 * exits),
    exits: tops.goesOn ? place(4 * exits) : 0,
    values: tops.goesOn ? place(8 * (trees + 1)) : 0,
    rest: tops.goesOn ? place(8 * (trees + 3)) : 0,
    cells: tops.thresholds.map(() => place(2 * cells)),
    thresholds: tops.thresholds.map(({ length }) => place(8 * (length + 2))),
    masks: place(rowBytes * maskRows(tops)),
    nodes: tops.goesOn ? place(nodeBytes * (nodes.feature.length + 1)) : 0,
    end,
  }
}

function layOut(nodes: TreeNodes, tops: ForestTops, featureCount: number): Forest {
  const trees = nodes.roots.length
  const rowBytes = maskRowBytes(tops, trees)
  const places = placesOf(nodes, tops, featureCount, rowBytes)
  const memory = createMemory(places.end)
  const { score } = startKernel<{ score: () => number }>(forestKernel, memory)
  const { buffer } = memory
  const nobody = tops.goesOn ? places.nodes + nodeBytes * nodes.feature.length : 0
  const { row, features, addresses, found, leaves, exits, values, rest } = places
  const laneShift = tops.laneBits === 16 ? 1 : 2
  // The order in which kernels/assembly/forest.ts reads them in.
  new Uint32Array(buffer).set([
    ...[featureCount, trees, rowBytes, laneShift, row, features, addresses],
    ...[found, leaves, exits, values, rest, nobody],
  ])
  return { nodes, tops, buffer, places, rowBytes, score }
}

function* writeFeatures({ tops, buffer, places, rowBytes }: Forest): Steps {
  const view = new DataView(buffer)
  let masks = places.masks
  for (const [feature, thresholds] of tops.thresholds.entries()) {
    yield
    const { low, scale } = rangeOf(thresholds)
    const at = places.features + featureBytes * feature
    view.setFloat64(at, low, true)
    view.setFloat64(at + 8, scale, true)
    view.setUint32(at + 16, places.cells[feature], true)
    view.setUint32(at + 20, places.thresholds[feature], true)
    view.setUint32(at + 24, masks, true)
    masks += rowBytes * (thresholds.length + 2)
    view.setUint32(at + 28, masks - rowBytes, true)
    // Behind the last threshold stand two that nothing exceeds.
    const written = new Float64Array(buffer, places.thresholds[feature], thresholds.length + 2)
    written.fill(Number.POSITIVE_INFINITY).set(thresholds)
    new Uint16Array(buffer, places.cells[feature], cells).set(firstsOf(thresholds, { low, scale }))
  }
}

/** The leaves and the masks of the tops; `addresses` are the nodes' own where some tree goes on below its top. */
function* writeMasks({ nodes, tops, buffer, places, rowBytes }: Forest, addresses: Uint32Array | undefined): Steps {
  const { roots, feature, threshold, left, missingGoesLeft, value } = nodes
  const { laneBits, isTop, thresholds } = tops
  const exitCount = roots.length * laneBits
  const leaves = new Float64Array(buffer, places.leaves, exitCount)
  const exits = new Uint32Array(buffer, places.exits, addresses === undefined ? 0 : exitCount)
  const firstRows = firstMaskRows(tops)
  const size = rowBytes * maskRows(tops)
  const Lanes = laneBits === 16 ? Uint16Array : Uint32Array
  const masks = new Lanes(buffer, places.masks, (8 * size) / laneBits)
  masks.fill(-1)
  const lanes = (8 * rowBytes) / laneBits
  for (const [tree, root] of roots.entries()) {
    yield
    let next = 0
    /** Numbers the exits from left to right; returns those below a node. */
    const write = (node: number): number => {
      if (isTop[node] === 0) {
        const exit = tree * laneBits + next
        if (feature[node] < 0) leaves[exit] = value[node]
        else if (addresses !== undefined) exits[exit] = addresses[node]
        return 1 << next++
      }
      const lost = write(left[node])
      const kept = write(left[node] + 1)
      const row = firstRows[feature[node]] + placeOf(thresholds[feature[node]], threshold[node])
      masks[(row + 1) * lanes + tree] &= ~lost
      if (missingGoesLeft[node] === 0) masks[(firstRows[feature[node] + 1] - 1) * lanes + tree] &= ~lost
      return lost | kept
    }
    write(root)
  }
  yield* joinRows(new Int32Array(buffer, places.masks, size / 4), firstRows, rowBytes / 4)
}

/** What a threshold takes away is gone behind the next ones, too. */
function* joinRows(words: Int32Array, firstRows: Int32Array, width: number): Steps {
  for (let feature = 0; feature + 1 < firstRows.length; feature++) {
    for (let row = firstRows[feature] + 1; row < firstRows[feature + 1] - 1; row++) {
      if (row % 64 === 0) yield
      for (let at = row * width; at < (row + 1) * width; at++) words[at] &= words[at - width]
    }
  }
}

function firstMaskRows({ thresholds }: ForestTops): Int32Array {
  const first = new Int32Array(thresholds.length + 1)
  thresholds.forEach(({ length }, feature) => {
    first[feature + 1] = first[feature] + length + 2
  })
  return first
}

/** Writes the nodes as the kernel walks them; returns each one's address. */
function* writeNodes({ nodes, buffer, places }: Forest, weights: Float64Array): Steps<Uint32Array> {
  const { feature, threshold, left, missingGoesLeft, value } = nodes
  const addresses = yield* orderNodes(nodes, weights, places.nodes)
  const view = new DataView(buffer)
  for (let node = 0; node < feature.length; node++) {
    if (node % nodesAtOnce === 0) yield
    const at = addresses[node]
    if (feature[node] < 0) {
      view.setFloat64(at, value[node], true)
      continue
    }
    view.setFloat64(at, threshold[node], true)
    view.setUint16(at + 8, feature[node], true)
    view.setUint16(at + 10, missingGoesLeft[node] === 1 ? 0 : 1, true)
    view.setInt32(at + 12, addresses[left[node]] - at, true)
  }
  return addresses
}

/**
 * An address for each node: tree by tree, in each tree the root, then the pairs of children, those of the parents that
 * most weight passes first.
 */
function* orderNodes(nodes: TreeNodes, weights: Float64Array, start: number): Steps<Uint32Array> {
  const { roots, feature, left } = nodes
  const addresses = new Uint32Array(feature.length)
  let next = start
  const place = (node: number) => {
    addresses[node] = next
    next += nodeBytes
  }
  for (const root of roots) {
    yield
    place(root)
    for (const parent of splitsByWeight(nodes, root, weights)) {
      place(left[parent])
      place(left[parent] + 1)
    }
  }
  return addresses
}
