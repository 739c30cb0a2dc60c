// Inner loops of gradient boosting, each to the last bit what its words say in plain numbers. Addresses are of arrays in
// one memory that all threads share.

/** Of a feature's sums: 256 bins of f64. */
const featureBytes: usize = 2048
/** Of a chunk of at most 16 features, whose sums stay in the processor's nearest cache: what the tree sees of it. */
const chunkBytes: usize = 32
/** What is read of so many rows stays there, too. */
const rowsAtOnce: usize = 128
/** A packed number is gradient * 2^26 + hessian. */
const packing: f64 = 67108864

// @ts-ignore: a decorator of a function, which the compiler knows.
@inline
function addBin(sums: usize, bin: usize, own: f64): void {
  const at = sums + (bin << 3)
  store<f64>(at, load<f64>(at) + own)
}

// @ts-ignore
@inline
function addFour(sums: usize, bins: u32, own: f64): void {
  addBin(sums, <usize>(bins & 255), own)
  addBin(sums + featureBytes, <usize>((bins >> 8) & 255), own)
  addBin(sums + 2 * featureBytes, <usize>((bins >> 16) & 255), own)
  addBin(sums + 3 * featureBytes, <usize>(bins >> 24), own)
}

// @ts-ignore
@inline
function addEight(sums: usize, bins: u64, own: f64): void {
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
    const own = load<f64>(packed + (row << 3))
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
function addSome(sums: usize, bins: u64, count: usize, own: f64): void {
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
    v128.store(sums + at, f64x2.sub(v128.load(sums + at), v128.load(less + at)))
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

/**
 * Gradients and hessians of rows, scaled, rounded and packed into one number; returns their sum, which is exact in any
 * order. Two rows at once.
 */
export function pack(
  gradients: usize, hessians: usize, packed: usize, from: usize, to: usize, gradientScale: f64, hessianScale: f64,
): f64 {
  const scales = f64x2.splat(gradientScale)
  const otherScales = f64x2.splat(hessianScale)
  let sums = f64x2.splat(0)
  let row = from
  for (; row + 2 <= to; row += 2) {
    const at = row << 3
    const both = packTwo(v128.load(gradients + at), v128.load(hessians + at), scales, otherScales)
    v128.store(packed + at, both)
    sums = f64x2.add(sums, both)
  }
  let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1)
  if (row < to) {
    const at = row << 3
    const both = packTwo(v128.load64_zero(gradients + at), v128.load64_zero(hessians + at), scales, otherScales)
    v128.store64_lane(packed + at, both, 0)
    sum += f64x2.extract_lane(both, 0)
  }
  return sum
}

// @ts-ignore
@inline
function packTwo(gradients: v128, hessians: v128, gradientScales: v128, hessianScales: v128): v128 {
  const whole = round(f64x2.mul(gradients, gradientScales))
  return f64x2.add(f64x2.mul(whole, f64x2.splat(packing)), round(f64x2.mul(hessians, hessianScales)))
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
 * Finds the split of a feature that gains more than `best`, where nothing bounds the values: of equal gains the first.
 * Returns its bin or -1, and writes its gain, gradient and hessian to the left, f64 each.
 *
 * @param sums packed, a leaf's gradient and hessian too are rounded; to the left are from the start `leftGradient` and
 * `leftHessian`.
 * @param least what a side's hessian is at least.
 * @param before the leaf's own gain.
 */
export function scan(
  sums: usize, bins: usize, gradient: f64, hessian: f64, leftGradient: f64, leftHessian: f64,
  least: f64, lambda: f64, gainScale: f64, before: f64, best: f64, found: usize,
): i32 {
  let bin: i32 = -1
  for (let at: usize = 0; at < bins; at++) {
    const own = load<f64>(sums + (at << 3))
    if (own == 0) continue
    const ownGradient = floor<f64>(own * (1 / packing))
    leftGradient += ownGradient
    leftHessian += own - ownGradient * packing
    if (leftHessian < least) continue
    const rightHessian = hessian - leftHessian
    if (rightHessian < least) break
    const rightGradient = gradient - leftGradient
    const gain =
      gainScale *
        ((leftGradient * leftGradient) / (leftHessian + lambda) +
          (rightGradient * rightGradient) / (rightHessian + lambda)) -
      before
    if (gain > best) {
      best = gain
      bin = <i32>at
      store<f64>(found, gain)
      store<f64>(found, leftGradient, 8)
      store<f64>(found, leftHessian, 16)
    }
  }
  return bin
}
