import { missingBin } from './binning.ts'

/** One class's rows of a node: a run of row numbers, their weights beside them, and the sum of those. */
export interface ClassRows {
  readonly rows: Uint32Array
  readonly weights: Float64Array
  readonly start: number
  readonly end: number
  readonly weight: number
}

/** A node's split: rows whose bin is at most `bin` go left, the next row to the right is in `nextBin`. */
export interface Split {
  readonly gain: number
  readonly feature: number
  readonly bin: number
  readonly nextBin: number
  /** Whether any row of the node lacks the value, and where those go. */
  readonly sawMissing: boolean
  readonly missingGoesLeft: boolean
  readonly leftLegitimate: number
  readonly leftFraud: number
}

/** Four lanes of more bins are too wide for the processor's nearer caches, and rows seldom share one of so many bins. */
const mostInLanes = 16_384

/**
 * Finds the best Gini split of a node, feature by feature: the one that it is after them. It owns the histograms, so that
 * no split allocates.
 */
export class Splitter implements Split {
  gain = -Infinity
  feature = -1
  bin = 0
  nextBin = 0
  sawMissing = false
  missingGoesLeft = false
  leftLegitimate = 0
  leftFraud = 0

  readonly #minSamplesLeaf: number
  readonly #areWhole: boolean
  // Weight per bin and class, and how many rows; all zero between two features.
  readonly #legitimate = new Float64Array(missingBin + 1)
  readonly #fraud = new Float64Array(missingBin + 1)
  readonly #samples = new Uint32Array(missingBin + 1)
  readonly #lanes = new Float64Array(4 * (missingBin + 1))
  readonly #touched = new TouchedBins()

  // The state of the node and feature being tried.
  #allLegitimate = 0
  #allFraud = 0
  #allSamples = 0
  #missingLegitimate = 0
  #missingFraud = 0
  #missingSamples = 0

  /** @param areWhole whether all weights are whole numbers. */
  constructor(minSamplesLeaf: number, areWhole: boolean) {
    this.#minSamplesLeaf = minSamplesLeaf
    this.#areWhole = areWhole
  }

  /** The best split of this node, for after other nodes were looked at. */
  keep(): Split {
    const { gain, feature, bin, nextBin, sawMissing, missingGoesLeft, leftLegitimate, leftFraud } = this
    return { gain, feature, bin, nextBin, sawMissing, missingGoesLeft, leftLegitimate, leftFraud }
  }

  /** Forgets the last node's best split. */
  startNode(): void {
    this.gain = -Infinity
    this.feature = -1
  }

  /**
   * Tries every cut of one feature and keeps the best. False if the feature is constant among the node's rows.
   *
   * @param bins of every row by this feature, below `binCount` or `missingBin`.
   */
  tryFeature(feature: number, legitimate: ClassRows, fraud: ClassRows, bins: Uint16Array, binCount: number): boolean {
    this.#allLegitimate = legitimate.weight
    this.#allFraud = fraud.weight
    this.#allSamples = legitimate.end - legitimate.start + fraud.end - fraud.start
    const isSparse = this.#allSamples < binCount
    // Sums of whole weights are the same in any order; others keep that of lanes.
    const isLong = this.#allSamples >= 4 * binCount && binCount <= mostInLanes
    const inLanes = isLong || (!this.#areWhole && this.#allSamples * 4 >= binCount)
    if (inLanes) {
      this.#addMany(legitimate, this.#legitimate, bins, binCount)
      this.#addMany(fraud, this.#fraud, bins, binCount)
    } else {
      this.#add(legitimate, this.#legitimate, bins)
      this.#add(fraud, this.#fraud, bins)
    }
    const touched = isSparse ? this.#touched.list([legitimate, fraud], bins) : undefined
    this.#takeMissing()
    const varies = this.#scan(feature, touched, touched?.length ?? binCount)
    if (touched === undefined) this.#clear(0, binCount)
    else this.#clearListed(touched)
    return varies
  }

  #add({ rows, weights, start, end }: ClassRows, histogram: Float64Array, bins: Uint16Array): void {
    for (let i = start; i < end; i++) histogram[bins[rows[i]]] += weights[i]
    if (this.#minSamplesLeaf > 1) {
      for (let i = start; i < end; i++) this.#samples[bins[rows[i]]]++
    }
  }

  /**
   * `#add` in four lanes: most legitimate rows share a few wide bins, and an addition to a bin waits for the last one
   * to the same bin. A third faster on large nodes.
   */
  #addMany(part: ClassRows, histogram: Float64Array, bins: Uint16Array, binCount: number): void {
    const { rows, weights, start, end } = part
    const lanes = this.#lanes
    const endOfFours = start + ((end - start) & ~3)
    for (let i = start; i < endOfFours; i += 4) {
      lanes[bins[rows[i]] * 4] += weights[i]
      lanes[bins[rows[i + 1]] * 4 + 1] += weights[i + 1]
      lanes[bins[rows[i + 2]] * 4 + 2] += weights[i + 2]
      lanes[bins[rows[i + 3]] * 4 + 3] += weights[i + 3]
    }
    this.#add({ ...part, start: endOfFours }, histogram, bins)
    for (let bin = 0; bin <= binCount; bin++) {
      const from = bin === binCount ? missingBin : bin
      const lane = from * 4
      histogram[from] += lanes[lane] + lanes[lane + 1] + (lanes[lane + 2] + lanes[lane + 3])
    }
    lanes.fill(0, 0, binCount * 4)
    lanes.fill(0, missingBin * 4)
    if (this.#minSamplesLeaf > 1) {
      for (let i = start; i < endOfFours; i++) this.#samples[bins[rows[i]]]++
    }
  }

  #takeMissing(): void {
    this.#missingLegitimate = this.#legitimate[missingBin]
    this.#missingFraud = this.#fraud[missingBin]
    this.#missingSamples = this.#samples[missingBin]
    this.#clear(missingBin, missingBin + 1)
  }

  #clear(from: number, to: number): void {
    this.#legitimate.fill(0, from, to)
    this.#fraud.fill(0, from, to)
    if (this.#minSamplesLeaf > 1) this.#samples.fill(0, from, to)
  }

  #clearListed(bins: Uint16Array): void {
    for (const bin of bins) {
      this.#legitimate[bin] = 0
      this.#fraud[bin] = 0
      this.#samples[bin] = 0
    }
  }

  /** Walks the bins in order (all below `length`, or those listed) and offers each cut that can be the best. */
  #scan(feature: number, listed: Uint16Array | undefined, length: number): boolean {
    // Between two bins of one class alone no Gini split is best, unless a least leaf size forbids the better ones.
    const everyCut = this.#minSamplesLeaf > 1
    let left0 = 0
    let left1 = 0
    let samples = 0
    let previous = -1
    let previousKind = -1
    let varies = false
    for (let i = 0; i < length; i++) {
      const bin = listed === undefined ? i : listed[i]
      const weight0 = this.#legitimate[bin]
      const weight1 = this.#fraud[bin]
      const kind = (weight0 > 0 ? 1 : 0) + (weight1 > 0 ? 2 : 0)
      if (kind === 0 || bin === missingBin) continue
      if (previous >= 0) {
        varies = true
        if (kind !== previousKind || kind === 3 || everyCut) {
          this.#offer(feature, previous, bin, left0, left1, samples)
        }
      }
      left0 += weight0
      left1 += weight1
      if (everyCut) samples += this.#samples[bin]
      previous = bin
      previousKind = kind
    }
    if (previous >= 0 && this.#missingLegitimate + this.#missingFraud > 0) {
      varies = true
      this.#offerSide(feature, previous, missingBin, left0, left1, samples, false)
    }
    return varies
  }

  #offer(feature: number, bin: number, nextBin: number, left0: number, left1: number, samples: number): void {
    this.#offerSide(feature, bin, nextBin, left0, left1, samples, false)
    if (this.#missingLegitimate + this.#missingFraud === 0) return
    const withMissing = samples + this.#missingSamples
    const missing0 = left0 + this.#missingLegitimate
    this.#offerSide(feature, bin, nextBin, missing0, left1 + this.#missingFraud, withMissing, true)
  }

  #offerSide(
    feature: number,
    bin: number,
    nextBin: number,
    left0: number,
    left1: number,
    samples: number,
    missingGoesLeft: boolean,
  ): void {
    if (this.#minSamplesLeaf > 1) {
      if (samples < this.#minSamplesLeaf || this.#allSamples - samples < this.#minSamplesLeaf) return
    }
    // Differences of sums can fall a rounding below zero.
    const right0 = Math.max(0, this.#allLegitimate - left0)
    const right1 = Math.max(0, this.#allFraud - left1)
    const gain =
      (left0 * left0 + left1 * left1) / (left0 + left1) + (right0 * right0 + right1 * right1) / (right0 + right1)
    if (!(gain > this.gain)) return
    this.gain = gain
    this.feature = feature
    this.bin = bin
    this.nextBin = nextBin
    this.sawMissing = this.#missingLegitimate + this.#missingFraud > 0
    this.missingGoesLeft = missingGoesLeft
    this.leftLegitimate = left0
    this.leftFraud = left1
  }
}

/** Lists the bins that few rows touch in ascending order: a bit for each bin, and a bit for each word of those. */
class TouchedBins {
  readonly #bits = new Int32Array((missingBin + 1) / 32)
  readonly #words = new Int32Array(this.#bits.length / 32)
  readonly #listed = new Uint16Array(missingBin + 1)

  list(parts: readonly ClassRows[], bins: Uint16Array): Uint16Array {
    for (const { rows, start, end } of parts) {
      for (let i = start; i < end; i++) {
        const bin = bins[rows[i]]
        this.#bits[bin >>> 5] |= 1 << (bin & 31)
        this.#words[bin >>> 10] |= 1 << ((bin >>> 5) & 31)
      }
    }
    let count = 0
    for (let i = 0; i < this.#words.length; i++) {
      for (let words = this.#words[i]; words !== 0; words &= words - 1) {
        const word = i * 32 + lowestBit(words)
        for (let bits = this.#bits[word]; bits !== 0; bits &= bits - 1) {
          this.#listed[count++] = word * 32 + lowestBit(bits)
        }
        this.#bits[word] = 0
      }
      this.#words[i] = 0
    }
    return this.#listed.subarray(0, count)
  }
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits)
}
