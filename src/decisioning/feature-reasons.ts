import type { Contribution, Definition } from './log-record.ts'
import type { Reason } from './policy.ts'

/** As many as people read. */
const mostReasons = 4

/** Of what each feature added the most that speaks for fraud, the most first. */
export function strongest(contributions: Float64Array): readonly Contribution[] {
  return Array.from(contributions, (value, feature) => ({ feature, value }))
    .filter(({ value }) => value > 0)
    .sort((one, other) => other.value - one.value || one.feature - other.feature)
    .slice(0, mostReasons)
}

/** Contributions in words: the detector's, with the actual value in place of {value}, else the feature's name. */
export function featureReasons(
  contributions: readonly Contribution[],
  row: Float64Array,
  { features, detector, categories }: Pick<Definition, 'features' | 'detector' | 'categories'>,
): readonly Reason[] {
  const templates = templatesOf(detector)
  return contributions.map(({ feature, value: contribution }) => {
    const code = features[feature]
    const shown = categories?.[code]?.[row[feature]] ?? showValue(row[feature])
    const text = templates[code] ?? `${code} is {value}`
    return { code, text: text.replaceAll('{value}', () => shown), contribution }
  })
}

/** Of a detector as a log keeps it. */
function templatesOf(detector: unknown): Readonly<Record<string, unknown>> & Readonly<Record<string, string>> {
  const reasons: unknown =
    typeof detector === 'object' && detector !== null ? Reflect.get(detector, 'reasons') : undefined
  const entries = Object.entries(reasons ?? {}).filter(([, text]) => typeof text === 'string')
  return Object.fromEntries(entries)
}

function showValue(value: number): string {
  if (Number.isNaN(value)) return 'unknown'
  return String(Number(value.toPrecision(4)))
}
