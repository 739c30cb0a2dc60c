/**
 * The mean log-odds of a probability of which the mean and the variance are known, taken for beta distributed: the digamma
 * function at alpha, less that at beta. Where no variance is left they are the mean's own.
 */
export function betaLogOdds(mean: number, variance: number): number {
  const strength = (mean * (1 - mean)) / variance - 1
  // Past a million, and where rounding left less than no variance, the two don't differ by 1e-6.
  if (!(strength > 0 && strength < 1e6)) return Math.log(mean / (1 - mean))
  return digamma(mean * strength) - digamma((1 - mean) * strength)
}

/** For x > 0: the recurrence up to 6, and from there the asymptotic series (Abramowitz and Stegun, 6.3.5 and 6.3.18). */
export function digamma(x: number): number {
  let shifted = x
  let sum = 0
  for (; shifted < 6; shifted++) sum -= 1 / shifted
  const square = 1 / (shifted * shifted)
  const series = square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square * (1 / 240 - square / 132))))
  return sum + Math.log(shifted) - 0.5 / shifted - series
}
