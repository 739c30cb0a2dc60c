import type { BoostingLoops } from './boosting-loops.ts'

/**
 * Sums of gradients and hessians by bin. A row's two numbers are rounded to whole ones and lie side by side, so that a bin
 * takes one exact addition of both and the order of rows, and who adds them, does not matter. The larger child's sums are
 * its parent's less its sibling's, exactly.
 */

/** What all rows' hessians, or gradients without their signs, add up to before they are rounded. */
export const roundedSum = 2 ** 25

/** The number of bins of a feature, with that of its missing values. */
export const binPlaces = 256
/** Of a feature's sums: for each bin its hessian, then its gradient. */
export const sumPlaces = 2 * binPlaces

export interface RoundedSums {
  readonly gradient: number
  readonly hessian: number
}

/** What bounds a split, and turns rounded numbers back. */
export interface SplitLimits {
  readonly regAlpha: number
  readonly regLambda: number
  readonly minChildWeight: number
  readonly minSamplesLeaf: number
  readonly minSplitGain: number
}

/** A leaf as a split search sees it: its sums, and what its children's values may be. */
export interface LeafSums extends RoundedSums {
  readonly rows: number
  readonly low: number
  readonly high: number
}

/** The best split that a search has met; gain 0 where there is none. */
export interface FoundSplit {
  gain: number
  feature: number
  /** The last bin that goes left, where bins have an order. */
  bin: number
  /** The bins of categories that go left. */
  categories: readonly number[] | undefined
  missingGoesLeft: boolean
  leftGradient: number
  leftHessian: number
}

/** A leaf's value that lowers the loss most, within bounds. */
export function leafValue(
  gradient: number,
  hessian: number,
  { regAlpha, regLambda }: SplitLimits,
  low: number,
  high: number,
): number {
  const shrunk = regAlpha === 0 ? gradient : Math.sign(gradient) * Math.max(0, Math.abs(gradient) - regAlpha)
  const value = hessian + regLambda > 0 ? -shrunk / (hessian + regLambda) : 0
  return Math.min(Math.max(value, low), high)
}

/** Twice what a leaf of this value takes off the loss. */
function gainOf(gradient: number, hessian: number, { regAlpha, regLambda }: SplitLimits, value: number): number {
  return -(2 * (gradient * value + regAlpha * Math.abs(value)) + (hessian + regLambda) * value * value)
}

/** What a bin of a category adds up to, rounded, and its place among others. */
interface CategorySums {
  readonly bin: number
  readonly gradient: number
  readonly hessian: number
  readonly order: number
}

/** So many rows of the leaf's mean stand beside each category's own. */
const addedRows = 10

/** Finds the best splits of a feature's sums. Rounded numbers are divided by the scales to be gradients and hessians. */
export class SplitSearch {
  readonly #limits: SplitLimits
  readonly #loops: BoostingLoops
  /** Where the loops write a split: its gain, gradient and hessian to the left. */
  readonly #found: Float64Array
  gradientScale = 1
  hessianScale = 1

  constructor(limits: SplitLimits, loops: BoostingLoops, found: Float64Array) {
    this.#limits = limits
    this.#loops = loops
    this.#found = found
  }

  /** Whether nothing bounds the values below a leaf, so that `improveFree` finds its splits. */
  isFree({ low, high }: LeafSums): boolean {
    return this.#limits.regAlpha === 0 && low === -high && high === Number.POSITIVE_INFINITY
  }

  /**
   * Improves `best` by a split of features side by side if there is a better one, where nothing bounds the values: then
   * g^2 / (h + lambda) is all there is to a gain. Of equal ones the first stays. Returns the place of its feature, or -1.
   *
   * @param bins for each feature how many bins of values it has; both arrays are the kernel's.
   */
  improveFree(best: FoundSplit, sums: Int32Array, bins: Uint32Array, from: number, to: number, leaf: LeafSums): number {
    const { minSplitGain, regLambda } = this.#limits
    const { gradient, hessian, low, high } = leaf
    const split = this.#loops.scanFeatures(
      sums.byteOffset + from * sumPlaces * sums.BYTES_PER_ELEMENT,
      bins.byteOffset + from * bins.BYTES_PER_ELEMENT,
      to - from,
      gradient,
      hessian,
      this.#leastHessian(leaf),
      regLambda * this.hessianScale,
      this.hessianScale / (this.gradientScale * this.gradientScale),
      this.#gain(gradient, hessian, low, high),
      Math.max(best.gain, minSplitGain),
      this.#found.byteOffset,
    )
    if (split < 0) return -1
    best.gain = this.#found[0]
    best.leftGradient = this.#found[1]
    best.leftHessian = this.#found[2]
    best.bin = (split & 511) >> 1
    best.categories = undefined
    best.missingGoesLeft = (split & 1) === 1
    return from + (split >> 9)
  }

  /**
   * Improves `best` by a split of this feature if there is a better one. Of equal ones the first stays.
   *
   * @param sums of a leaf, in which the feature's begin at `from`.
   * @param valueBins bins of values; the one behind them is the missing values'.
   * @param direction 1 where the value must not fall from left to right, -1 where it must not rise.
   */
  improve(
    best: FoundSplit,
    feature: number,
    sums: Int32Array,
    from: number,
    valueBins: number,
    leaf: LeafSums,
    direction: number,
  ): void {
    const hessian = sums[from + 2 * valueBins]
    const gradient = sums[from + 2 * valueBins + 1]
    const sawMissing = hessian !== 0 || gradient !== 0
    // Where something is missing it may stand to the right alone; else the last bin leaves nothing to the right.
    const bins = sawMissing ? valueBins : valueBins - 1
    this.#scan(best, feature, sums, from, bins, leaf, direction, 0, 0, false)
    if (sawMissing) this.#scan(best, feature, sums, from, valueBins - 1, leaf, direction, gradient, hessian, true)
  }

  /**
   * The same for bins of categories. In the order of what they would be worth alone, the best two sides are a beginning and
   * the rest (Fisher, 1958), seen from either end. Missing values, and categories that are seen later, are of the rest, so
   * they go with the safer or the riskier side, whichever is better.
   *
   * Many small categories would fit by chance: each is ordered as if it had more rows of the leaf's mean, and a side's
   * value is shrunk by as many.
   */
  improveByCategory(
    best: FoundSplit,
    feature: number,
    sums: Int32Array,
    from: number,
    valueBins: number,
    leaf: LeafSums,
  ): void {
    const { minSplitGain } = this.#limits
    const { gradient, hessian, rows, low, high } = leaf
    const least = this.#leastHessian(leaf)
    const [meanGradient, meanHessian] = [(addedRows * gradient) / rows, (addedRows * hessian) / rows]
    const categories: CategorySums[] = []
    for (let bin = 0; bin < valueBins; bin++) {
      const weight = sums[from + 2 * bin]
      const own = sums[from + 2 * bin + 1]
      if (weight === 0 && own === 0) continue
      categories.push({ bin, gradient: own, hessian: weight, order: (own + meanGradient) / (weight + meanHessian) })
    }
    categories.sort((a, b) => a.order - b.order || a.bin - b.bin)
    const before = this.#gain(gradient, hessian, low, high)
    for (const side of [categories, categories.toReversed()]) {
      let leftGradient = 0
      let leftHessian = 0
      for (let taken = 0; taken < side.length; taken++) {
        leftGradient += side[taken].gradient
        leftHessian += side[taken].hessian
        if (leftHessian < least) continue
        if (hessian - leftHessian < least) break
        const gain =
          this.#gain(leftGradient, leftHessian, low, high, meanHessian) +
          this.#gain(gradient - leftGradient, hessian - leftHessian, low, high, meanHessian) -
          before
        if (!(gain > best.gain && gain > minSplitGain)) continue
        const found = side.slice(0, taken + 1).map(({ bin }) => bin)
        Object.assign(best, { gain, feature, categories: found, missingGoesLeft: false, leftGradient, leftHessian })
      }
    }
  }

  /** Scans the first `bins` bins; `fromGradient` and `fromHessian` are to the left from the start. */
  #scan(
    best: FoundSplit,
    feature: number,
    sums: Int32Array,
    from: number,
    bins: number,
    leaf: LeafSums,
    direction: number,
    fromGradient: number,
    fromHessian: number,
    missingGoesLeft: boolean,
  ): void {
    const { minSplitGain } = this.#limits
    const { gradient, hessian, low, high } = leaf
    const least = this.#leastHessian(leaf)
    const before = this.#gain(gradient, hessian, low, high)
    let leftGradient = fromGradient
    let leftHessian = fromHessian
    for (let bin = 0; bin < bins; bin++) {
      const binHessian = sums[from + 2 * bin]
      const binGradient = sums[from + 2 * bin + 1]
      if (binHessian === 0 && binGradient === 0) continue
      leftGradient += binGradient
      leftHessian += binHessian
      if (leftHessian < least) continue
      const rightHessian = hessian - leftHessian
      if (rightHessian < least) break
      const rightGradient = gradient - leftGradient
      const gain = this.#boundedGain(leftGradient, leftHessian, rightGradient, rightHessian, leaf, direction) - before
      if (!(gain > best.gain && gain > minSplitGain)) continue
      Object.assign(best, { gain, feature, bin, categories: undefined, missingGoesLeft, leftGradient, leftHessian })
    }
  }

  #gain(roundedGradient: number, roundedHessian: number, low: number, high: number, added = 0): number {
    const gradient = roundedGradient / this.gradientScale
    const hessian = (roundedHessian + added) / this.hessianScale
    return gainOf(gradient, hessian, this.#limits, leafValue(gradient, hessian, this.#limits, low, high))
  }

  /** What a side weighs at least, rounded up, in 32 bits; a side that weighs anything has a row. */
  #leastHessian({ hessian, rows }: LeafSums): number {
    const { minChildWeight, minSamplesLeaf } = this.#limits
    const ofRows = minSamplesLeaf > 1 ? ((minSamplesLeaf - 0.5) * hessian) / rows : 0
    return Math.min(Math.ceil(Math.max(minChildWeight * this.hessianScale, ofRows, 1)), 2 ** 31 - 1)
  }

  /** Nothing where the children would break the constraint. */
  #boundedGain(
    leftGradient: number,
    leftHessian: number,
    rightGradient: number,
    rightHessian: number,
    { low, high }: LeafSums,
    direction: number,
  ): number {
    const [gradient, hessian] = [leftGradient / this.gradientScale, leftHessian / this.hessianScale]
    const [otherGradient, otherHessian] = [rightGradient / this.gradientScale, rightHessian / this.hessianScale]
    const left = leafValue(gradient, hessian, this.#limits, low, high)
    const right = leafValue(otherGradient, otherHessian, this.#limits, low, high)
    if ((right - left) * direction < 0) return Number.NEGATIVE_INFINITY
    return gainOf(gradient, hessian, this.#limits, left) + gainOf(otherGradient, otherHessian, this.#limits, right)
  }
}
