/**
 * How many standard errors wide an interval has to be that may be looked at after each row, as long as one likes, and
 * still misses with a probability of `alpha` at most over all looks together. It is the normal mixture of Robbins ("Statistical
 * methods related to the law of the iterated logarithm", Annals of Mathematical Statistics 41, 1970; Howard, Ramdas,
 * McAuliffe and Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence sequences", Annals of Statistics 49, 2021,
 * equation 14). For shares it holds as far as the normal approximation does, from the first look on (Waudby-Smith,
 * Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences", Annals of
 * Statistics 52, 2024).
 *
 * @param from the rows of the first look, at which it is narrowest for its level.
 */
export function anytimeZ(rows: number, from: number, alpha: number): number {
  const certainty = -2 * Math.log(alpha)
  const information = ((certainty + Math.log(1 + certainty)) * Math.max(rows, 1)) / from
  return Math.sqrt((1 + 1 / information) * (certainty + Math.log(1 + information)))
}
