import { noncentralityInterval } from './noncentral.ts'

/** The same groups of two samples, counted. */
export interface Compared {
  readonly reference: readonly number[]
  readonly current: readonly number[]
}

export interface Figure {
  readonly value: number
  readonly lower: number
  readonly upper: number
}

/** A distance of two samples, with what its interval says of the distance of their sources. */
interface Distance extends Figure {
  /** What chance and the usual differences of days bring on average where the sources are the same. */
  readonly noise: number
}

export interface Divergence {
  /** Population stability index: the sum of (q - p) ln(q / p), in nats. */
  readonly psi: Distance
  /** Jensen-Shannon divergence to the base 2: 0 where they are the same, 1 where nothing is in common. */
  readonly jensenShannon: Distance
}

/** Added to each count, so that a group that one sample lacks gives no infinity. */
const added = 0.5

/** The share of each group, with half a count added to each, so that none is 0. */
export function sharesOf(counts: readonly number[]): number[] {
  const all = counts.reduce((sum, count) => sum + count, 0) + added * counts.length
  return counts.map((count) => (count + added) / all)
}

/** As shares have it, noise included. */
export function psiOf(reference: readonly number[], current: readonly number[]): number {
  return current.reduce((sum, q, i) => sum + (q - reference[i]) * Math.log(q / reference[i]), 0)
}

/** In bits. */
function jensenShannonOf(reference: readonly number[], current: readonly number[]): number {
  const part = (share: number, middle: number) => (share === 0 ? 0 : share * Math.log2(share / middle))
  const sum = current.reduce((sum, q, i) => {
    const middle = (q + reference[i]) / 2
    return sum + part(q, middle) + part(reference[i], middle)
  }, 0)
  return Math.max(0, sum / 2)
}

/**
 * How far two samples of counts are apart, with intervals. For small distances PSI over (1/n + 1/m) has a noncentral
 * chi-squared distribution, whose degrees of freedom are the groups less one and whose noncentrality is the true PSI over the
 * same (the first terms of both are the same); Jensen-Shannon, in nats and times 8, as well. So of samples of the same source
 * the interval begins at 0, however small they are.
 *
 * @param spread how many times as much shares vary as those of rows that come one by one.
 * @param z how many standard deviations the interval reaches: 1.96 for 95 %.
 */
export function divergence({ reference, current }: Compared, spread: number, z: number): Divergence {
  const [n, m] = [reference, current].map((counts) => counts.reduce((sum, count) => sum + count, 0))
  const unit = spread * (1 / n + 1 / m)
  const freedom = reference.length - 1
  const [p, q] = [sharesOf(reference), sharesOf(current)]
  const figure = (value: number, scale: number, most: number): Distance => {
    if (freedom === 0) return { value: 0, lower: 0, upper: 0, noise: 0 }
    const { lower, upper } = noncentralityInterval((value * scale) / unit, freedom, z)
    const noise = (freedom * unit) / scale
    const bounded = (noncentrality: number) => Math.min(most, (noncentrality * unit) / scale)
    return { value, lower: Math.min(value, bounded(lower)), upper: Math.max(value, bounded(upper)), noise }
  }
  return {
    psi: figure(psiOf(p, q), 1, Number.POSITIVE_INFINITY),
    jensenShannon: figure(jensenShannonOf(p, q), 8 * Math.LN2, 1),
  }
}
