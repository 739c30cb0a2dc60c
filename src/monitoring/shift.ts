import { lowerEnd, missingBin, upperEnd, zeroBin } from '../core/value-bins.ts'

type Counts = ArrayLike<number>

/**
 * How far values would have to be moved on average to make one sample the other (Wasserstein's distance), in standard
 * deviations of the reference. Both on the scale of asinh(value / usual value), which is as even as a logarithm for large
 * values and knows zero and negative ones, so that a few enormous values do not hide what happens to all others. Values that
 * move a little, as counts of one busy shop do, make it small, however many groups they change. Missing values aside; 0 where
 * one sample has no others.
 */
export function shiftOf(reference: Counts, current: Counts): number {
  const [n, m] = [valuesOf(reference), valuesOf(current)]
  if (n === 0 || m === 0) return 0
  const unit = usualMagnitude(reference, n) ?? usualMagnitude(current, m)
  if (unit === undefined) return 0
  let [distance, below, belowNow, before] = [0, 0, 0, 0]
  let [sum, squares] = [0, 0]
  for (let bin = missingBin + 1; bin < reference.length; bin++) {
    if (reference[bin] === 0 && current[bin] === 0) continue
    const place = Math.asinh(middleOf(bin) / unit)
    distance += Math.abs(below / n - belowNow / m) * (place - before)
    before = place
    below += reference[bin]
    belowNow += current[bin]
    sum += reference[bin] * place
    squares += reference[bin] * place * place
  }
  const deviation = Math.sqrt(Math.max(0, squares / n - (sum / n) ** 2))
  // What was always the same has moved as far as can be, if it has.
  return distance === 0 ? 0 : distance / Math.max(deviation, 1e-9)
}

function valuesOf(counts: Counts): number {
  let sum = 0
  for (let bin = missingBin + 1; bin < counts.length; bin++) sum += counts[bin]
  return sum
}

function middleOf(bin: number): number {
  if (bin === zeroBin) return 0
  const [low, high] = [lowerEnd(bin), upperEnd(bin)]
  if (!Number.isFinite(low)) return high
  return Number.isFinite(high) ? (low + high) / 2 : low
}

/** The median of the magnitudes that are not zero. */
function usualMagnitude(counts: Counts, values: number): number | undefined {
  const half = (values - counts[zeroBin]) / 2
  let seen = 0
  for (let step = 1; zeroBin + step < counts.length; step++) {
    seen += counts[zeroBin + step] + (zeroBin - step > missingBin ? counts[zeroBin - step] : 0)
    if (seen > 0 && seen >= half) return middleOf(zeroBin + step)
  }
  return undefined
}
