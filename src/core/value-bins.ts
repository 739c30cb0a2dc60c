/**
 * Bins that are the same for all data: a value's sign, its power of two and the eighth between that and the next one. So
 * counts of any two times, files or models can be added and compared. Whole numbers to 16 have one each; a bin is 6 to 12 %
 * of its values wide.
 */
const perOctave = 8
const leastExponent = -20
const octaves = 60
const magnitudes = octaves * perOctave
const bias = 1023

/** The bin of NaN. */
export const missingBin = 0
/** The bin of 0, and of what is closer to it than 2^-20. */
export const zeroBin = magnitudes + 1
export const binCount = 2 * magnitudes + 2

const value = new Float64Array(1)
const words = new Uint32Array(value.buffer)
const high = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0
const first = (bias + leastExponent) * perOctave - 1

/** Bins are in the order of their values; the outermost take all that is beyond them, infinity, too. */
export function binOf(number: number): number {
  if (Number.isNaN(number)) return missingBin
  value[0] = number
  const word = words[high]
  const magnitude = ((word & 0x7fffffff) >>> 17) - first
  if (magnitude < 1) return zeroBin
  const bounded = Math.min(magnitude, magnitudes)
  return word >>> 31 === 0 ? zeroBin + bounded : zeroBin - bounded
}

/** The least value of a bin of values, or the greatest of one of negative values: the end that is closer to 0. */
function innerEnd(magnitude: number): number {
  if (magnitude > magnitudes) return Number.POSITIVE_INFINITY
  const steps = magnitude - 1
  return 2 ** (leastExponent + Math.floor(steps / perOctave)) * (1 + (steps % perOctave) / perOctave)
}

/** Where the values of a bin begin. */
export function lowerEnd(bin: number): number {
  if (bin === zeroBin) return -innerEnd(1)
  return bin > zeroBin ? innerEnd(bin - zeroBin) : -outerEnd(zeroBin - bin)
}

/** Where they end. */
export function upperEnd(bin: number): number {
  if (bin === zeroBin) return innerEnd(1)
  return bin > zeroBin ? outerEnd(bin - zeroBin) : -innerEnd(zeroBin - bin)
}

function outerEnd(magnitude: number): number {
  return magnitude === magnitudes ? Number.POSITIVE_INFINITY : innerEnd(magnitude + 1)
}
