/**
 * The natural logarithm of the odds of a score. The score in [0, 1] is first squeezed to epsilon + (1 - 2 epsilon) score,
 * so that 0 and 1 are finite and, unlike after a flat clip, still apart from their neighbours.
 */
export function logOddsOf(score: number, epsilon: number): number {
  const scale = 1 - 2 * epsilon
  return Math.log((epsilon + scale * score) / (epsilon + scale * (1 - score)))
}

/** The logistic function. */
export function probabilityOf(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds))
}

/** Rows gathered by log-odds: position, weight, and weight of the frauds among them. */
export interface WeighedOdds {
  readonly logOdds: Float64Array
  readonly weight: Float64Array
  readonly fraud: Float64Array
}

/**
 * The shift b for which the weighted mean of probabilityOf(offset + b) is the weighted fraud rate: Newton steps, and
 * bisection where one leaves the bracket. The fraud rate must lie strictly between 0 and 1.
 */
export function solveShift(offsets: Float64Array, { weight, fraud }: WeighedOdds): number {
  let total = 0
  let target = 0
  let lowest = Number.POSITIVE_INFINITY
  let highest = Number.NEGATIVE_INFINITY
  for (let i = 0; i < offsets.length; i++) {
    total += weight[i]
    target += fraud[i]
    lowest = Math.min(lowest, offsets[i])
    highest = Math.max(highest, offsets[i])
  }
  // At these ends every probability is at most, or at least, the fraud rate.
  const rate = Math.log(target / (total - target))
  let low = rate - highest
  let high = rate - lowest
  let shift = Math.min(Math.max(0, low), high)
  for (let step = 0; step < 100 && low < high; step++) {
    let excess = -target
    let slope = 0
    for (let i = 0; i < offsets.length; i++) {
      const probability = probabilityOf(offsets[i] + shift)
      excess += weight[i] * probability
      slope += weight[i] * probability * (1 - probability)
    }
    if (Math.abs(excess) <= 1e-13 * target) break
    if (excess > 0) high = shift
    else low = shift
    const newton = shift - excess / slope
    const next = newton > low && newton < high ? newton : (low + high) / 2
    if (next === shift) break
    shift = next
  }
  return shift
}
