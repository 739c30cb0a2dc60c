// Bins of a column's values, cut at quantiles in which both classes weigh the same: the loops of gradient boosting that
// each column goes through once, too few times for the engine to make plain code fast. Addresses are as in boosting.ts.

const digitBits: u64 = 11
const buckets: usize = 2048
/** Of a number's 64 bits. */
const digits: usize = 6
const bytesOfCounts: usize = digits * buckets * 4
const signBit: u64 = 0x8000000000000000

/**
 * Adds the known values of the rows that are sampled to the lists of their classes.
 *
 * @param classes a byte for each row: 0 where it is not sampled, else 1 or 2.
 * @param lists for each class: where its list is, and how many values it has, u32 each.
 */
export function takeSample(column: usize, classes: usize, rows: usize, lists: usize): void {
  for (let row: usize = 0; row < rows; row++) {
    const which = <usize>load<u8>(classes + row)
    // -0 and 0 are one value.
    const value = load<f64>(column + (row << 3)) + 0
    if (which == 0 || value != value) continue
    const list = lists + ((which - 1) << 3)
    const count = load<u32>(list, 4)
    store<f64>(<usize>load<u32>(list) + (<usize>count << 3), value)
    store<u32>(list, count + 1, 4)
  }
}

/**
 * Finds the upper ends of a column's bins: rows at or below an end, and above the one before, are in its bin. The last is
 * infinite, and so are all places behind it. Returns how many bins there are.
 *
 * @param lists as `takeSample` leaves them; they are sorted here.
 * @param scratch the counts of a sort, and two numbers for each value of both lists.
 * @param ends 256 places.
 */
export function findEnds(lists: usize, most: i32, scratch: usize, ends: usize): i32 {
  const a = <usize>load<u32>(lists)
  const b = <usize>load<u32>(lists, 8)
  const aCount = <usize>load<u32>(lists, 4)
  const bCount = <usize>load<u32>(lists, 12)
  const values = scratch + bytesOfCounts
  const masses = values + ((aCount + bCount) << 3)
  sort(a, aCount, values, scratch)
  sort(b, bCount, values, scratch)
  // What a value weighs: each class weighs 1 in all.
  const aMass: f64 = aCount == 0 ? 0 : 1 / <f64>aCount
  const bMass: f64 = bCount == 0 ? 0 : 1 / <f64>bCount
  const size = mergeDistinct(a, aCount, aMass, b, bCount, bMass, values, masses)
  for (let i: usize = 0; i < 256; i++) store<f64>(ends + (i << 3), Infinity)
  let count: i32 = 0
  let left: f64 = <f64>(<i32>(aCount > 0) + <i32>(bCount > 0))
  let filled: f64 = 0
  let wanted = left / <f64>most
  for (let at: usize = 0; at + 1 < size && count + 1 < most; at++) {
    const place = at << 3
    filled += load<f64>(masses + place)
    const isFull = filled >= wanted || load<f64>(masses + place, 8) >= wanted
    if (size > <usize>most && !isFull) continue
    store<f64>(ends + (<usize>count << 3), between(load<f64>(values + place), load<f64>(values + place, 8)))
    count++
    left -= filled
    filled = 0
    wanted = left / <f64>(most - count)
  }
  return count + 1
}

/** The distinct values of two sorted lists, and what each weighs; returns how many there are. */
function mergeDistinct(
  a: usize, aCount: usize, aMass: f64, b: usize, bCount: usize, bMass: f64, values: usize, masses: usize,
): usize {
  let size: usize = 0
  let last: f64 = NaN
  for (let i: usize = 0, j: usize = 0; i < aCount || j < bCount;) {
    const isFirst = j == bCount || (i < aCount && load<f64>(a + (i << 3)) <= load<f64>(b + (j << 3)))
    const value = isFirst ? load<f64>(a + (i << 3)) : load<f64>(b + (j << 3))
    if (isFirst) i++
    else j++
    if (value != last) {
      store<f64>(values + (size << 3), value)
      store<f64>(masses + (size << 3), 0)
      size++
      last = value
    }
    const at = masses + ((size - 1) << 3)
    store<f64>(at, load<f64>(at) + (isFirst ? aMass : bMass))
  }
  return size
}

/** The middle of two values; the lower one where that rounds to the upper, or is not finite. */
function between(low: f64, high: f64): f64 {
  const middle = low / 2 + high / 2
  return middle >= low && middle < high ? middle : low
}

/**
 * Sorts numbers, none of which is missing: by their upper three digits, beyond which few differ, and one by one. Where that
 * takes too long, by all digits.
 */
function sort(numbers: usize, length: usize, other: usize, counts: usize): void {
  const end = numbers + (length << 3)
  for (let at = numbers; at < end; at += 8) {
    // With its sign turned, or all bits of a negative number, a number's bits are in its order.
    const bits = load<u64>(at)
    store<u64>(at, bits ^ (<u64>(<i64>bits >> 63) | signBit))
  }
  sortByDigits(numbers, length, other, counts, digits / 2)
  if (!insert(numbers, length)) sortByDigits(numbers, length, other, counts, 0)
  for (let at = numbers; at < end; at += 8) {
    const key = load<u64>(at)
    store<u64>(at, key ^ (((key >> 63) - 1) | signBit))
  }
}

/** Moves each key to its place among those before it. Gives up, and returns false, after four moves for each key. */
function insert(keys: usize, length: usize): bool {
  let moved: usize = 0
  for (let i: usize = 1; i < length; i++) {
    const place = keys + (i << 3)
    const key = load<u64>(place)
    let at = place
    for (; at > keys && load<u64>(at - 8) > key; at -= 8) store<u64>(at, load<u64>(at - 8))
    store<u64>(at, key)
    moved += (place - at) >> 3
    if (moved > length << 2) return false
  }
  return true
}

/** Sorts keys by their digits from `first` up; keys whose digits are the same stay in their order. */
function sortByDigits(keys: usize, length: usize, other: usize, counts: usize, first: usize): void {
  memory.fill(counts, 0, bytesOfCounts)
  for (let at: usize = 0; at < length << 3; at += 8) {
    const key = load<u64>(keys + at)
    for (let digit = first; digit < digits; digit++) {
      const place = counts + ((digit * buckets + digitOf(key, digit)) << 2)
      store<u32>(place, load<u32>(place) + 1)
    }
  }
  let from = keys
  let to = other
  for (let digit = first; digit < digits && length > 0; digit++) {
    const next = counts + ((digit * buckets) << 2)
    if (<usize>load<u32>(next + (digitOf(load<u64>(from), digit) << 2)) == length) continue
    let place: u32 = 0
    for (let bucket: usize = 0; bucket < buckets; bucket++) {
      const count = load<u32>(next + (bucket << 2))
      store<u32>(next + (bucket << 2), place)
      place += count
    }
    for (let at: usize = 0; at < length << 3; at += 8) {
      const key = load<u64>(from + at)
      const bucket = next + (digitOf(key, digit) << 2)
      const index = load<u32>(bucket)
      store<u64>(to + (<usize>index << 3), key)
      store<u32>(bucket, index + 1)
    }
    const swapped = from
    from = to
    to = swapped
  }
  if (from != keys) memory.copy(keys, from, length << 3)
}

// @ts-ignore: a decorator of a function, which the compiler knows.
@inline
function digitOf(key: u64, digit: usize): usize {
  return <usize>((key >> (<u64>digit * digitBits)) & <u64>(buckets - 1))
}

/**
 * Writes the bin of each value; a missing one's is `missingBin`. Returns 1 where there is such, else 0.
 *
 * @param ends as `findEnds` writes them: a search by halves always takes the same steps, for a branch would be mispredicted.
 */
export function fillBins(ends: usize, column: usize, rows: usize, missingBin: u8, bins: usize): i32 {
  let hasMissing: i32 = 0
  for (let row: usize = 0; row < rows; row++) {
    const value = load<f64>(column + (row << 3))
    let at = pastHalf(ends, value, 128)
    at = pastHalf(at, value, 64)
    at = pastHalf(at, value, 32)
    at = pastHalf(at, value, 16)
    at = pastHalf(at, value, 8)
    at = pastHalf(at, value, 4)
    at = pastHalf(at, value, 2)
    at = pastHalf(at, value, 1)
    const isMissing = <i32>(value != value)
    hasMissing |= isMissing
    store<u8>(bins + row, isMissing ? missingBin : <u8>((at - ends) >> 3))
  }
  return hasMissing
}

/** Beyond so many ends where the last of them lies below the value. */
// @ts-ignore
@inline
function pastHalf(ends: usize, value: f64, half: usize): usize {
  return ends + (load<f64>(ends + ((half - 1) << 3)) < value ? half << 3 : 0)
}
