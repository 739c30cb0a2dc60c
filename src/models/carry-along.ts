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
  const { points, weights, added } = path
  const parts = new Float64Array(added[0].length)
  for (let point = 0; point < points.length; point++) {
    addSide(parts, path, point, points[point], weights[point], toLogOdds)
  }
  return finish(parts, toLogOdds(path.base), toLogOdds(path.output))
}

/** The same path twice: with one feature, the one that adds most, known all the way, and unknown all the way. */
export interface PivotedPath extends Quadrature {
  readonly feature: number
  readonly known: Side
  readonly unknown: Side
  readonly base: number
  readonly output: number
}

/**
 * The same where the one feature that adds most is not averaged over. Log-odds of a mean are far from the mean of log-odds
 * where the outputs of the sets that are known differ much, and most of that is that this feature is among them or is not:
 * each of the two is carried over by itself, and they are weighed by the chance of each.
 */
export function carryPivoted(path: PivotedPath, toLogOdds: (output: number) => number): Explanation {
  const { points, weights, feature, known, unknown } = path
  const parts = new Float64Array(known.added[0].length)
  for (let point = 0; point < points.length; point++) {
    const chance = points[point]
    const weight = weights[point]
    parts[feature] += weight * (toLogOdds(known.means[point]) - toLogOdds(unknown.means[point]))
    addSide(parts, known, point, chance, weight * chance, toLogOdds)
    addSide(parts, unknown, point, chance, weight * (1 - chance), toLogOdds)
  }
  return finish(parts, toLogOdds(path.base), toLogOdds(path.output))
}

function addSide(
  parts: Float64Array,
  { means, added }: Side,
  point: number,
  chance: number,
  weight: number,
  toLogOdds: (output: number) => number,
): void {
  const more = added[point]
  for (let i = 0; i < parts.length; i++) {
    if (more[i] === 0) continue
    const without = means[point] - chance * more[i]
    parts[i] += weight * (toLogOdds(without + more[i]) - toLogOdds(without))
  }
}

/** Spreads what the parts lack of the output over them. */
function finish(parts: Float64Array, base: number, output: number): Explanation {
  const missed = output - base - parts.reduce((sum, part) => sum + part, 0)
  return { scale: 'log-odds', base, contributions: spread(parts, missed), error: Math.abs(missed) }
}
