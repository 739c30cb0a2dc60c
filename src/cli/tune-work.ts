import { createHash } from 'node:crypto'
import { durationMs } from '../core/duration.ts'
import { FraudError } from '../core/errors.ts'
import { Journal, type SearchFingerprint } from '../evaluation/tuning/journal.ts'
import { type AskedFolds, showSpan } from '../evaluation/tuning/search-folds.ts'
import { inOrderOf } from '../evaluation/tuning/space.ts'
import type { Objective } from '../evaluation/tuning/trial.ts'
import { modelOf } from '../learners/detector-model.ts'
import type { Learner, ModelChoice } from '../learners/model-choice.ts'
import { type Choices, layOutChoices, readSpace } from '../training/choices.ts'
import { createChoiceEvaluator } from '../training/evaluate-choice.ts'
import type { LabelledRows } from '../training/labelled-rows.ts'
import { refuseLeaksInTraining } from '../training/look-for-leaks.ts'
import { planTraining } from '../training/plan-training.ts'
import { refuseUnknownNames } from '../training/refuse-unknown-names.ts'
import { runSearch } from '../training/run-search.ts'
import { splitRows } from '../training/split-rows.ts'
import type { TrainingPlan } from '../training/training-plan.ts'
import { concludeSearch, nameOf, tellConclusion } from '../training/tuning-result.ts'
import { commandLine } from './command-line.ts'
import { checkOutputs } from './output-paths.ts'
import { duration } from './protocol-work.ts'
import type { Run } from './run.ts'
import { inputsOf, outputsOf, readRows, type TrainFlags, trainAndWrite } from './train-work.ts'
import { version } from './version.ts'

export interface TuneFlags extends Omit<TrainFlags, 'learner' | 'average' | 'preset' | 'split'> {
  readonly learner?: readonly Learner[]
  readonly space?: string
  readonly objective: Objective
  readonly k?: number
  readonly minutes?: number
  readonly trials?: number
  readonly journal?: string
  readonly folds: number
  readonly train?: string
  readonly test?: string
  readonly delay?: string
  readonly keepCompromised?: boolean
}

/** Cards that are checked each day. */
const usualCards = 100

/** A flag that would change nothing is refused: somebody would believe that it did. */
function refuseUnused({ objective, k, by }: TuneFlags): void {
  const unused = k !== undefined ? '--k' : by !== undefined ? '--by' : undefined
  if (objective === 'card-precision' || unused === undefined) return
  throw new FraudError('OPTION_INVALID', `${unused} is only for card precision, and the objective is ${objective}`)
}

/** Searches on the training period, then trains and evaluates the best choice once, as `train` does. */
export async function tune(file: string | undefined, flags: TuneFlags, run: Run): Promise<void> {
  const journalPath = flags.journal ?? `${flags.out.replace(/\.safetensors$/, '')}-tuning.ndjson`
  const forTraining = trainFlags(flags)
  await checkOutputs(
    { ...outputsOf(forTraining), '--journal': journalPath },
    { ...inputsOf(file, forTraining), '--space': flags.space },
  )
  const { k = usualCards } = flags
  refuseUnused(flags)
  const asked = askedFolds(flags)
  const declared = await readSpace(flags.space)
  await refuseUnknownNames(forTraining)
  const rows = await readRows(file, forTraining, run)
  const planOf = (model: ModelChoice) => planTraining(forTraining, withModel(rows, model))
  const plan = planTraining(forTraining, rows)
  if (plan.members.length > 1)
    run.terminal.say('  single learners are searched; the average that is used now is trial 0')
  refuseLeaksInTraining(rows, plan, flags)
  const choices = layOutChoices(declared, flags.learner, modelOf(rows.detector), plan)
  const seed = flags.seed ?? declared?.seed ?? plan.seed
  const { delay } = rows.detector.transaction.label
  const evaluator = createChoiceEvaluator(rows, splitRows(rows, plan.split, plan.calibrate).train, {
    ...(delay !== undefined && { delayMs: durationMs(delay) }),
    ...asked,
    objective: flags.objective,
    k,
    isWeighted: plan.weightUse !== 'training',
    seed: plan.seed,
  })
  const { trainMs, delayMs, testMs, folds } = evaluator.folds
  run.terminal.say(
    `  ${folds} folds of ${showSpan(trainMs)} training, ${delayMs === 0 ? '' : `${showSpan(delayMs)} until labels are known, `}` +
      `${showSpan(testMs)} test; the best by ${nameOf(flags.objective, k)}`,
  )
  const journal = await Journal.open(
    journalPath,
    fingerprintOf(rows, plan, choices, flags, { ...evaluator.folds }, seed),
  )
  const spaces = inOrderOf(journal.fingerprint.space, choices.spaces)
  const trials = await runSearch(
    { current: choices.current, spaces, objective: flags.objective, seed },
    { journal, journalPath, evaluator, planOf, trials: flags.trials, minutes: flags.minutes },
    run,
  )
  const found = concludeSearch(trials, spaces, {
    objective: flags.objective,
    k,
    seed,
    folds: evaluator.folds,
    journal: journalPath,
  })
  tellConclusion(found, spaces, run)
  // However long the search took, this many trials are what repeats it.
  const { minutes: _, ...repeated } = { ...flags, trials: trials.length }
  const command = commandLine('tune', file === undefined ? [] : [file], repeated)
  const tuned = withModel(rows, found.best.model)
  await trainAndWrite(tuned, planOf(found.best.model), forTraining, { command, search: found }, run)
}

/** The flags that both commands have; what learns comes from the search. */
function trainFlags({ learner: _, ...flags }: TuneFlags): TrainFlags {
  return { ...flags, split: 'time' }
}

function withModel(rows: LabelledRows, model: ModelChoice): LabelledRows {
  return { ...rows, detector: { ...rows.detector, model } }
}

function askedFolds({ folds, keepCompromised, train, test, delay }: TuneFlags): AskedFolds {
  return {
    folds,
    removesKnown: keepCompromised !== true,
    ...(train !== undefined && { trainMs: duration('--train', train) }),
    ...(test !== undefined && { testMs: duration('--test', test) }),
    ...(delay !== undefined && { delayMs: duration('--delay', delay) }),
  }
}

/** Trials under another of these could not be compared. */
function fingerprintOf(
  rows: LabelledRows,
  { split, weightUse, seed: trainingSeed }: TrainingPlan,
  { current, spaces }: Choices,
  { objective, k = usualCards, by, weightColumn }: TuneFlags,
  folds: Readonly<Record<string, unknown>>,
  seed: number,
): SearchFingerprint {
  const { model: _, policy: __, reasons: ___, ...detector } = rows.detector
  const { testFrom, testShare } = split
  return {
    shrike: version,
    data: rows.fingerprint,
    detector: createHash('sha256').update(JSON.stringify(detector)).digest('hex'),
    model: current,
    space: spaces,
    objective: objective === 'card-precision' ? { figure: objective, k, by } : { figure: objective },
    folds,
    test: testFrom === undefined ? { share: testShare } : { from: testFrom },
    weights: rows.weights === undefined ? 'none' : { column: weightColumn, use: weightUse },
    seed,
    trainingSeed,
  }
}
