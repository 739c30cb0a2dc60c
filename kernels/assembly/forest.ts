// One row through a forest, to the last bit as if each tree were walked and the leaves added up in their order.
//
// Each tree's top has at most 16 or 32 exits, numbered from left to right: leaves, and nodes below which the walk goes
// on. By feature and place of the row's value among the tops' thresholds stands a row of masks, a mask for each tree, in
// which the exits to the left of every split that the value sends right are gone. A row's exit is the lowest bit that is
// left in the masks of all features (after QuickScorer: Lucchese et al., SIGIR 2015, whose masks are of single splits).
//
// The memory begins with the layout, whose words and the structures that they point to `compiled-forest.ts` writes.

const featureCount: usize = 0
const treeCount: usize = 4
/** Bytes of a row of masks: treeCount << laneShift. */
const rowBytes: usize = 8
/** 1: masks of 16 bits, 2: of 32. */
const laneShift: usize = 12
/** The inputs, f64 each. */
const rowAt: usize = 16
/** 32 bytes for each feature: f64 low, f64 scale, u32 place of the cells, of the thresholds, of the masks, of those for a missing value. */
const featuresAt: usize = 20
/** Scratch: the address of each feature's masks. */
const addressesAt: usize = 24
/** Scratch: each tree's masks joined. */
const foundAt: usize = 28
/** Each tree's exits: f64 the value of a leaf. */
const leavesAt: usize = 32
/** Each tree's exits: u32 address of a node to go on from, 0 for a leaf; 0 instead of an address where no tree goes on. */
const exitsAt: usize = 36
/** Scratch: each tree's leaf, and one more for nobody. */
const valuesAt: usize = 40
/** Scratch: the trees that go on, by 8 bytes: u32 node, u32 place of its value. */
const restAt: usize = 44
/** A node that is a leaf for nobody. */
const nobody: usize = 48

export function score(): f64 {
  findMasks()
  joinMasks()
  return load<u32>(exitsAt) == 0 ? sumOfLeaves() : sumOfWalks()
}

/** Where each feature's masks stand, by the place of its value among the thresholds. */
function findMasks(): void {
  const rowLength = <usize>load<u32>(rowBytes)
  const addresses = <usize>load<u32>(addressesAt)
  const row = <usize>load<u32>(rowAt)
  const features = <usize>load<u32>(featuresAt)
  const count = <usize>load<u32>(featureCount)
  for (let i: usize = 0; i < count; i++) {
    const feature = features + (i << 5)
    const x = load<f64>(row + (i << 3))
    let address = load<u32>(feature, 28)
    if (x == x) {
      // The cells cut the feature's range into equal parts and know the first threshold of each.
      const cell = <usize>(<u32>max<f64>(0, min<f64>(1023, (x - load<f64>(feature)) * load<f64>(feature, 8) + 1)))
      const thresholds = <usize>load<u32>(feature, 20)
      let place = <usize>load<u16>(<usize>load<u32>(feature, 16) + (cell << 1))
      place += <usize>(load<f64>(thresholds + (place << 3)) < x)
      while (load<f64>(thresholds + (place << 3)) < x) place++
      address = load<u32>(feature, 24) + <u32>(place * rowLength)
    }
    store<u32>(addresses + (i << 2), address)
  }
}

/** Five registers at a time: as many as went fastest. */
function joinMasks(): void {
  const addresses = <usize>load<u32>(addressesAt)
  const end = addresses + (<usize>load<u32>(featureCount) << 2)
  const found = <usize>load<u32>(foundAt)
  const bytes = <usize>load<u32>(rowBytes)
  for (let group: usize = 0; group < bytes; group += 80) {
    let a = i32x4.splat(-1)
    let b = a
    let c = a
    let d = a
    let e = a
    for (let each = addresses; each < end; each += 4) {
      const masks = <usize>load<u32>(each) + group
      a = v128.and(a, v128.load(masks))
      b = v128.and(b, v128.load(masks, 16))
      c = v128.and(c, v128.load(masks, 32))
      d = v128.and(d, v128.load(masks, 48))
      e = v128.and(e, v128.load(masks, 64))
    }
    v128.store(found + group, a)
    v128.store(found + group, b, 16)
    v128.store(found + group, c, 32)
    v128.store(found + group, d, 48)
    v128.store(found + group, e, 64)
  }
}

function sumOfLeaves(): f64 {
  const found = <usize>load<u32>(foundAt)
  const count = <usize>load<u32>(treeCount)
  let leaves = <usize>load<u32>(leavesAt)
  let sum: f64 = 0
  if (load<u32>(laneShift) == 1) {
    const end = found + (count << 1)
    for (let at = found; at < end; at += 2, leaves += 128) sum += load<f64>(leaves + (<usize>ctz(<u32>load<u16>(at)) << 3))
  } else {
    const end = found + (count << 2)
    for (let at = found; at < end; at += 4, leaves += 256) sum += load<f64>(leaves + (<usize>ctz(load<u32>(at)) << 3))
  }
  return sum
}

function sumOfWalks(): f64 {
  const count = <usize>load<u32>(treeCount)
  const values = <usize>load<u32>(valuesAt)
  walk(values, findRest(values, count))
  let sum: f64 = 0
  for (let at = values; at < values + (count << 3); at += 8) sum += load<f64>(at)
  return sum
}

/** Writes down the leaves that were reached and lists the trees that are not at one yet; returns the list's end. */
function findRest(values: usize, count: usize): usize {
  const found = <usize>load<u32>(foundAt)
  const leaves = <usize>load<u32>(leavesAt)
  const exits = <usize>load<u32>(exitsAt)
  const lane = <usize>load<u32>(laneShift)
  const mostShift: usize = lane + 3
  let rest = <usize>load<u32>(restAt)
  for (let tree: usize = 0; tree < count; tree++) {
    const mask = lane == 1 ? <u32>load<u16>(found + (tree << 1)) : load<u32>(found + (tree << 2))
    const exit = (tree << mostShift) + <usize>ctz(mask)
    store<f64>(values + (tree << 3), load<f64>(leaves + (exit << 3)))
    const node = load<u32>(exits + (exit << 2))
    store<u32>(rest, node)
    store<u32>(rest, <u32>(values + (tree << 3)), 4)
    rest += node == 0 ? 0 : 8
  }
  return rest
}

/** Four trees side by side: while one waits for memory the others go on. */
function walk(values: usize, end: usize): void {
  // The last four are filled up with a leaf that counts for nobody.
  const spare = <u32>(values + (<usize>load<u32>(treeCount) << 3))
  for (let more: usize = 0; more < 24; more += 8) {
    store<u32>(end + more, load<u32>(nobody))
    store<u32>(end + more, spare, 4)
  }
  const row = <usize>load<u32>(rowAt)
  for (let at = <usize>load<u32>(restAt); at < end; at += 32) {
    let a = <usize>load<u32>(at)
    let b = <usize>load<u32>(at, 8)
    let c = <usize>load<u32>(at, 16)
    let d = <usize>load<u32>(at, 24)
    for (;;) {
      const distanceA = load<i32>(a, 12)
      const distanceB = load<i32>(b, 12)
      const distanceC = load<i32>(c, 12)
      const distanceD = load<i32>(d, 12)
      if ((distanceA | distanceB | distanceC | distanceD) == 0) break
      a = childOf(a, distanceA, row)
      b = childOf(b, distanceB, row)
      c = childOf(c, distanceC, row)
      d = childOf(d, distanceD, row)
    }
    store<f64>(<usize>load<u32>(at, 4), load<f64>(a))
    store<f64>(<usize>load<u32>(at, 12), load<f64>(b))
    store<f64>(<usize>load<u32>(at, 20), load<f64>(c))
    store<f64>(<usize>load<u32>(at, 28), load<f64>(d))
  }
}

/** A node: f64 threshold, or a leaf's value; u16 its feature; u16 1 where a missing value goes right; i32 bytes to its left child, 0 in a leaf. */
// @ts-ignore: a decorator of a function, which the compiler knows.
@inline
function childOf(node: usize, distance: i32, row: usize): usize {
  const x = load<f64>(row + (<usize>load<u16>(node, 8) << 3))
  const isRight = <i32>(x > load<f64>(node)) | (<i32>(x != x) & <i32>load<u16>(node, 10))
  // A leaf is its own child.
  return node + <usize>distance + <usize>((isRight & <i32>(distance != 0)) << 4)
}
