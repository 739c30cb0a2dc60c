// Inner loops of gradient boosting, each to the last bit what its words say in plain numbers. Addresses are of arrays in
// one memory that all threads share.

export { fillBins, findEnds, takeSample } from './quantile-bins'

/** Of a feature's sums: 256 bins of f64. */
const featureBytes: usize = 2048
/** Of a chunk of at most 16 features, whose sums stay in the processor's nearest cache: what the tree sees of it. */
const chunkBytes: usize = 32
/** What is read of so many rows stays there, too. */
const rowsAtOnce: usize = 128
// Gradients and hessians are rounded to whole numbers and packed, i32 each, into one of 64 bits, the gradient above. A
// hessian is never below 0, so that one addition adds both, exactly.

// @ts-ignore: a decorator of a function, which the compiler knows.
@inline
function addBin(sums: usize, bin: usize, own: u64): void {
  const at = sums + (bin << 3)
  store<u64>(at, load<u64>(at) + own)
}

// @ts-ignore
@inline
function addFour(sums: usize, bins: u32, own: u64): void {
  addBin(sums, <usize>(bins & 255), own)
  addBin(sums + featureBytes, <usize>((bins >> 8) & 255), own)
  addBin(sums + 2 * featureBytes, <usize>((bins >> 16) & 255), own)
  addBin(sums + 3 * featureBytes, <usize>(bins >> 24), own)
}

// @ts-ignore
@inline
function addEight(sums: usize, bins: u64, own: u64): void {
  addFour(sums, <u32>bins, own)
  addFour(sums + 4 * featureBytes, <u32>(bins >> 32), own)
}

/**
 * Adds the packed numbers of a leaf's rows to the sums of their bins, for the features that a tree sees.
 *
 * A leaf's rows lie far apart, and to wait for the memory of one after the other took most of the time. So a short loop
 * first reads a little of each: it waits for many of them at once. What it read is returned, so that it is not left out.
 *
 * @param sums of the features that are seen, side by side.
 * @param bins rows of `stride` bytes, a byte for each feature; so many bytes more than that may be read as a chunk has.
 * @param chunks for each chunk of features: where it begins in a row, how many of it are seen, and behind them, a byte
 * each, which these are.
 * @param order the numbers of the leaf's rows, u32 each, from `start` to before `end`.
 */
export function addRows(
  sums: usize, bins: usize, stride: usize, chunks: usize, chunkCount: usize, order: usize, packed: usize, start: usize, end: usize,
): i32 {
  let read: i32 = 0
  // Rows one behind the other are brought by the processor itself.
  const first = load<u32>(order + (start << 2))
  const isApart = start < end && load<u32>(order + ((end - 1) << 2)) - first != <u32>(end - 1 - start)
  for (let from = start; from < end; from += rowsAtOnce) {
    const to = min(from + rowsAtOnce, end)
    for (let i = isApart ? from : to; i < to; i++) {
      const row = <usize>load<u32>(order + (i << 2))
      read ^= load<u8>(bins + row * stride) ^ load<u8>(packed + (row << 3))
    }
    let at = sums
    for (let i: usize = 0; i < chunkCount; i++) {
      const chunk = chunks + i * chunkBytes
      const seen = <usize>load<u32>(chunk, 4)
      addChunk(at, bins + <usize>load<u32>(chunk), stride, seen, v128.load(chunk, 16), order, packed, from, to)
      at += seen * featureBytes
    }
  }
  return read
}

function addChunk(
  sums: usize, bins: usize, stride: usize, seen: usize, which: v128, order: usize, packed: usize, from: usize, to: usize,
): void {
  for (let i = from; i < to; i++) {
    const row = <usize>load<u32>(order + (i << 2))
    const own = load<u64>(packed + (row << 3))
    const bytes = i8x16.swizzle(v128.load(bins + row * stride), which)
    if (seen == 16) {
      addEight(sums, i64x2.extract_lane(bytes, 0), own)
      addEight(sums + 8 * featureBytes, i64x2.extract_lane(bytes, 1), own)
    } else if (seen < 8) addSome(sums, i64x2.extract_lane(bytes, 0), seen, own)
    else {
      addEight(sums, i64x2.extract_lane(bytes, 0), own)
      addSome(sums + 8 * featureBytes, i64x2.extract_lane(bytes, 1), seen - 8, own)
    }
  }
}

/** Of the lowest bytes so many, less than eight. */
// @ts-ignore
@inline
function addSome(sums: usize, bins: u64, count: usize, own: u64): void {
  if (count & 4) {
    addFour(sums, <u32>bins, own)
    sums += 4 * featureBytes
    bins >>= 32
  }
  if (count & 2) {
    addBin(sums, <usize>(bins & 255), own)
    addBin(sums + featureBytes, <usize>((bins >> 8) & 255), own)
    sums += 2 * featureBytes
    bins >>= 16
  }
  if (count & 1) addBin(sums, <usize>(bins & 255), own)
}

/** Takes one leaf's sums off another's: so many bytes, a multiple of 16. */
export function subtract(sums: usize, less: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(sums + at, i64x2.sub(v128.load(sums + at), v128.load(less + at)))
  }
}

/**
 * Parts some of a leaf's rows, both sides in their order; returns how many go left. Both are written and one is kept: a
 * branch would be mispredicted.
 *
 * @param column the bins of the split's feature, a byte for each row.
 * @param leftBins 1 for each bin that goes left.
 */
export function partRows(
  column: usize, leftBins: usize, order: usize, from: usize, to: usize, leftRows: usize, rightRows: usize,
): i32 {
  let left = leftRows
  let right = rightRows
  for (let i = from; i < to; i++) {
    const row = load<u32>(order + (i << 2))
    const goesLeft = <usize>load<u8>(leftBins + <usize>load<u8>(column + <usize>row))
    store<u32>(left, row)
    store<u32>(right, row)
    left += goesLeft << 2
    right += (1 - goesLeft) << 2
  }
  return <i32>((left - leftRows) >> 2)
}

/** Copies so many bytes; places may overlap. */
export function copy(to: usize, from: usize, bytes: usize): void {
  memory.copy(to, from, bytes)
}

/** Sets so many bytes to one value. */
export function fill(at: usize, value: u8, bytes: usize): void {
  memory.fill(at, value, bytes)
}

/** Row numbers in their order, u32 each. */
export function countUp(order: usize, rows: u32): void {
  for (let row: u32 = 0; row < rows; row++) store<u32>(order + (<usize>row << 2), row)
}

/** Writes a feature's bins, a byte for each row, to its place in rows of `stride` bytes. */
export function placeBins(column: usize, bins: usize, stride: usize, from: usize, to: usize): void {
  for (let row = from; row < to; row++) store<u8>(bins + row * stride, load<u8>(column + row))
}

/**
 * Gradients and hessians of the log loss, f64 each, and the sums of gradients without their signs and of hessians, f64
 * each. Four rows at once: behind the last, up to a multiple of four, stand rows of weight 0. Probabilities are of single
 * precision, as LightGBM's gradients are.
 *
 * @param labels a byte each, 0 or 1.
 */
export function computeGradients(
  scores: usize, labels: usize, weights: usize, gradients: usize, hessians: usize, from: usize, to: usize, sums: usize,
): void {
  const one = f32x4.splat(1)
  let gradientSum = f64x2.splat(0)
  let hessianSum = f64x2.splat(0)
  for (let row = from; row < to; row += 4) {
    const at = row << 3
    const first = f32x4.demote_f64x2_zero(v128.load(scores + at))
    const last = f32x4.demote_f64x2_zero(v128.load(scores + at, 16))
    // With its sign turned for a fraud, a score gives the probability of the wrong answer, which is the gradient's size.
    const signs = i32x4.shl(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(labels + row))), 31)
    const score = v128.xor(v128.shuffle<i32>(first, last, 0, 1, 4, 5), signs)
    const odds = exp(f32x4.neg(score))
    const wrong = f32x4.div(one, f32x4.add(one, odds))
    const signed = v128.xor(wrong, signs)
    const product = f32x4.mul(f32x4.mul(odds, wrong), wrong)
    for (let pair: usize = 0; pair < 2; pair++) {
      const place = at + (pair << 4)
      const weight = v128.load(weights + place)
      const gradient = f64x2.mul(weight, f64x2.promote_low_f32x4(pair ? upper(signed) : signed))
      const hessian = f64x2.mul(weight, f64x2.promote_low_f32x4(pair ? upper(product) : product))
      v128.store(gradients + place, gradient)
      v128.store(hessians + place, hessian)
      gradientSum = f64x2.add(gradientSum, f64x2.abs(gradient))
      hessianSum = f64x2.add(hessianSum, hessian)
    }
  }
  store<f64>(sums, f64x2.extract_lane(gradientSum, 0) + f64x2.extract_lane(gradientSum, 1))
  store<f64>(sums, f64x2.extract_lane(hessianSum, 0) + f64x2.extract_lane(hessianSum, 1), 8)
}

// @ts-ignore
@inline
function upper(four: v128): v128 {
  return v128.shuffle<i32>(four, four, 2, 3, 2, 3)
}

/**
 * e^x of four numbers, within a few units of the last place; beyond 87 either way as at 87. x = k ln 2 + r, with ln 2 in two
 * parts of which the first times k is exact (Cody and Waite, "Software Manual for the Elementary Functions", 1980); e^r by
 * its series, whose rest is below 2^-27 for r up to half of ln 2.
 */
// @ts-ignore
@inline
function exp(x: v128): v128 {
  const bounded = f32x4.pmax(f32x4.pmin(x, f32x4.splat(87)), f32x4.splat(-87))
  const k = f32x4.nearest(f32x4.mul(bounded, f32x4.splat(1.44269504)))
  const high = f32x4.sub(bounded, f32x4.mul(k, f32x4.splat(0.693359375)))
  const r = f32x4.sub(high, f32x4.mul(k, f32x4.splat(-2.12194440e-4)))
  let series = f32x4.splat(1 / 5040.0)
  series = f32x4.add(f32x4.mul(series, r), f32x4.splat(1 / 720.0))
  series = f32x4.add(f32x4.mul(series, r), f32x4.splat(1 / 120.0))
  series = f32x4.add(f32x4.mul(series, r), f32x4.splat(1 / 24.0))
  series = f32x4.add(f32x4.mul(series, r), f32x4.splat(1 / 6.0))
  series = f32x4.add(f32x4.mul(series, r), f32x4.splat(0.5))
  series = f32x4.add(f32x4.mul(series, r), f32x4.splat(1))
  series = f32x4.add(f32x4.mul(series, r), f32x4.splat(1))
  return f32x4.mul(series, i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(k), i32x4.splat(127)), 23))
}

/**
 * Packs gradients and hessians of rows, scaled and rounded. Two rows at once: behind the last one, where it stands alone,
 * are zeros.
 *
 * @param sums where the sums of the rounded ones are written, f64 each.
 */
export function pack(
  gradients: usize, hessians: usize, packed: usize, from: usize, to: usize, gradientScale: f64, hessianScale: f64, sums: usize,
): void {
  const scales = f64x2.splat(gradientScale)
  const otherScales = f64x2.splat(hessianScale)
  let both = i64x2.splat(0)
  for (let row = from; row < to; row += 2) {
    const at = row << 3
    const own = packTwo(v128.load(gradients + at), v128.load(hessians + at), scales, otherScales)
    v128.store(packed + at, own)
    both = i64x2.add(both, own)
  }
  const sum = i64x2.extract_lane(both, 0) + i64x2.extract_lane(both, 1)
  store<f64>(sums, <f64>gradientOf(sum))
  store<f64>(sums, <f64>hessianOf(sum), 8)
}

// @ts-ignore
@inline
function packTwo(gradients: v128, hessians: v128, gradientScales: v128, hessianScales: v128): v128 {
  const own = i32x4.trunc_sat_f64x2_s_zero(round(f64x2.mul(gradients, gradientScales)))
  const beside = i32x4.trunc_sat_f64x2_s_zero(round(f64x2.mul(hessians, hessianScales)))
  return v128.shuffle<i32>(beside, own, 0, 4, 1, 5)
}

// @ts-ignore
@inline
function gradientOf(packed: i64): i32 {
  return <i32>(packed >> 32)
}

// @ts-ignore
@inline
function hessianOf(packed: i64): i32 {
  return <i32>packed
}

/** Halves go up, as JavaScript has it. Without a branch, which would be mispredicted for every other row. */
// @ts-ignore
@inline
function round(x: v128): v128 {
  const down = f64x2.floor(x)
  const isUp = f64x2.ge(f64x2.sub(x, down), f64x2.splat(0.5))
  return f64x2.add(down, v128.and(isUp, f64x2.splat(1)))
}

/**
 * Sums of some of a leaf's rows, f64 each: gradients, hessians, weights.
 *
 * @param weights 0 where every row weighs 1.
 */
export function sumLeaf(
  order: usize, from: usize, to: usize, gradients: usize, hessians: usize, weights: usize, sums: usize,
): void {
  let gradient: f64 = 0
  let hessian: f64 = 0
  let weight: f64 = 0
  for (let i = from; i < to; i++) {
    const row = <usize>load<u32>(order + (i << 2)) << 3
    gradient += load<f64>(gradients + row)
    hessian += load<f64>(hessians + row)
    if (weights != 0) weight += load<f64>(weights + row)
  }
  store<f64>(sums, gradient)
  store<f64>(sums, hessian, 8)
  store<f64>(sums, weights != 0 ? weight : <f64>(to - from), 16)
}

/** Adds a leaf's value to the scores of some of its rows. */
export function addValue(order: usize, from: usize, to: usize, scores: usize, value: f64): void {
  for (let i = from; i < to; i++) {
    const at = scores + (<usize>load<u32>(order + (i << 2)) << 3)
    store<f64>(at, load<f64>(at) + value)
  }
}

/**
 * Finds the split that gains more than `best` among those of features side by side, where nothing bounds the values: of
 * equal gains the first. Returns 512 times the place of its feature, twice its bin, and 1 where missing values go left;
 * or -1. Writes its gain, gradient and hessian to the left, f64 each.
 *
 * @param sums packed.
 * @param bins for each feature how many bins of values it has, u32 each; the one behind them is the missing values'.
 * @param gradient of the leaf, rounded, and so is `hessian`.
 * @param least what a side's hessian is at least.
 * @param before the leaf's own gain.
 */
export function scanFeatures(
  sums: usize, bins: usize, features: usize, gradient: i32, hessian: i32,
  least: i32, lambda: f64, gainScale: f64, before: f64, best: f64, found: usize,
): i32 {
  const leaf = (<i64>gradient << 32) | <i64>hessian
  let split: i32 = -1
  for (let first: usize = 0; first < features; first += 4) {
    const which = mayGain(sums, bins, first, features - 1, leaf, least, lambda, (best + before) / gainScale)
    for (let place = first; place < min(first + 4, features); place++) {
      const at = sums + place * featureBytes
      const values = <usize>load<u32>(bins + (place << 2))
      const missing = load<i64>(at + (values << 3))
      if (which & (1 << <i32>(place - first))) {
        // Where something is missing it may stand to the right alone; else the last bin leaves nothing to the right.
        const end = missing == 0 ? values - 1 : values
        const bin = scan(at, end, leaf, 0, least, lambda, gainScale, before, best, found)
        if (bin >= 0) {
          best = load<f64>(found)
          split = (<i32>place << 9) | (bin << 1)
        }
      }
      if (missing == 0) continue
      const bin = scan(at, values - 1, leaf, missing, least, lambda, gainScale, before, best, found)
      if (bin >= 0) {
        best = load<f64>(found)
        split = (<i32>place << 9) | (bin << 1) | 1
      }
    }
  }
  return split
}

/**
 * Which of four features may have a split whose sides' g^2 / (h + lambda) add up to more than `wanted`, a bit for each. All
 * are seen at once, in single precision and without divisions, which take most of the time of a scan: few features need one.
 *
 * @param last the last feature, which also stands for those behind it.
 */
function mayGain(
  sums: usize, bins: usize, first: usize, last: usize, leaf: i64, least: i32, lambda: f64, wanted: f64,
): i32 {
  const second = min(first + 1, last)
  const third = min(first + 2, last)
  const fourth = min(first + 3, last)
  const most = max(
    max(load<u32>(bins + (first << 2)), load<u32>(bins + (second << 2))),
    max(load<u32>(bins + (third << 2)), load<u32>(bins + (fourth << 2))),
  )
  const a = sums + first * featureBytes
  const b = sums + second * featureBytes
  const c = sums + third * featureBytes
  const d = sums + fourth * featureBytes
  const leaves = i64x2.splat(leaf)
  const leasts = i32x4.splat(least)
  const lambdas = f32x4.splat(<f32>lambda)
  // A little less, for what is rounded here.
  const bound = f32x4.splat(<f32>(wanted * (1 - 1e-5)))
  let left = i64x2.splat(0)
  let otherLeft = i64x2.splat(0)
  let which = i32x4.splat(0)
  for (let at: usize = 0; at < most << 3; at += 8) {
    left = i64x2.add(left, v128.load64_lane(b + at, v128.load64_zero(a + at), 1))
    otherLeft = i64x2.add(otherLeft, v128.load64_lane(d + at, v128.load64_zero(c + at), 1))
    const right = i64x2.sub(leaves, left)
    const otherRight = i64x2.sub(leaves, otherLeft)
    const leftHessian = v128.shuffle<i32>(left, otherLeft, 0, 2, 4, 6)
    const rightHessian = v128.shuffle<i32>(right, otherRight, 0, 2, 4, 6)
    const leftGradient = f32x4.convert_i32x4_s(v128.shuffle<i32>(left, otherLeft, 1, 3, 5, 7))
    const rightGradient = f32x4.convert_i32x4_s(v128.shuffle<i32>(right, otherRight, 1, 3, 5, 7))
    const leftWeight = f32x4.add(f32x4.convert_i32x4_s(leftHessian), lambdas)
    const rightWeight = f32x4.add(f32x4.convert_i32x4_s(rightHessian), lambdas)
    const sides = f32x4.add(
      f32x4.mul(f32x4.mul(leftGradient, leftGradient), rightWeight),
      f32x4.mul(f32x4.mul(rightGradient, rightGradient), leftWeight),
    )
    const isLess = f32x4.lt(sides, f32x4.mul(f32x4.mul(leftWeight, rightWeight), bound))
    const isOpen = i32x4.ge_s(i32x4.min_s(leftHessian, rightHessian), leasts)
    which = v128.or(which, v128.andnot(isOpen, isLess))
  }
  return i32x4.bitmask(which)
}

/**
 * Finds the split of one feature that gains more than `best`: the bin up to which rows go left, or -1. Its gain and sums are
 * written as by `scanFeatures`.
 *
 * @param left what is there from the start, packed.
 */
function scan(
  sums: usize, bins: usize, leaf: i64, left: i64,
  least: i32, lambda: f64, gainScale: f64, before: f64, best: f64, found: usize,
): i32 {
  let bin: i32 = -1
  for (let at: usize = 0; at < bins; at++) {
    const own = load<i64>(sums + (at << 3))
    if (own == 0) continue
    left += own
    if (hessianOf(left) < least) continue
    const right = leaf - left
    if (hessianOf(right) < least) break
    // Both sides at once: divisions take most of the time.
    const both = i64x2.replace_lane(i64x2.splat(left), 1, right)
    const gradients = f64x2.convert_low_i32x4_s(v128.shuffle<i32>(both, both, 1, 3, 1, 3))
    const hessians = f64x2.convert_low_i32x4_s(v128.shuffle<i32>(both, both, 0, 2, 0, 2))
    const sides = f64x2.div(f64x2.mul(gradients, gradients), f64x2.add(hessians, f64x2.splat(lambda)))
    const gain = gainScale * (f64x2.extract_lane(sides, 0) + f64x2.extract_lane(sides, 1)) - before
    if (gain > best) {
      best = gain
      bin = <i32>at
      store<f64>(found, gain)
      store<f64>(found, <f64>gradientOf(left), 8)
      store<f64>(found, <f64>hessianOf(left), 16)
    }
  }
  return bin
}
