import type { Evaluation } from '../evaluation/evaluation.ts'
import { formatCount, formatNumberOf, formatPer100, formatThreshold } from '../pages/format.ts'
import type { ReportInput } from './report-input.ts'

/** Fewer frauds than this make every figure about frauds swing with a handful of them. */
const fewFrauds = 100

/** What the model is worth, in one sentence that needs no statistics. */
export function verdictOf({ confusion: { fp, fn, tp }, threshold }: Evaluation): string {
  const frauds = tp + fn
  const alerts = tp + fp
  const at = formatThreshold(threshold)
  if (!(frauds > 0)) return 'There is no fraud among the test rows, so it is unknown how much fraud the model catches.'
  if (!(alerts > 0)) return `Raises no alert at threshold ${at}, so every fraud passes.`
  if (tp === 0) return `Catches no fraud at threshold ${at}: every alert is a false alarm.`
  const caught = tp === frauds ? 'all' : `${formatPer100(tp / frauds)} of 100`
  const wrong = fp === 0 ? 'no false alarm' : `${formatPer100(fp / alerts)} false alarms per 100 alerts`
  return `Catches ${caught} frauds with ${wrong} at threshold ${at}.`
}

/** The counts behind the verdict. */
export function countsBehind({ evaluation, split }: ReportInput): string {
  const { rows, frauds, confusion } = evaluation
  const { tn, fp, fn, tp } = confusion
  const isWeighted = split.weights !== undefined && split.weights.use !== 'training'
  const rowsSeen = `${formatCount(rows)} test ${rows === 1 ? 'transaction' : 'transactions'} with ${formatNumberOf(frauds, 'fraud')}`
  const standFor = isWeighted
    ? `, weighted by ${split.weights.column ?? 'the control group'} to stand for ${formatNumberOf(tn + fp + fn + tp, 'transaction')}`
    : ''
  return `Measured on ${rowsSeen}${standFor}: ${formatCount(tp)} caught, ${formatCount(fn)} missed, ${formatNumberOf(fp, 'false alarm')}.`
}

export interface Notice {
  readonly level: 'warning' | 'note'
  readonly text: string
}

/** What a reader must know before any figure: what the run warned of, and what follows from how it was made. */
export function noticesOf({ warnings, includesTrainingRows, refit, evaluation }: ReportInput): readonly Notice[] {
  const notices: Notice[] = []
  if (includesTrainingRows) {
    notices.push({
      level: 'warning',
      text: 'The test rows include rows that the model was trained on. A model remembers those, so all figures here are better than on new transactions.',
    })
  }
  for (const text of warnings) notices.push({ level: 'warning', text })
  if (evaluation.frauds > 0 && evaluation.frauds < fewFrauds) {
    notices.push({
      level: 'note',
      text: `There ${evaluation.frauds === 1 ? 'is' : 'are'} only ${formatNumberOf(evaluation.frauds, 'fraud')} among the test rows, so chance plays a large part. Read the intervals rather than the figures.`,
    })
  }
  if (refit) {
    notices.push({
      level: 'note',
      text: 'After this evaluation the model was trained again on all rows. The figures are those of the first model; the bundle has the second one, with the same calibration and threshold.',
    })
  }
  return notices
}
