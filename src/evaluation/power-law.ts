import { createRandom, type Random } from '../core/random.ts'
import type { Estimate } from './supported-digits.ts'

/** A figure in [0, 1] that was reached with an amount of something. */
export interface Reached {
  readonly amount: number
  readonly value: number
}

const exponents = Array.from({ length: 24 }, (_, i) => 0.05 + (1.45 * i) / 23)
const limits = Array.from({ length: 100 }, (_, i) => (i + 1) / 100)
const draws = 4000

/** What is believed of the noise before any point: one of a hundredth, as sure as a single point makes it. */
const usualNoise = 0.01

/**
 * Where a learning curve leads: value = limit - loss amount^-exponent, the inverse power law that errors of learners follow
 * (Hestness et al., "Deep Learning Scaling is Predictable, Empirically", 2017; fitted like this to predict what more
 * annotations are worth by Figueroa et al., BMC Medical Informatics 12:8, 2012). Few points leave many such curves, so none
 * is picked: limits up to 1 and exponents from 0.05 to 1.5 are all taken, each as likely as it makes the points (loss flat
 * over what is not negative, noise that shrinks with the root of the amount), and the interval is the middle 95 % of what
 * they lead to. Undefined of fewer than three amounts.
 *
 * @param wanted the amounts asked for.
 */
export function forecast(points: readonly Reached[], wanted: readonly number[], seed: number): Estimate[] | undefined {
  if (new Set(points.map(({ amount }) => amount)).size < 3) return undefined
  const unit = Math.max(...points.map(({ amount }) => amount))
  const curves = weighCurves(points.map(({ amount, value }) => ({ amount: amount / unit, value })))
  if (curves.length === 0) return undefined
  const random = createRandom(seed)
  let sum = 0
  const upTo = Float64Array.from(curves, ({ likelihood }) => {
    sum += likelihood
    return sum
  })
  const chosen = Array.from({ length: draws }, () => {
    const place = random.uniform() * sum
    return drawFrom(curves[Math.min(countUpTo(upTo, place), curves.length - 1)], random)
  })
  return wanted.map((amount) => {
    const values = Float64Array.from(chosen, (curve) => leadTo(curve, amount / unit)).sort()
    const at = (share: number) => values[Math.round(share * (draws - 1))]
    return { value: at(0.5), lower: at(0.025), upper: at(0.975) }
  })
}

/** The curves of one limit and exponent: how likely they are, and how their loss and noise are spread. */
interface Curves {
  readonly limit: number
  readonly exponent: number
  readonly likelihood: number
  readonly loss: number
  /** Of the loss, the noise being 1. */
  readonly lossVariance: number
  readonly squares: number
  readonly freedom: number
}

/** By weighted least squares of the loss; points of a small amount weigh less, as they scatter more. */
function weighCurves(points: readonly Reached[]): readonly Curves[] {
  const all = limits.flatMap((limit) =>
    exponents.flatMap((exponent): readonly Curves[] => {
      let [xx, xy, yy] = [0, 0, 0]
      for (const { amount, value } of points) {
        const x = amount ** -exponent
        xx += amount * x * x
        xy += amount * x * (limit - value)
        yy += amount * (limit - value) ** 2
      }
      const loss = xy / xx
      if (!(loss > 0)) return []
      const squares = Math.max(0, yy - loss * xy) + usualNoise ** 2
      const freedom = points.length
      return [
        {
          limit,
          exponent,
          loss,
          lossVariance: 1 / xx,
          squares,
          freedom,
          likelihood: -(freedom * Math.log(squares) + Math.log(xx)) / 2,
        },
      ]
    }),
  )
  const most = Math.max(...all.map(({ likelihood }) => likelihood))
  return all.map((curves) => ({ ...curves, likelihood: Math.exp(curves.likelihood - most) }))
}

interface Curve {
  readonly limit: number
  readonly exponent: number
  readonly loss: number
  /** What a new point is off by, times the root of its amount. */
  readonly off: number
}

/** How many of the ascending sums are at most this. */
function countUpTo(ascending: Float64Array, place: number): number {
  let [low, high] = [0, ascending.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ascending[middle] <= place) low = middle + 1
    else high = middle
  }
  return low
}

function drawFrom({ limit, exponent, loss, lossVariance, squares, freedom }: Curves, random: Random): Curve {
  let chi = 0
  for (let i = 0; i < freedom; i++) chi += random.normal() ** 2
  const noise = Math.sqrt(squares / chi)
  const drawnLoss = Math.max(0, loss + noise * Math.sqrt(lossVariance) * random.normal())
  return { limit, exponent, loss: drawnLoss, off: noise * random.normal() }
}

function leadTo({ limit, exponent, loss, off }: Curve, amount: number): number {
  return Math.min(1, Math.max(0, limit - loss * amount ** -exponent + off / Math.sqrt(amount)))
}
