import { createRandom } from '../../src/core/random.ts'

/** The mean of days and the 95 % percentile interval of 2,000 draws of whole days with replacement; the same for a seed. */
export function dailyMean(daily: Float64Array, seed: number) {
  const random = createRandom(seed)
  const mean = (dayOf: (i: number) => number) => daily.reduce((sum, _, i) => sum + daily[dayOf(i)], 0) / daily.length
  const means = Float64Array.from({ length: 2000 }, () => mean(() => random.integer(daily.length))).sort()
  return { value: mean((i) => i), lower: means[50], upper: means[1949] }
}
