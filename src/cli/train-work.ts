import { optionInvalid } from '../core/option.ts'
import { type Progress, quiet, throwIfInterrupted } from '../core/progress.ts'
import { formatDetector, type LocatedDetector } from '../detector/detector.ts'
import { modelOf } from '../learners/detector-model.ts'
import { isUnsupervised } from '../learners/learn.ts'
import { encodeBundle } from '../models/bundle.ts'
import type { Origin } from '../training/draw-report.ts'
import { readDetector } from '../training/find-detector.ts'
import type { LabelledRows } from '../training/labelled-rows.ts'
import { learningCurves } from '../training/learning-curve.ts'
import { lookForLeaks, refuseLeaksInTraining } from '../training/look-for-leaks.ts'
import { measurePolicy } from '../training/measure-policy.ts'
import { type PlanRequest, planTraining } from '../training/plan-training.ts'
import type { InputRequest } from '../training/read-input.ts'
import { readLabelledRows, readRowsFor } from '../training/read-labelled-rows.ts'
import type { LeakRequest } from '../training/refuse-leaks.ts'
import { refuseUnknownNames } from '../training/refuse-unknown-names.ts'
import { rejectsOf } from '../training/rejects.ts'
import { type ForceRequest, replaceFile } from '../training/replace-output.ts'
import { requireRoomToTrain } from '../training/room-to-train.ts'
import { breakDown } from '../training/test-breakdown.ts'
import type { TrainingPlan } from '../training/training-plan.ts'
import { learnPrior } from '../training/training-prior.ts'
import { runTraining, type TrainingOutcome } from '../training/training-run.ts'
import { warningsOf } from '../training/training-warnings.ts'
import { knownFrauds, onlyLabelled, requireFrauds } from '../training/without-labels.ts'
import { commandLine } from './command-line.ts'
import { readFileOrLog } from './file-or-log.ts'
import { checkOutputs } from './output-paths.ts'
import { printCurves } from './print-curves.ts'
import { printEvaluation, summarise } from './print-evaluation.ts'
import { printPolicy } from './print-policy.ts'
import { printWeakSpots } from './print-weak-spots.ts'
import { reportBeside } from './report-beside.ts'
import type { Run } from './run.ts'
import { trainUnlabelled } from './train-unlabelled.ts'
import { version } from './version.ts'

export interface TrainFlags extends ForceRequest, InputRequest, PlanRequest, LeakRequest {
  readonly out: string
  readonly fromLog?: boolean
  readonly acceptLostHistories?: boolean
  readonly data: string
  /** `false` for none. */
  readonly report?: string | false
  readonly saveDetector?: string
  readonly leakCheck?: boolean
  readonly learningCurve?: boolean
}

/** Reads, trains, evaluates, and only then writes. */
export async function train(file: string | undefined, flags: TrainFlags, run: Run): Promise<void> {
  await checkOutputs(outputsOf(flags), inputsOf(file, flags))
  await refuseUnknownNames(flags)
  const command = commandLine('train', file === undefined ? [] : [file], flags)
  const keepsUnlabelled = await mayLackLabels(flags)
  const read = await readRows(file, keepsUnlabelled ? { ...flags, keepsUnlabelled } : flags, run)
  const plan = planTraining(flags, read)
  if (plan.members.every(({ learner }) => isUnsupervised(learner)) && knownFrauds(read) === 0) {
    const write = (files: Readonly<Record<string, string | Uint8Array>>) =>
      writeAll({ ...files, ...detectorFile(read, flags) }, flags, run)
    return trainUnlabelled(read, plan, flags, command, reportPathOf(flags), write, run)
  }
  if (flags.flagShare !== undefined)
    throw optionInvalid(
      'flagShare',
      'is for learning without labels; with frauds among the rows the threshold is chosen by them',
    )
  const rows = onlyLabelled(read)
  requireFrauds(rows, plan)
  await trainAndWrite(rows, planTraining(flags, rows), flags, { command }, run)
}

/** Whether what learns looks at no label: as the flags, else the detector file say. */
async function mayLackLabels(flags: TrainFlags): Promise<boolean> {
  const ofFile = async () =>
    flags.detector === undefined || flags.preset !== undefined
      ? undefined
      : modelOf((await readDetector(flags.detector, flags)).detector).learner
  const learner = flags.learner ?? (await ofFile())
  return learner !== undefined && isUnsupervised(learner)
}

export function outputsOf(flags: TrainFlags) {
  return {
    '--out': flags.out,
    '--report': reportPathOf(flags),
    '--save-detector': flags.saveDetector,
    '--rejects': rejectsOf(flags),
  }
}

export function inputsOf(file: string | undefined, { detector }: TrainFlags) {
  return { FILE: file, '--detector': detector }
}

function reportPathOf({ report, out }: TrainFlags): string | undefined {
  return report === false ? undefined : (report ?? reportBeside(out))
}

/** Trains by a plan, evaluates, and only then writes. */
export async function trainAndWrite(
  rows: LabelledRows,
  plan: TrainingPlan,
  flags: TrainFlags,
  { command, search }: Origin,
  run: Run,
): Promise<void> {
  const { terminal, signal } = run
  const reportPath = reportPathOf(flags)
  const suspicious = refuseLeaksInTraining(rows, plan, flags)
  const outcome = await runTraining(rows, plan, run)
  tellUnknown(outcome.parts, run)
  const leaks = await lookForLeaks(rows, outcome, plan, suspicious, flags, run)
  const warnings = [...warningsOf(rows, outcome, plan), ...leaks.warnings]
  const policy = measurePolicy(rows, outcome.content.detector, outcome.test, {
    isSample: outcome.parts.boundary === undefined,
  })
  const isLater = outcome.parts.boundary !== undefined
  const breakdown = breakDown(rows, outcome.test, outcome.content.threshold, { training: outcome.parts.fit, isLater })
  const curves = flags.learningCurve === true ? await learningCurves(rows, outcome, plan, run) : undefined
  for (const warning of warnings) terminal.warn(warning)
  for (const note of leaks.notes) terminal.say(`  ${note}`)
  const metrics = {
    ...outcome.content.metrics,
    policy: { thresholds: policy.thresholds, precision: policy.stopped.precision, recall: policy.stopped.recall },
    ...leaks.figures,
    ...(warnings.length > 0 && { warnings }),
  }
  const content = { ...outcome.content, metrics, ...(search && { tuning: search.record }) }
  const { bytes, id } = encodeBundle(content)

  const draw = async () => {
    const { drawReport } = await import('../training/draw-report.ts')
    const made = { id, version, warnings, command, policy, breakdown, learningCurves: curves, search }
    return drawReport(rows, { ...outcome, content }, plan, made, run)
  }
  const report = reportPath === undefined ? {} : { [reportPath]: await draw() }
  throwIfInterrupted(signal)
  await writeAll({ [flags.out]: bytes, ...report, ...detectorFile(rows, flags) }, flags, run)

  printPolicy(policy, outcome.evaluation, terminal)
  printEvaluation(outcome.evaluation, terminal)
  printWeakSpots(breakdown, terminal)
  printCurves(curves ?? [], terminal)
  if (outcome.outOfBag !== undefined) {
    const { averagePrecision, rocAuc } = outcome.outOfBag
    terminal.say(
      `out of bag, on training rows: average precision ${averagePrecision.toFixed(4)}, ROC AUC ${rocAuc.toFixed(4)}`,
    )
  }
  terminal.say(`\nbundle  ${flags.out}  ${id}`)
  if (reportPath !== undefined) terminal.say(`report  ${reportPath}`)
  terminal.result({
    bundle: id,
    out: flags.out,
    report: reportPath,
    ...summarise(outcome.evaluation),
    policy,
    ...breakdown,
    ...(curves && { learningCurves: curves }),
    ...(outcome.outOfBag && { outOfBag: outcome.outOfBag }),
    ...leaks.figures,
    ...(rows.declined && { declined: rows.declined }),
    ...(search && { tuning: search.result }),
    warnings,
  })
}

function detectorFile({ detector }: LabelledRows, { saveDetector }: TrainFlags): Readonly<Record<string, string>> {
  return saveDetector === undefined ? {} : { [saveDetector]: formatDetector(detector) }
}

/** Says what is written already where one of them can't be. */
async function writeAll(files: Readonly<Record<string, string | Uint8Array>>, flags: TrainFlags, run: Run) {
  const written: string[] = []
  for (const [path, content] of Object.entries(files)) {
    try {
      await replaceFile(path, content, flags, run)
    } catch (error) {
      if (written.length > 0)
        run.terminal.warn(`${path} could not be written, and is missing beside ${written.join(', ')}`)
      throw error
    }
    written.push(path)
  }
}

/** The rows, by a detector that was told what it has to learn of them before they are made. */
export async function readRows(file: string | undefined, flags: TrainFlags, run: Run): Promise<LabelledRows> {
  const read = (progress: Progress, own?: LocatedDetector) => {
    const readFile = (path: string) =>
      own === undefined ? readLabelledRows(path, flags, progress) : readRowsFor(own, path, flags, progress)
    return readFileOrLog(file, flags, progress, readFile, own)
  }
  const located = flags.detector === undefined ? undefined : await readDetector(flags.detector, flags)
  if (file !== undefined && flags.fromLog !== true) await requireRoomToTrain(file, located)
  if (located === undefined) return read(run)
  return read(run, await learnPrior(located, file, flags, run, (own) => read(quiet(run), own)))
}

function tellUnknown({ unknownThen }: TrainingOutcome['parts'], { terminal }: Run): void {
  if (unknownThen === 0) return
  const rows = unknownThen.toLocaleString('en')
  terminal.say(`  ${rows} rows before the test had labels that were not known when it began: they were left out`)
}
