import type { ContributionScale } from '../models/contributions.ts'
import type { Predictor } from '../scoring/predictor.ts'
import type { OnJudged } from './plan.ts'

/** How much more a feature adds in the second model than in the first, over transactions whose outcome differs. */
export interface FeatureDifference {
  /** A feature; `base` is what a model says when nothing is known. */
  readonly feature: string
  readonly mean: number
  readonly meanAbsolute: number
}

export interface ContributionFigures {
  readonly scale: ContributionScale
  readonly transactions: number
  /** How many transactions have another outcome, of which the newest are explained. */
  readonly differing: number
  /** Those that explain the most first. */
  readonly features: readonly FeatureDifference[]
}

export const mostExplained = 500

const baseName = 'base'

/** Explains the transactions of these numbers: contributions by feature, with the base, by the number. */
export function explainOnly({ explain, inputs }: Predictor, only: ReadonlySet<number>) {
  const explained = new Map<number, ReadonlyMap<string, number>>()
  const onJudged: OnJudged = ({ sequence, row }) => {
    if (explain === undefined || !only.has(sequence)) return
    const { base, contributions } = explain(row.slice(0, inputs.length))
    explained.set(sequence, new Map([[baseName, base], ...inputs.map((name, i) => [name, contributions[i]] as const)]))
  }
  return { explained, onJudged }
}

type Explained = ReadonlyMap<number, ReadonlyMap<string, number>>

/** A feature that only one model has adds nothing in the other. */
export function featureDifferences(a: Explained, b: Explained): readonly FeatureDifference[] {
  const sums = new Map<string, { sum: number; absolute: number }>()
  let rows = 0
  for (const [sequence, first] of a) {
    const second = b.get(sequence)
    if (second === undefined) continue
    rows++
    for (const name of new Set([...first.keys(), ...second.keys()])) {
      const difference = (second.get(name) ?? 0) - (first.get(name) ?? 0)
      const known = sums.get(name) ?? { sum: 0, absolute: 0 }
      sums.set(name, { sum: known.sum + difference, absolute: known.absolute + Math.abs(difference) })
    }
  }
  return [...sums]
    .map(([feature, { sum, absolute }]) => ({ feature, mean: sum / rows, meanAbsolute: absolute / rows }))
    .filter(({ meanAbsolute }) => meanAbsolute > 0)
    .sort((one, other) => other.meanAbsolute - one.meanAbsolute)
}
