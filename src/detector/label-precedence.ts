import type { Detector } from './detector-schema.ts'

/** Sources of labels from the one that is believed first on; what is not among them is believed least. */
const usualPrecedence = ['chargeback', 'issuer', 'analyst'] as const

/** How far a source is believed: of two labels of one transaction the higher counts, of equal ones the later. */
export type RankOfSource = (source: string | undefined | null) => number

/** A source is of a name where it is that, or begins with it and a colon: `analyst:ann`. */
export function labelRanks({ transaction }: Pick<Detector, 'transaction'>): RankOfSource {
  const precedence: readonly string[] = transaction.label.precedence ?? usualPrecedence
  return (source) => {
    if (source === undefined || source === null) return 0
    const at = precedence.findIndex((name) => source === name || source.startsWith(`${name}:`))
    return at < 0 ? 0 : precedence.length - at
  }
}

interface SaidLabel {
  readonly source: string | undefined | null
}

/** Of labels in the order in which they came, the one that counts. */
export function labelInForce<Label extends SaidLabel>(
  labels: readonly Label[],
  rankOf: RankOfSource,
): Label | undefined {
  let best: Label | undefined
  let bestRank = 0
  for (const label of labels) {
    const rank = rankOf(label.source)
    if (best !== undefined && rank < bestRank) continue
    best = label
    bestRank = rank
  }
  return best
}
