import type { FiguresView } from '../deciding/present-figures.ts'
import type { RuleReport } from './policy-target.ts'

/** What a version of a rule did, in lines. */
export function tellFigures(id: string, figures: FiguresView): readonly string[] {
  const { version, since, isCurrent, outcome } = figures
  return [
    `${id}: ${outcome}, version ${version} of ${since}${isCurrent ? '' : ', no longer in force'}`,
    `  live    ${decisions(figures.liveDecisions)}: fired ${count(figures.fired)}, alone ${count(figures.alone)}`,
    `  shadow  ${decisions(figures.shadowDecisions)}: would have fired ${count(figures.shadow)}, would have changed ${count(figures.wouldChange)}`,
    `  held    share not drawn ${count(figures.undrawn)}, snoozed ${count(figures.snoozed)}, fused ${count(figures.fused)}`,
    `  labels  fraud ${count(figures.frauds)}, legitimate ${count(figures.legitimate)}, none ${count(figures.withoutLabel)}; ${tellPrecision(figures)}`,
  ]
}

export function tellUnknown(unknown: NonNullable<RuleReport['unknown']>): string {
  const { since } = unknown
  const begun = since === null ? '' : ` since ${since}`
  return `unknown for want of a value: ${count(unknown.count)} of ${decisions(unknown.decisions)}${begun}`
}

function count(value: number): string {
  return value.toLocaleString('en')
}

function decisions(value: number): string {
  return `${count(value)} decision${value === 1 ? '' : 's'}`
}

function tellPrecision({ precision, precisionInterval, frauds, legitimate }: FiguresView): string {
  if (precision === null || precisionInterval === null) {
    return frauds > 0 && legitimate === 0 ? 'precision unknown: nothing is labelled legitimate' : 'precision unknown'
  }
  const { lower, upper } = precisionInterval
  return `precision ${percent(precision)} (95 %: ${percent(lower)} to ${percent(upper)})`
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
