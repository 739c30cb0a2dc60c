const bits = new DataView(new ArrayBuffer(8))

/** The next lower single-precision number. */
function previousFloat(value: number): number {
  bits.setFloat32(0, value)
  const pattern = bits.getInt32(0)
  // From 0 down to the least negative number; else towards 0, or away from it.
  if (value === 0) bits.setInt32(0, 0x80000001 | 0)
  else bits.setInt32(0, value > 0 ? pattern - 1 : pattern + 1)
  return bits.getFloat32(0)
}

function previousDouble(value: number): number {
  bits.setFloat64(0, value)
  const pattern = bits.getBigInt64(0)
  if (value === 0) return -Number.MIN_VALUE
  bits.setBigInt64(0, value > 0 ? pattern - 1n : pattern + 1n)
  return bits.getFloat64(0)
}

// Halfway from the largest finite single-precision number to where the next one would be: from here on it is infinite.
const overflow = 2 ** 128 - 2 ** 103

/**
 * The largest number that is below a single-precision threshold once it was itself rounded to single precision: whoever
 * compares in single precision and we then send every number to the same side.
 */
export function largestBelow(threshold: number): number {
  const limit = Math.fround(threshold)
  if (Number.isNaN(limit) || limit === Number.NEGATIVE_INFINITY) return Number.NaN
  if (limit === Number.POSITIVE_INFINITY) return previousDouble(overflow)
  const below = previousFloat(limit)
  if (below === Number.NEGATIVE_INFINITY) return -overflow
  const middle = below / 2 + limit / 2
  return Math.fround(middle) < limit ? middle : previousDouble(middle)
}

const infinity = 0x7f800000

/** The single-precision numbers from -infinity to infinity in order, 0 at place 0. */
function floatAt(place: number): number {
  bits.setInt32(0, place < 0 ? 0x80000000 | -place : place)
  return bits.getFloat32(0)
}

/**
 * The largest number for which a claim holds once it was rounded to single precision; the claim must hold up to some
 * number and for none above. NaN if it never holds.
 */
export function largestWhere(holds: (value: number) => boolean): number {
  let low = -infinity
  let high = infinity + 1
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (holds(floatAt(middle))) low = middle + 1
    else high = middle
  }
  // Now the first place where it doesn't hold.
  return low > infinity ? Number.POSITIVE_INFINITY : largestBelow(floatAt(low))
}
