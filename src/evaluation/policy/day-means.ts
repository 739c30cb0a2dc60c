import { createRandom } from '../../core/random.ts'
import type { TestDays } from '../policy-figures.ts'
import type { Estimate } from '../supported-digits.ts'

const replicates = 1000

/**
 * The mean of daily sums with a 95 % percentile interval of a bootstrap over whole days: rows of a day are not independent,
 * for frauds come in bursts (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapters 8 and 13). Two calls
 * with the same seed draw the same days.
 */
export function meanOfDays(daily: Float64Array, seed: number): Estimate {
  const count = daily.length
  const random = createRandom(seed)
  const drawn = new Uint16Array(count)
  const means = new Float64Array(replicates)
  for (let replicate = 0; replicate < replicates; replicate++) {
    drawn.fill(0)
    random.tally(drawn, count)
    let sum = 0
    for (let day = 0; day < count; day++) sum += drawn[day] * daily[day]
    means[replicate] = sum / count
  }
  means.sort()
  const value = daily.reduce((sum, each) => sum + each, 0) / count
  return { value, lower: means[Math.floor(0.025 * replicates)], upper: means[Math.ceil(0.975 * replicates) - 1] }
}

/** What a figure of each row comes to on each whole day; rows outside of whole days count nowhere. */
export function sumByDay({ count, dayOf }: TestDays, figureOf: (row: number) => number): Float64Array {
  const sums = new Float64Array(Math.floor(count))
  for (let row = 0; row < dayOf.length; row++) {
    if (dayOf[row] >= 0) sums[dayOf[row]] += figureOf(row)
  }
  return sums
}
