import { formatIsoTime } from '../core/time-parser.ts'
import { wilsonInterval } from '../core/wilson-interval.ts'
import type { RuleFigures } from './rule-figures.ts'

/** What one version of a rule did, as people and programs are told. */
export interface FiguresView extends Omit<RuleFigures, 'id' | 'sinceMs'> {
  readonly since: string
  readonly withoutLabel: number
  readonly precision: number | null
  readonly precisionInterval: { readonly lower: number; readonly upper: number } | null
}

export function presentFigures({ id: _, sinceMs, ...figures }: RuleFigures): FiguresView {
  const { fired, shadow, frauds, legitimate } = figures
  const labelled = frauds + legitimate
  const withoutLabel = fired + shadow - labelled
  // Of reports of fraud alone nobody can tell how much of the rest is legitimate.
  const isTold = labelled > 0 && (legitimate > 0 || withoutLabel === 0)
  return {
    ...figures,
    since: formatIsoTime(sinceMs),
    withoutLabel,
    precision: isTold ? frauds / labelled : null,
    precisionInterval: isTold ? wilsonInterval(frauds, labelled) : null,
  }
}
