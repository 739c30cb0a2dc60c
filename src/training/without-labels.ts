import { FraudError } from '../core/errors.ts'
import { type OptionName, option, optionInvalid } from '../core/option.ts'
import { everyRow, rowsWhere } from '../core/rows.ts'
import { isUnsupervised } from '../learners/learn.ts'
import { type LabelledRows, pickRows } from './labelled-rows.ts'
import type { PlanRequest } from './plan-training.ts'
import type { TrainingPlan } from './training-plan.ts'

/** The share of transactions that is flagged where nobody says how many people can look at. */
export const usualFlagShare = 0.01

/** How many of the rows are known to be fraud. */
export function knownFrauds({ labels }: Pick<LabelledRows, 'labels'>): number {
  return labels.reduce((sum, label) => sum + label, 0)
}

/** The rows whose label is known, as every reader gives them that was not asked for others. */
export function onlyLabelled(rows: LabelledRows): LabelledRows {
  const { unlabelled, ...rest } = rows
  if (unlabelled === undefined) return rows
  return pickRows(
    rest,
    rowsWhere(everyRow(unlabelled.length), (row) => unlabelled[row] === 0),
  )
}

/** @throws FraudError DATA_INVALID where a learner that learns from frauds has none. */
export function requireFrauds(rows: LabelledRows, { members: [{ learner }] }: TrainingPlan): void {
  if (knownFrauds(rows) > 0) return
  const count = rows.labels.length.toLocaleString('en')
  throw new FraudError(
    'DATA_INVALID',
    `None of the ${count} labelled rows is fraud, and ${learner} learns from frauds; an isolation forest needs none: ${option('learner')} isolation-forest`,
  )
}

const needLabels = ['wantedPrecision', 'wantedRecall', 'costFalsePositive', 'costFalseNegative', 'testFrom'] as const

/**
 * Refuses what has no meaning where no label is known: nothing is weighed, measured or averaged then.
 *
 * @throws FraudError OPTION_INVALID
 */
export function checkPlanWithoutLabels(request: PlanRequest, plan: TrainingPlan, rows: LabelledRows): void {
  const useless: OptionName | undefined = needLabels.find((name) => request[name] !== undefined)
  if (useless !== undefined) throw optionInvalid(useless, 'needs labels with frauds, and there are none')
  if (rows.weightColumn !== undefined)
    throw optionInvalid('weightColumn', 'has no use without labels: an isolation forest looks at rows as they are')
  if (request.refit === true)
    throw new FraudError('OPTION_INVALID', `${option('refit')} has no use without labels: there is no test`)
  if (plan.members.length > 1)
    throw new FraudError('OPTION_INVALID', 'An average needs labels to learn from, and there are none')
  if (request.oversample !== undefined && request.oversample !== 'none')
    throw new FraudError('OPTION_INVALID', 'There are no frauds to oversample: leave it out, or say none')
  if (request.threshold !== undefined)
    throw optionInvalid('threshold', `has no use without labels: ${option('flagShare')} says how many are flagged`)
  if (!isUnsupervised(plan.members[0].learner)) requireFrauds(rows, plan)
}
