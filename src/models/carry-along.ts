import { spread } from './carry-to-probability.ts'
import type { Explanation } from './contributions.ts'
import { gaussLegendre, type Quadrature } from './gauss-legendre.ts'

/** What a model does while every feature of a row is known with a chance that grows from 0 to 1. */
export interface AlongPath extends Quadrature {
  /** The mean output at each point. */
  readonly means: Float64Array
  /** At each point, for each feature: how much more the mean is with it known than with it unknown. */
  readonly added: readonly Float64Array[]
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
    const chance = points[point]
    const more = added[point]
    for (let i = 0; i < parts.length; i++) {
      if (more[i] === 0) continue
      const without = means[point] - chance * more[i]
      parts[i] += weights[point] * (toLogOdds(without + more[i]) - toLogOdds(without))
    }
  }
  const base = toLogOdds(path.base)
  const missed = toLogOdds(path.output) - base - parts.reduce((sum, part) => sum + part, 0)
  return { scale: 'log-odds', base, contributions: spread(parts, missed), error: Math.abs(missed) }
}
