import { spread } from './carry-to-probability.ts'
import type { Explanation } from './contributions.ts'
import { gaussLegendre, type Quadrature } from './gauss-legendre.ts'

interface Side {
  /** The mean output at each point. */
  readonly means: Float64Array
  /** At each point, for each feature: how much more the mean is with it known than with it unknown. */
  readonly added: readonly Float64Array[]
}

/** What a model does while every feature of a row is known with a chance that grows from 0 to 1. */
export interface AlongPath extends Quadrature, Side {
  /** The output where nothing is known, and where all is. */
  readonly base: number
  readonly output: number
}

const quadrature = gaussLegendre(8)

/** The path of a model whose contributions simply add up. */
export function straightPath({ base, contributions }: Explanation): AlongPath {
  const sum = contributions.reduce((total, part) => total + part, 0)
  return {
    ...quadrature,
    means: quadrature.points.map((chance) => base + chance * sum),
    added: Array.from(quadrature.points, () => contributions),
    base,
    output: base + sum,
  }
}

/**
 * Says in log-odds what a model does in another output. By Owen's integral (1972) the Shapley value of a feature is what
 * it adds while each of the others is known with chance q, averaged over q from 0 to 1. The outputs of the sets that are
 * known at q are taken for their mean, with the feature and without it. What the parts then lack of the output is spread
 * over them, so that their sum is exact.
 */
export function carryAlong(path: AlongPath, toLogOdds: (output: number) => number): Explanation {
  const { points, weights, means, added } = path
  const parts = new Float64Array(added[0].length)
  for (let point = 0; point < points.length; point++) {
    const more = added[point]
    for (let i = 0; i < parts.length; i++) {
      if (more[i] === 0) continue
      const without = means[point] - points[point] * more[i]
      parts[i] += weights[point] * (toLogOdds(without + more[i]) - toLogOdds(without))
    }
  }
  return finish(parts, toLogOdds(path.base), toLogOdds(path.output))
}

/**
 * The same path as often as the pivots, the features that add most, can each be known all the way or unknown all the way.
 */
export interface PivotedPath extends Quadrature {
  readonly pivots: readonly number[]
  /** By which pivots are known: bit i of the index is that of pivot i. */
  readonly sides: readonly Side[]
  readonly base: number
  readonly output: number
}

/** The log-odds of an output of which the mean and the variance are known. */
export type SpreadLogOdds = (mean: number, variance: number) => number

/**
 * The same where the pivots are not averaged over. Log-odds of a mean are far from the mean of log-odds where the outputs
 * of the sets that are known differ much, and most of that is which of the pivots are among them: each such side is
 * carried over by itself, and they are weighed by the chance of each. What the other features make the outputs differ is
 * taken for the sum of what each does alone.
 */
export function carryPivoted(path: PivotedPath, toLogOdds: SpreadLogOdds): Explanation {
  const { points, weights, pivots, sides } = path
  const parts = new Float64Array(sides[0].added[0].length)
  for (let point = 0; point < points.length; point++) {
    const chance = points[point]
    const variances = sides.map(({ added }) => chance * (1 - chance) * added[point].reduce((sum, x) => sum + x * x, 0))
    const worth = sides.map(({ means }, side) => toLogOdds(means[point], variances[side]))
    for (const [side, { means, added }] of sides.entries()) {
      const known = countBits(side)
      const unknown = pivots.length - known
      pivots.forEach((feature, i) => {
        if ((side >> i) & 1) return
        const share = weights[point] * chance ** known * (1 - chance) ** (unknown - 1)
        parts[feature] += share * (worth[side | (1 << i)] - worth[side])
      })
      const share = weights[point] * chance ** known * (1 - chance) ** unknown
      addSpread(parts, added[point], chance, means[point], variances[side], share, toLogOdds)
    }
  }
  return finish(parts, toLogOdds(path.base, 0), toLogOdds(path.output, 0))
}

function addSpread(
  parts: Float64Array,
  added: Float64Array,
  chance: number,
  mean: number,
  variance: number,
  share: number,
  toLogOdds: SpreadLogOdds,
): void {
  for (let i = 0; i < parts.length; i++) {
    const more = added[i]
    if (more === 0) continue
    const without = mean - chance * more
    const ofOthers = Math.max(0, variance - chance * (1 - chance) * more * more)
    parts[i] += share * (toLogOdds(without + more, ofOthers) - toLogOdds(without, ofOthers))
  }
}

function countBits(bits: number): number {
  let count = 0
  for (let left = bits; left > 0; left &= left - 1) count++
  return count
}

/** Spreads what the parts lack of the output over them. */
function finish(parts: Float64Array, base: number, output: number): Explanation {
  const missed = output - base - parts.reduce((sum, part) => sum + part, 0)
  return { scale: 'log-odds', base, contributions: spread(parts, missed), error: Math.abs(missed) }
}
