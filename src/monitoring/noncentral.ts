/**
 * How probable it is that a noncentral chi-squared variable is above a value, in standard deviations of a normal one: a power
 * of it is nearly normal (Sankaran, Biometrika 50, 1963).
 */
function noncentralScore(value: number, freedom: number, noncentrality: number): number {
  const mean = freedom + noncentrality
  const twice = freedom + 2 * noncentrality
  const power = 1 - (2 * mean * (freedom + 3 * noncentrality)) / (3 * twice * twice)
  const ratio = twice / (mean * mean)
  const offset = (power - 1) * (1 - 3 * power)
  const centre = 1 + power * ratio * (power - 1 - 0.5 * (2 - power) * offset * ratio)
  const width = power * Math.sqrt(2 * ratio) * (1 + 0.5 * offset * ratio)
  return ((value / mean) ** power - centre) / width
}

/** The noncentralities under which a value lies within so many standard deviations of what is expected. */
export function noncentralityInterval(value: number, freedom: number, z: number): { lower: number; upper: number } {
  return { lower: solve(value, freedom, z), upper: solve(value, freedom, -z) }
}

/** The noncentrality under which a value has a score; 0 where it is too small for any. The score falls as that grows. */
function solve(value: number, freedom: number, score: number): number {
  if (value <= 0 || noncentralScore(value, freedom, 0) <= score) return 0
  let [low, high] = [0, Math.max(1, value)]
  while (noncentralScore(value, freedom, high) > score) high *= 2
  for (let step = 0; step < 60 && high - low > 1e-9 * high; step++) {
    const middle = (low + high) / 2
    if (noncentralScore(value, freedom, middle) > score) low = middle
    else high = middle
  }
  return (low + high) / 2
}
