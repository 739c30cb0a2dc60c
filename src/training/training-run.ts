import { type Progress, throwIfInterrupted } from '../core/progress.ts'
import { everyRow, extent } from '../core/rows.ts'
import { choosePolicy } from '../evaluation/choose-policy.ts'
import { evaluate } from '../evaluation/evaluate.ts'
import type { Evaluation } from '../evaluation/evaluation.ts'
import { averagePrecision, calibrationRatio, rocAuc } from '../evaluation/metrics.ts'
import type { Trained } from '../learners/learner.ts'
import type { BundleContent } from '../models/bundle.ts'
import { type Calibration, fitCalibration } from '../models/calibration.ts'
import { predictsFraud } from '../models/prediction-threshold.ts'
import type { Scaling } from '../models/scaling.ts'
import { withRowsScorer } from '../scoring/rows-scorer.ts'
import { decideThreshold } from './decide-threshold.ts'
import { fitAll, weighOn } from './fit-models.ts'
import type { LabelledRows } from './labelled-rows.ts'
import { requireRoomToLearn } from './room-to-train.ts'
import { type ScoredRows, scoreRows, withProbabilities } from './scored-rows.ts'
import { type Parts, splitRows } from './split-rows.ts'
import { measureRows } from './training-histograms.ts'
import type { TrainingPlan } from './training-plan.ts'
import { typicalRow } from './typical-row.ts'

export interface TrainingOutcome {
  readonly content: BundleContent
  readonly parts: Parts
  readonly evaluation: Evaluation
  readonly test: ScoredRows
  readonly trained: Trained
  /** The scaling of the evaluated model; a refit model's is in the content. */
  readonly scaling?: Scaling
  /** On the calibration rows, where there are any. */
  readonly calibrationRatio?: number
  readonly oversampled?: { readonly rows: number; readonly frauds: number }
  /** Whether the threshold is over every probability of the calibration rows. */
  readonly alertsOnNothing: boolean
  readonly outOfBag?: { readonly rocAuc: number; readonly averagePrecision: number }
}

const noWeights = new Float64Array(0)

/** Splits, trains, calibrates, chooses the threshold and evaluates: all of `shrike train` but reading and writing. */
export async function runTraining(rows: LabelledRows, plan: TrainingPlan, run: Progress): Promise<TrainingOutcome> {
  requireRoomToLearn(rows)
  const holdsOut = plan.calibrate || plan.objective !== undefined
  const parts = splitRows(rows, plan.split, holdsOut)
  const fitted = await fitAll(rows, parts.fit, plan, run, weighOn(rows, parts.calibration, plan))
  const evaluationWeights = plan.weightUse === 'training' ? undefined : rows.weights
  const scored = await withRowsScorer(
    { model: fitted.trained.model, scaling: fitted.scaling },
    { threads: plan.threads, signal: run.signal },
    async (score) => ({
      held: parts.calibration && (await scoreRows(rows, parts.calibration, score, evaluationWeights)),
      test: await scoreRows(rows, parts.test, score, evaluationWeights),
    }),
  )
  const { held } = scored
  const calibration: Calibration =
    plan.calibrate && held ? fitCalibration(held.labels, held.rawScores, held.weights) : { method: 'none' }
  const calibrated = held && withProbabilities(held, calibration)
  const threshold = decideThreshold(rows, plan, calibrated)
  const test = withProbabilities(scored.test, calibration)
  throwIfInterrupted(run.signal)
  const progress = run.begin('evaluate')
  const evaluation = evaluate({ ...test, threshold, seed: plan.seed })
  progress.end(`${parts.test.length.toLocaleString('en')} later rows`)

  const { model: evaluated } = fitted.trained
  const final = plan.refit
    ? await fitAll(rows, everyRow(rows.labels.length), plan, run, () =>
        evaluated.kind === 'average' ? evaluated.weights : noWeights,
      )
    : fitted
  const { trained } = fitted
  const { seed, ...options } = final.trained.options
  return {
    content: {
      detector: choosePolicy(rows.detector, threshold, calibrated),
      preset: plan.preset,
      learner: plan.members[0].learner,
      options: { ...options, scale: plan.scale, oversample: plan.oversample, weights: plan.weightUse },
      seed,
      model: final.trained.model,
      ...(final.scaling && { scaling: final.scaling }),
      calibration,
      threshold,
      metrics: { ...evaluation },
      training: trainingRecord(rows, parts, plan),
      example: typicalRow(rows, parts.train),
      histograms: measureRows(rows, parts.train, test.rows.length > 0 ? test : calibrated),
    },
    parts,
    evaluation,
    test,
    trained,
    alertsOnNothing: calibrated?.probabilities.every((each) => !predictsFraud(threshold, each)) ?? false,
    ...(fitted.scaling && { scaling: fitted.scaling }),
    ...(calibrated && {
      calibrationRatio: calibrationRatio(calibrated.labels, calibrated.probabilities, calibrated.weights),
    }),
    ...(fitted.oversampled && { oversampled: fitted.oversampled }),
    ...(trained.outOfBagScores && {
      outOfBag: measureOutOfBag(rows, parts.fit, trained.outOfBagScores, evaluationWeights),
    }),
  }
}

function measureOutOfBag(
  rows: LabelledRows,
  part: Uint32Array,
  rawScores: Float64Array,
  weights: Float64Array | undefined,
) {
  const seen = Uint32Array.from(rawScores.keys().filter((i) => !Number.isNaN(rawScores[i])))
  const labels = Uint8Array.from(seen, (i) => rows.labels[part[i]])
  const known = Float64Array.from(seen, (i) => rawScores[i])
  const weighed = weights && Float64Array.from(seen, (i) => weights[part[i]])
  return { rocAuc: rocAuc(labels, known, weighed), averagePrecision: averagePrecision(labels, known, weighed) }
}

function trainingRecord(rows: LabelledRows, parts: Parts, plan: TrainingPlan): BundleContent['training'] {
  const covered = plan.refit ? everyRow(rows.labels.length) : parts.train
  const { times } = rows
  const field = rows.detector.transaction.time?.field
  return {
    fingerprint: rows.fingerprint,
    rows: covered.length,
    frauds: covered.reduce((sum, row) => sum + rows.labels[row], 0),
    calibrationRows: parts.calibration?.length ?? 0,
    split:
      parts.boundary !== undefined && times !== undefined && field !== undefined
        ? { by: 'time', field, ...extent(times, covered), testFrom: parts.boundary, unknownThen: parts.unknownThen }
        : { by: 'random', testShare: plan.split.testShare, seed: plan.seed, ...(times && extent(times, covered)) },
    refit: plan.refit,
  }
}
