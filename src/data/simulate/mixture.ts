import type { Random } from '../../core/random.ts'

/** A factor analyser: a mean, a few directions in which its rows stretch, and what each number does alone. */
export interface MixtureComponent {
  /** How much of the mixture it is; shares are relative. */
  readonly share: number
  readonly mean: readonly number[]
  readonly loadings: readonly (readonly number[])[]
  readonly deviation: readonly number[]
}

/** Draws a row of one component into a buffer that is as long as its mean. */
export type RowSampler = (row: Float64Array, random: Random) => void

/** Draws rows of a component: its mean, a deviation of each number by itself, and one along each loading. */
export function createRowSampler(component: MixtureComponent): RowSampler {
  const mean = Float64Array.from(component.mean)
  const loadings = component.loadings.map((loading) => Float64Array.from(loading))
  const deviation = Float64Array.from(component.deviation)
  return (row, random) => {
    for (let i = 0; i < mean.length; i++) row[i] = mean[i] + deviation[i] * random.normal()
    for (const loading of loadings) {
      const along = random.normal()
      for (let i = 0; i < loading.length; i++) row[i] += loading[i] * along
    }
  }
}

/** Draws an index, each as likely as its share of the sum of the shares. */
export function createChooser(shares: readonly number[]): (random: Random) => number {
  let total = 0
  const upTo = shares.map((share) => {
    total += share
    return total
  })
  return (random) => {
    const at = random.uniform() * total
    let index = 0
    while (index < upTo.length - 1 && at >= upTo[index]) index++
    return index
  }
}
