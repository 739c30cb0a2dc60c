import { countRowsOnBothSides } from '../data/split.ts'
import { warnOfCalibration } from '../evaluation/calibration-warning.ts'
import { warnOfBundle } from '../evaluation/choose-policy.ts'
import { compileDetector } from '../features/feature-set.ts'
import { warningsOfDeclined } from './declined-rows.ts'
import { warnOfColumns } from './doubtful-columns.ts'
import { warnOfFewFrauds } from './few-frauds.ts'
import type { LabelledRows } from './labelled-rows.ts'
import type { TrainingPlan } from './training-plan.ts'
import type { TrainingOutcome } from './training-run.ts'

/** What is doubtful about a training, for people. */
export function warningsOf(
  rows: LabelledRows,
  { parts, evaluation, content, test, alertsOnNothing }: TrainingOutcome,
  plan: TrainingPlan,
): string[] {
  const warnings = rows.declined === undefined ? [] : [...warningsOfDeclined(rows.declined)]
  const policyWarning = warnOfBundle(content)
  if (policyWarning !== undefined) warnings.push(policyWarning)
  const calibrationWarning = warnOfCalibration(evaluation)
  if (calibrationWarning !== undefined) warnings.push(calibrationWarning)
  if (alertsOnNothing) {
    warnings.push(
      `The threshold ${content.threshold.value} gives no alert on the rows that were held out to choose it on; it was ` +
        `chosen ${content.threshold.chosenBy}`,
    )
  }
  if (parts.boundary === undefined) {
    const repeated = countRowsOnBothSides(rows.columns, parts.train, parts.test)
    const share = ((100 * repeated) / parts.test.length).toFixed(2)
    if (repeated > 0) {
      warnings.push(
        `${repeated} test rows (${share} %) equal a training row in every input: a random split is optimistic. Split by time instead`,
      )
    }
    if (plan.split.by === 'time')
      warnings.push('There is no time column, so the split is random and the figures may be optimistic')
  }
  if (rows.knownAt === undefined && compileDetector(rows.detector).plan.histories.some((plan) => plan.countsFrauds)) {
    warnings.push(
      'The detector says neither how late labels are (label.delay) nor when each was known (label.knownAt), so features ' +
        'that count frauds treat every label as known at once: the figures are valid only if that is true',
    )
  }
  const frauds = rows.labels.reduce((sum, label) => sum + label, 0)
  if (frauds > rows.labels.length / 2) {
    const share = ((100 * frauds) / rows.labels.length).toFixed(0)
    warnings.push(`${share} % of the rows are fraud: is 1 in ${rows.detector.transaction.label.field} really fraud?`)
  }
  const told = evaluation.effectiveRows === undefined ? evaluation.frauds : Math.round(evaluation.effectiveRows.frauds)
  if (told < 50) {
    const unequal =
      told < evaluation.frauds ? `, by their unequal weights no more than ${told} of equal weight would tell` : ''
    const counted = evaluation.frauds === 1 ? '1 fraud' : `${evaluation.frauds} frauds`
    const few = evaluation.frauds < 50 ? `Only ${counted}` : counted
    warnings.push(`${few} in the test part${unequal}: the figures are uncertain, see their intervals`)
  }
  const { effectiveRows } = evaluation
  const legitimate = evaluation.rows - evaluation.frauds
  if (effectiveRows !== undefined && effectiveRows.legitimate < Math.min(500, legitimate / 10)) {
    warnings.push(
      `By their unequal weights the ${legitimate} legitimate rows of the test tell no more than ` +
        `${Math.round(effectiveRows.legitimate)} of equal weight would: all figures rest on a few rows`,
    )
  }
  if (test.rawScores.every((score) => score === test.rawScores[0])) {
    warnings.push('The model gives every test row the same score: it tells nothing of fraud')
  } else if (evaluation.intervals.rocAuc !== undefined && evaluation.intervals.rocAuc.lower <= 0.5) {
    const { lower, upper } = evaluation.intervals.rocAuc
    warnings.push(
      `The test does not show that the model ranks better than guessing: its ROC AUC is ${evaluation.rocAuc.toFixed(2)}, ` +
        `95 % from ${lower.toFixed(2)} to ${upper.toFixed(2)}, and guessing gets 0.5`,
    )
  }
  warnings.push(...warnOfColumns(rows, parts))
  warnings.push(...warnOfFewFrauds(rows, parts, content, plan))
  return warnings
}
