import type { Contribution, ContributionScale } from './contribution.ts'
import type { Reason } from './opinion.ts'

/** As many as people read. */
const mostReasons = 4

/** Of what each feature added the most that speaks for fraud, the most first: less depth does, and more of all else. */
export function strongest(contributions: Float64Array, scale: ContributionScale): readonly Contribution[] {
  const sign = scale === 'depth' ? -1 : 1
  return Array.from(contributions, (value, feature) => ({ feature, value }))
    .filter(({ value }) => sign * value > 0)
    .sort((one, other) => sign * (other.value - one.value) || one.feature - other.feature)
    .slice(0, mostReasons)
}

/** One feature in a person's words. */
export interface FeatureWords {
  /** The feature's name. */
  readonly code: string
  /** The detector's own words, with {value} in place of the value. */
  readonly template?: string | undefined
  /** The value in the words of its kind. */
  say(): string
  /** The value alone. */
  show(): string
}

/**
 * Contributions in words. Only what spoke for fraud is a reason, so an unknown value is one only where the model took its
 * being unknown for a sign of fraud, and the words say so.
 *
 * @param wordsOf of a feature by its place in the row.
 */
export function featureReasons(
  contributions: readonly Contribution[],
  row: Float64Array,
  wordsOf: (feature: number) => FeatureWords,
): readonly Reason[] {
  return contributions.map(({ feature, value: contribution }) => {
    const { code, template, say, show } = wordsOf(feature)
    const said = template === undefined ? say() : template.replaceAll('{value}', show)
    const text = Number.isNaN(row[feature]) ? `${said}, which the model treats as a sign of fraud` : said
    return { code, text, contribution }
  })
}
