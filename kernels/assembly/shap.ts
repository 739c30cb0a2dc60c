// What one tree adds to the explanation of a row: `tree-shap.ts` says what is computed, and writes what is read here.
//
// Where every feature is known with chance q, a leaf counts by a product with one factor for each feature of its path:
// share + (taken - share) q, in which share is the part of the training rows that the path keeps at this feature's splits,
// and taken is 1 while the row itself stays on it, else 0. A split on a feature at which the row has left the path before
// multiplies what is below by the share of each side alone, so it costs one number. Any other side that splits on has a
// frame: the product as it is there, and the sum of what the leaves below add to the tree's mean.

/** The row, f64 each. */
const rowAt: usize = 0
/** For each feature u32: the frame that has its factor, 0 where the row has left the path. */
const statesAt: usize = 4
/** The first frame, whose factors are 1. */
const framesAt: usize = 8
/** The points q, f64 each, filled up to pairs. */
const pointsAt: usize = 12
/** What is added where the row leaves the path, over the product there: -1 / (1 - q). */
const leavingAt: usize = 16
/** What each feature adds, f64 by feature and lane. */
const addedAt: usize = 20
/** Bytes of the points of one frame. */
const pointBytes: usize = 24

// A node has 32 bytes: f64 a leaf's value or a threshold; f64 the share of its parent's rows; f64 the share of the rows that
// the path keeps at all splits on its parent's feature; u32 feature; u32 address of its left child, 0 in a leaf, behind
// which the right one stands, and in the bits that an address leaves free who goes left.
const nodeBytes: usize = 32
/** Bit 0 of these: a missing value goes left; bit 1: every value does. */
const addressBits: u32 = ~31

/** The child on the row's side. */
// @ts-ignore: a decorator of a function, which the compiler knows.
@inline
function takenOf(node: usize, link: u32): usize {
  const x = load<f64>(<usize>load<u32>(rowAt) + (<usize>load<u32>(node, 24) << 3))
  const isLeft = <u32>(x <= load<f64>(node)) | (<u32>(x != x) & link) | ((link >> 1) & 1)
  return <usize>(link & addressBits) + ((<usize>(isLeft ^ 1)) << 5)
}

/** By points, two in a register: in a frame stand the product, the sum, one over the factor, and what is added over it. */
export function walkTree(root: usize): void {
  const bytes = <usize>load<u32>(pointBytes)
  const frame = <usize>load<u32>(framesAt)
  for (let at = frame; at < frame + bytes; at += 16) {
    v128.store(at, f64x2.splat(1))
    v128.store(at + bytes, f64x2.splat(0))
    v128.store(at + 2 * bytes, f64x2.splat(1))
    v128.store(at + 3 * bytes, f64x2.splat(0))
  }
  walk(root, frame, 1, bytes)
}

function walk(node: usize, frame: usize, scale: f64, bytes: usize): void {
  const link = load<u32>(node, 28)
  if (link == 0) {
    const value = f64x2.splat(load<f64>(node) * scale)
    for (let at = frame; at < frame + bytes; at += 16) {
      v128.store(at + bytes, f64x2.add(v128.load(at + bytes), f64x2.mul(v128.load(at), value)))
    }
    return
  }
  const left = <usize>(link & addressBits)
  const feature = <usize>load<u32>(node, 24)
  const states = <usize>load<u32>(statesAt) + (feature << 2)
  const before = load<u32>(states)
  if (before == 0) {
    walk(left, frame, scale * load<f64>(left, 8), bytes)
    walk(left + nodeBytes, frame, scale * load<f64>(left + nodeBytes, 8), bytes)
    return
  }
  const taken = takenOf(node, link)
  const other = left + left + nodeBytes - taken
  const inside = frame + 4 * bytes
  const points = <usize>load<u32>(pointsAt)
  const added = <usize>load<u32>(addedAt) + feature * bytes
  const share = f64x2.splat(load<f64>(taken, 16))
  const rest = f64x2.sub(f64x2.splat(1), share)
  const isLeaf = load<u32>(taken, 28) == 0
  const scales = f64x2.splat(isLeaf ? scale * load<f64>(taken) : scale)
  for (let at: usize = 0; at < bytes; at += 16) {
    const factor = f64x2.add(share, f64x2.mul(rest, v128.load(points + at)))
    const change = f64x2.mul(factor, v128.load(before + 2 * bytes + at))
    const product = f64x2.mul(f64x2.mul(v128.load(frame + at), scales), change)
    const inverse = f64x2.div(f64x2.splat(1), factor)
    const rate = f64x2.mul(rest, inverse)
    if (isLeaf) collect(product, rate, added + at, frame + at, before + at, bytes)
    else {
      v128.store(inside + at, product)
      v128.store(inside + bytes + at, f64x2.splat(0))
      v128.store(inside + 2 * bytes + at, inverse)
      v128.store(inside + 3 * bytes + at, rate)
    }
  }
  if (!isLeaf) {
    store<u32>(states, <u32>inside)
    walk(taken, inside, 1, bytes)
    collectInside(inside, inside + 3 * bytes, added, frame, before, bytes)
  }
  leave(other, states, added, frame, before, scale, bytes)
  store<u32>(states, before)
}

/** The side of a split on which the row is not. */
// @ts-ignore: a decorator of a function, which the compiler knows.
@inline
function leave(
  other: usize,
  states: usize,
  added: usize,
  frame: usize,
  before: usize,
  scale: f64,
  bytes: usize,
): void {
  const share = load<f64>(other, 16)
  // Nobody comes there.
  if (share == 0) return
  const inside = frame + 4 * bytes
  const points = <usize>load<u32>(pointsAt)
  const leaving = <usize>load<u32>(leavingAt)
  const isLeaf = load<u32>(other, 28) == 0
  const factors = f64x2.splat(share * (isLeaf ? scale * load<f64>(other) : scale))
  for (let at: usize = 0; at < bytes; at += 16) {
    const factor = f64x2.sub(factors, f64x2.mul(factors, v128.load(points + at)))
    const product = f64x2.mul(v128.load(frame + at), f64x2.mul(factor, v128.load(before + 2 * bytes + at)))
    if (isLeaf) collect(product, v128.load(leaving + at), added + at, frame + at, before + at, bytes)
    else {
      v128.store(inside + at, product)
      v128.store(inside + bytes + at, f64x2.splat(0))
    }
  }
  if (isLeaf) return
  store<u32>(states, 0)
  walk(other, inside, 1, bytes)
  collectInside(inside, leaving, added, frame, before, bytes)
}

// @ts-ignore: a decorator of a function, which the compiler knows.
@inline
function collectInside(inside: usize, rates: usize, added: usize, frame: usize, before: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    collect(v128.load(inside + bytes + at), v128.load(rates + at), added + at, frame + at, before + at, bytes)
  }
}

/** What leaves add to the feature, less what they added with the factor that it had before, and to the frame's sum. */
// @ts-ignore: a decorator of a function, which the compiler knows.
@inline
function collect(sum: v128, rate: v128, added: usize, frame: usize, before: usize, bytes: usize): void {
  const more = f64x2.mul(sum, f64x2.sub(rate, v128.load(before + 3 * bytes)))
  v128.store(added, f64x2.add(v128.load(added), more))
  v128.store(frame + bytes, f64x2.add(v128.load(frame + bytes), sum))
}

// The same by three points for each of four choices of two pivots, features that are known all along or unknown. A product
// is a number for the point times one for the choice. A frame: for each of three points f64 the product (to 24), one over
// the factor (to 48), what is added over it (to 72); from 80 on a number for each choice; from 112 on the sums, by point
// and choice.

const choicesAt: usize = 80
const sumsAt: usize = 112
const frameBytes: usize = 208
/** Features that are pivots have these in the place of a frame. */
const firstPivot: u32 = 1
const secondPivot: u32 = 2

export function walkPivoted(root: usize): void {
  const frame = <usize>load<u32>(framesAt)
  for (let at: usize = 0; at < 24; at += 8) {
    store<f64>(frame + at, 1)
    store<f64>(frame + at, 1, 24)
    store<f64>(frame + at, 0, 48)
  }
  v128.store(frame, f64x2.splat(1), choicesAt)
  v128.store(frame, f64x2.splat(1), choicesAt + 16)
  clearSums(frame)
  walkChoices(root, frame, 1)
}

// @ts-ignore: a decorator of a function, which the compiler knows.
@inline
function clearSums(frame: usize): void {
  const zero = f64x2.splat(0)
  v128.store(frame, zero, sumsAt)
  v128.store(frame, zero, sumsAt + 16)
  v128.store(frame, zero, sumsAt + 32)
  v128.store(frame, zero, sumsAt + 48)
  v128.store(frame, zero, sumsAt + 64)
  v128.store(frame, zero, sumsAt + 80)
}

function walkChoices(node: usize, frame: usize, scale: f64): void {
  const link = load<u32>(node, 28)
  if (link == 0) {
    const value = load<f64>(node) * scale
    const choices = v128.load(frame, choicesAt)
    const others = v128.load(frame, choicesAt + 16)
    addLeaf(frame, value * load<f64>(frame), choices, others)
    addLeaf(frame + 32, value * load<f64>(frame, 8), choices, others)
    addLeaf(frame + 64, value * load<f64>(frame, 16), choices, others)
    return
  }
  const left = <usize>(link & addressBits)
  const feature = <usize>load<u32>(node, 24)
  const states = <usize>load<u32>(statesAt) + (feature << 2)
  const before = load<u32>(states)
  if (before == 0) {
    walkChoices(left, frame, scale * load<f64>(left, 8))
    walkChoices(left + nodeBytes, frame, scale * load<f64>(left + nodeBytes, 8))
    return
  }
  const taken = takenOf(node, link)
  const other = left + left + nodeBytes - taken
  if (before <= secondPivot) {
    walkPivot(taken, frame, scale, before, 1)
    walkPivot(other, frame, scale, before, 0)
    return
  }
  const points = <usize>load<u32>(pointsAt)
  const leaving = <usize>load<u32>(leavingAt)
  const added = <usize>load<u32>(addedAt) + feature * 96
  const share = load<f64>(taken, 16)
  const a = share + (1 - share) * load<f64>(points)
  const b = share + (1 - share) * load<f64>(points, 8)
  const c = share + (1 - share) * load<f64>(points, 16)
  const overA = 1 / a
  const overB = 1 / b
  const overC = 1 / c
  const productA = scale * load<f64>(frame) * load<f64>(before, 24)
  const productB = scale * load<f64>(frame, 8) * load<f64>(before, 32)
  const productC = scale * load<f64>(frame, 16) * load<f64>(before, 40)
  const inside = frame + frameBytes
  store<f64>(inside, overA, 24)
  store<f64>(inside, overB, 32)
  store<f64>(inside, overC, 40)
  store<f64>(inside, (1 - share) * overA, 48)
  store<f64>(inside, (1 - share) * overB, 56)
  store<f64>(inside, (1 - share) * overC, 64)
  store<u32>(states, <u32>inside)
  walkSide(taken, productA * a, productB * b, productC * c, frame, added, before, inside + 48)
  const lost = load<f64>(other, 16)
  // Else nobody comes there.
  if (lost != 0) {
    store<u32>(states, 0)
    const d = lost - lost * load<f64>(points)
    const e = lost - lost * load<f64>(points, 8)
    const f = lost - lost * load<f64>(points, 16)
    walkSide(other, productA * d, productB * e, productC * f, frame, added, before, leaving)
  }
  store<u32>(states, before)
}

// @ts-ignore: a decorator of a function, which the compiler knows.
@inline
function addLeaf(sums: usize, product: f64, choices: v128, others: v128): void {
  const products = f64x2.splat(product)
  v128.store(sums, f64x2.add(v128.load(sums, sumsAt), f64x2.mul(products, choices)), sumsAt)
  v128.store(sums, f64x2.add(v128.load(sums, sumsAt + 16), f64x2.mul(products, others)), sumsAt + 16)
}

/** A side of a split, with the product there. */
// @ts-ignore: a decorator of a function, which the compiler knows.
@inline
function walkSide(
  child: usize,
  productA: f64,
  productB: f64,
  productC: f64,
  frame: usize,
  added: usize,
  before: usize,
  rates: usize,
): void {
  const choices = v128.load(frame, choicesAt)
  const others = v128.load(frame, choicesAt + 16)
  const rateA = load<f64>(rates) - load<f64>(before, 48)
  const rateB = load<f64>(rates, 8) - load<f64>(before, 56)
  const rateC = load<f64>(rates, 16) - load<f64>(before, 64)
  if (load<u32>(child, 28) == 0) {
    const value = load<f64>(child)
    collectLeaf(value * productA, rateA, choices, others, added, frame)
    collectLeaf(value * productB, rateB, choices, others, added + 32, frame + 32)
    collectLeaf(value * productC, rateC, choices, others, added + 64, frame + 64)
    return
  }
  const inside = frame + frameBytes
  store<f64>(inside, productA)
  store<f64>(inside, productB, 8)
  store<f64>(inside, productC, 16)
  v128.store(inside, choices, choicesAt)
  v128.store(inside, others, choicesAt + 16)
  clearSums(inside)
  walkChoices(child, inside, 1)
  collectPoint(rateA, inside, added, frame)
  collectPoint(rateB, inside + 32, added + 32, frame + 32)
  collectPoint(rateC, inside + 64, added + 64, frame + 64)
}

// @ts-ignore: a decorator of a function, which the compiler knows.
@inline
function collectLeaf(product: f64, rate: f64, choices: v128, others: v128, added: usize, sums: usize): void {
  const products = f64x2.splat(product)
  collectSums(rate, f64x2.mul(products, choices), f64x2.mul(products, others), added, sums)
}

// @ts-ignore: a decorator of a function, which the compiler knows.
@inline
function collectPoint(rate: f64, inside: usize, added: usize, sums: usize): void {
  collectSums(rate, v128.load(inside, sumsAt), v128.load(inside, sumsAt + 16), added, sums)
}

// @ts-ignore: a decorator of a function, which the compiler knows.
@inline
function collectSums(rate: f64, some: v128, others: v128, added: usize, sums: usize): void {
  const rates = f64x2.splat(rate)
  v128.store(added, f64x2.add(v128.load(added), f64x2.mul(some, rates)))
  v128.store(added, f64x2.add(v128.load(added, 16), f64x2.mul(others, rates)), 16)
  v128.store(sums, f64x2.add(v128.load(sums, sumsAt), some), sumsAt)
  v128.store(sums, f64x2.add(v128.load(sums, sumsAt + 16), others), sumsAt + 16)
}

/** A side of a pivot's split: where the pivot is known it counts if the row goes there, else by its share of the rows. */
function walkPivot(child: usize, frame: usize, scale: f64, pivot: u32, taken: f64): void {
  const inside = frame + frameBytes
  const ratio = load<f64>(child, 8)
  const isFirst = pivot == firstPivot
  const some = isFirst ? f64x2.replace_lane(f64x2.splat(ratio), 1, taken) : f64x2.splat(ratio)
  const others = isFirst ? some : f64x2.splat(taken)
  v128.store(inside, f64x2.mul(v128.load(frame, choicesAt), some), choicesAt)
  v128.store(inside, f64x2.mul(v128.load(frame, choicesAt + 16), others), choicesAt + 16)
  store<f64>(inside, load<f64>(frame) * scale)
  store<f64>(inside, load<f64>(frame, 8) * scale, 8)
  store<f64>(inside, load<f64>(frame, 16) * scale, 16)
  clearSums(inside)
  walkChoices(child, inside, 1)
  for (let at: usize = 0; at < 96; at += 16) {
    v128.store(frame + at, f64x2.add(v128.load(frame + at, sumsAt), v128.load(inside + at, sumsAt)), sumsAt)
  }
}
