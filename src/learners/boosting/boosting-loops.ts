/** Features whose bins, a byte each, make a word. */
export const featuresPerWord = 4
/** Features whose sums stay in the processor's nearest cache: 32 KiB. */
export const featuresPerChunk = 16
/** What the loops are told of a chunk: where it begins, how many features the tree sees of it, and from 16 on, which. */
export const chunkBytes = 32

/** The inner loops, as kernels/assembly/boosting.ts describes them; arrays are given by their `byteOffset`. */
export interface BoostingLoops {
  takeSample(column: number, classes: number, rows: number, lists: number): void
  findEnds(lists: number, most: number, scratch: number, ends: number): number
  fillBins(ends: number, column: number, rows: number, missingBin: number, bins: number): number
  addRows(
    sums: number,
    bins: number,
    stride: number,
    chunks: number,
    chunkCount: number,
    order: number,
    packed: number,
    start: number,
    end: number,
  ): number
  subtract(sums: number, less: number, bytes: number): void
  partRows(
    column: number,
    leftBins: number,
    order: number,
    from: number,
    to: number,
    leftRows: number,
    rightRows: number,
  ): number
  copy(to: number, from: number, bytes: number): void
  fill(at: number, value: number, bytes: number): void
  countUp(order: number, rows: number): void
  placeBins(column: number, bins: number, stride: number, from: number, to: number): void
  computeGradients(
    scores: number,
    labels: number,
    weights: number,
    gradients: number,
    hessians: number,
    from: number,
    to: number,
    sums: number,
  ): void
  pack(
    gradients: number,
    hessians: number,
    packed: number,
    from: number,
    to: number,
    gradientScale: number,
    hessianScale: number,
    sums: number,
  ): void
  sumLeaf(
    order: number,
    from: number,
    to: number,
    gradients: number,
    hessians: number,
    weights: number,
    sums: number,
  ): void
  addValue(order: number, from: number, to: number, scores: number, value: number): void
  scanFeatures(
    sums: number,
    bins: number,
    features: number,
    gradient: number,
    hessian: number,
    least: number,
    lambda: number,
    gainScale: number,
    before: number,
    best: number,
    found: number,
  ): number
}
