import type { Explanation } from './contributions.ts'
import { gaussLegendre } from './gauss-legendre.ts'
import { probabilityOf } from './log-odds.ts'

/**
 * The mean probability where the model's own output is normally distributed with a mean and a variance; 0 is no spread.
 */
export type SmoothedLink = (mean: number, variance: number) => number

/** MacKay's approximation (1992) of the mean of a logistic function. */
export const logisticLink: SmoothedLink = (mean, variance) =>
  probabilityOf(mean / Math.sqrt(1 + (Math.PI * variance) / 8))

/** Makes the link of an isolation forest, whose raw score is 2^(-depth / usual depth). */
export function depthLink(usualDepth: number): SmoothedLink {
  const rate = Math.LN2 / usualDepth
  return (mean, variance) => Math.exp(Math.min(0, (rate * rate * variance) / 2 - rate * mean))
}

const { points, weights } = gaussLegendre(16)

/**
 * Says in probability what an explanation says of another output: the Shapley value of the probability if the output
 * were the base and the contributions added up. By Owen's integral (1972) that is what a feature adds while each of the
 * others is known with chance q, averaged over q from 0 to 1; the sum of those others is taken for normal. What the
 * parts then lack of the probability is spread over them, so that their sum is exact.
 */
export function carryToProbability({ base, contributions, error }: Explanation, link: SmoothedLink): Explanation {
  let sum = 0
  let squares = 0
  for (const part of contributions) {
    sum += part
    squares += part * part
  }
  const parts = contributions.map((part) => {
    if (part === 0) return 0
    let added = 0
    for (let i = 0; i < points.length; i++) {
      const chance = points[i]
      const mean = base + chance * (sum - part)
      const variance = chance * (1 - chance) * Math.max(0, squares - part * part)
      added += weights[i] * (link(mean + part, variance) - link(mean, variance))
    }
    return added
  })
  const start = link(base, 0)
  const missed = link(base + sum, 0) - start - parts.reduce((total, part) => total + part, 0)
  // Only a network has an error of its own, in log-odds; a logistic function is nowhere steeper than a quarter.
  const off = Math.abs(missed) + error / 4
  return { scale: 'probability', base: start, contributions: spread(parts, missed), error: off }
}

/** Gives each part of what the sum lacks as large a share as it has itself. */
export function spread(parts: Float64Array, missed: number): Float64Array {
  const size = parts.reduce((sum, part) => sum + Math.abs(part), 0)
  return size === 0 ? parts : parts.map((part) => part + (missed * Math.abs(part)) / size)
}
