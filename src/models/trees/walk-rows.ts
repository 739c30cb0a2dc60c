import { createMemory, startKernel } from '../../core/kernel.ts'
import { findLeaf, type TreeNodes } from './tree-nodes.ts'
import { walkKernel } from './walk-kernel.ts'

/** Rows one behind the other to each one's sum of the leaves that it reaches. */
export type SumRows = (rows: Float64Array) => Float64Array

interface WalkKernel {
  walkRows(nodes: number, root: number, rows: number, rowBytes: number, count: number, leaves: number): void
}

const nodeBytes = 16
/** Rows of so many bytes go through one tree before the next: that tree and they then stay in the processor's cache. */
const blockBytes = 1 << 20
const mostRows = 8192
/** The kernel walks them side by side. */
const lanes = 8
/** What an address of 32 bits reaches, less the room for rows. */
const mostNodes = 200_000_000

/** Walks many rows tree by tree: for forests that are too large to be walked row by row. Sums are added in the trees' order. */
export function walkRows(nodes: TreeNodes, width: number): SumRows {
  return nodes.categories === undefined && nodes.feature.length <= mostNodes
    ? walkBlocks(nodes, width)
    : (rows) => walkAlone(nodes, rows, width)
}

function walkAlone(nodes: TreeNodes, rows: Float64Array, width: number): Float64Array {
  const sums = new Float64Array(rows.length / width)
  for (const root of nodes.roots) {
    for (let row = 0; row < sums.length; row++) sums[row] += nodes.value[findLeaf(nodes, root, rows, row * width)]
  }
  return sums
}

function walkBlocks(nodes: TreeNodes, width: number): SumRows {
  const size = nodes.feature.length
  const rowsAtOnce = Math.max(lanes, Math.min(mostRows, Math.floor(blockBytes / (8 * width * lanes)) * lanes))
  const rowsAt = size * nodeBytes
  const leavesAt = rowsAt + rowsAtOnce * width * 8
  const memory = createMemory(leavesAt + rowsAtOnce * 4)
  const kernel = startKernel<WalkKernel>(walkKernel, memory)
  writeNodes(nodes, memory.buffer)
  const block = new Float64Array(memory.buffer, rowsAt, rowsAtOnce * width)
  const leaves = new Uint32Array(memory.buffer, leavesAt, rowsAtOnce)
  return (rows) => {
    const sums = new Float64Array(rows.length / width)
    for (let from = 0; from < sums.length; from += rowsAtOnce) {
      const count = Math.min(rowsAtOnce, sums.length - from)
      block.set(rows.subarray(from * width, (from + count) * width))
      for (const root of nodes.roots) {
        kernel.walkRows(0, root * nodeBytes, rowsAt, width * 8, Math.ceil(count / lanes) * lanes, leavesAt)
        for (let i = 0; i < count; i++) sums[from + i] += nodes.value[leaves[i] / nodeBytes]
      }
    }
    return sums
  }
}

/** As `kernels/assembly/walk-rows.ts` has them. */
function writeNodes({ feature, threshold, left, missingGoesLeft }: TreeNodes, buffer: ArrayBuffer): void {
  const thresholds = new Float64Array(buffer)
  const words = new Uint32Array(buffer)
  for (let node = 0; node < feature.length; node++) {
    const isLeaf = feature[node] < 0
    thresholds[node * 2] = isLeaf ? Infinity : threshold[node]
    words[node * 4 + 2] = (isLeaf ? node : left[node]) * nodeBytes
    words[node * 4 + 3] = isLeaf ? 0 : feature[node] * 8 + (missingGoesLeft[node] ^ 1)
  }
}
