import type { Random } from '../../core/random.ts'

/** A density that can be drawn from, made of observations and of a prior that keeps every place possible. */
export interface Density<Place> {
  draw(random: Random): Place
  /** Up to a factor that all densities of one kind share. */
  at(place: Place): number
}

/**
 * A Parzen estimator on [0, 1] as Bergstra et al. (2011) have it: a normal density at each observation, as wide as the
 * gap to its farther neighbour, and a flat prior that counts as one observation.
 */
export function parzen(observed: readonly number[]): Density<number> {
  const places = [...observed, 0.5].sort((one, other) => one - other)
  const prior = places.indexOf(0.5)
  const narrowest = 1 / Math.min(100, 1 + places.length)
  const kernels = places.map((mean, i) => {
    const gap = Math.max(mean - (places[i - 1] ?? 0), (places[i + 1] ?? 1) - mean)
    const sd = i === prior ? 1 : Math.min(1, Math.max(narrowest, gap))
    // What lies outside of [0, 1] is cut off.
    return { mean, sd, mass: normalBelow((1 - mean) / sd) - normalBelow(-mean / sd) }
  })
  return {
    draw(random) {
      const { mean, sd } = kernels[random.integer(kernels.length)]
      for (;;) {
        const place = mean + sd * random.normal()
        if (place >= 0 && place <= 1) return place
      }
    },
    at(place) {
      const densities = kernels.map(({ mean, sd, mass }) => Math.exp(-(((place - mean) / sd) ** 2) / 2) / (sd * mass))
      return densities.reduce((sum, density) => sum + density, 0) / kernels.length
    },
  }
}

/** Shares of a few values, each of which counts as if it had been observed once more. */
export function shares(observed: readonly number[], values: number): Density<number> {
  const counts = Array.from({ length: values }, () => 1)
  for (const value of observed) counts[value]++
  return {
    draw(random) {
      let left = random.uniform() * (observed.length + values)
      return Math.max(
        0,
        counts.findIndex((count) => {
          left -= count
          return left < 0
        }),
      )
    },
    at: (value) => counts[value] / (observed.length + values),
  }
}

/** The standard normal distribution function, to 1e-7 (Abramowitz and Stegun, 26.2.17). */
function normalBelow(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z))
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  const above = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series
  return z < 0 ? above : 1 - above
}
