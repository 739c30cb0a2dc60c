import { FraudError } from '../core/errors.ts'
import type { Progress } from '../core/progress.ts'
import type { SingleFeature } from '../evaluation/single-features.ts'
import type { LabelledRows } from './labelled-rows.ts'
import { checkLeaks, describeLeaks } from './leak-check.ts'
import { type LeakRequest, refuseLeaks } from './refuse-leaks.ts'
import { splitRows } from './split-rows.ts'
import type { TrainingPlan } from './training-plan.ts'
import type { TrainingOutcome } from './training-run.ts'

/** Checks what can fail before the expensive part. */
export function refuseLeaksInTraining(
  rows: LabelledRows,
  { split, weightUse }: TrainingPlan,
  request: LeakRequest,
): readonly SingleFeature[] {
  return refuseLeaks(rows, splitRows(rows, split, false).train, request, weightUse !== 'training')
}

/** What a random split or labels known at once would have shown, and features that know too much. */
export async function lookForLeaks(
  rows: LabelledRows,
  { parts }: TrainingOutcome,
  plan: TrainingPlan,
  suspicious: readonly SingleFeature[],
  { leakCheck }: { readonly leakCheck?: boolean },
  run: Progress,
) {
  const isRandom = parts.boundary === undefined
  if (leakCheck === false) return { ...describeLeaks({ suspicious }, isRandom), figures: { leakCheck: { suspicious } } }
  const check = await checkLeaks(
    {
      rows,
      suspicious,
      byTime: isRandom ? splitByTimeIfPossible(rows, plan) : parts,
      isWeighted: plan.weightUse !== 'training',
      seed: plan.seed,
      threads: plan.threads,
    },
    run,
  )
  return { ...describeLeaks(check, isRandom), figures: { leakCheck: check } }
}

function splitByTimeIfPossible(rows: LabelledRows, { split }: TrainingPlan): TrainingOutcome['parts'] | undefined {
  if (rows.times === undefined) return undefined
  try {
    return splitRows(rows, { ...split, by: 'time' }, false)
  } catch (error) {
    // No frauds in one of the parts: there is nothing to compare with.
    if (error instanceof FraudError && error.code === 'OPTION_INVALID') return undefined
    throw error
  }
}
