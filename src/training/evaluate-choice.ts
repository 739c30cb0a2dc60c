import { FraudError } from '../core/errors.ts'
import { option, optionInvalid } from '../core/option.ts'
import { type Progress, quiet, throwIfInterrupted } from '../core/progress.ts'
import { lastPart } from '../data/split.ts'
import { logLoss } from '../evaluation/metrics.ts'
import type { Fold, ProtocolRows } from '../evaluation/protocols/fold.ts'
import { measureFold } from '../evaluation/protocols/measure-fold.ts'
import { type PrequentialPeriods, prequentialFolds } from '../evaluation/protocols/prequential.ts'
import { type AskedFolds, planFolds } from '../evaluation/tuning/search-folds.ts'
import type { Objective } from '../evaluation/tuning/trial.ts'
import { fitCalibration } from '../models/calibration.ts'
import { createRowsScorer } from '../scoring/load-predictor.ts'
import { fitByPlan } from './fit-models.ts'
import type { LabelledRows } from './labelled-rows.ts'
import { type RawScoredRows, scoreRows, withProbabilities } from './scored-rows.ts'
import { calibrationShare } from './split-rows.ts'
import { timesInMs } from './times-in-ms.ts'
import type { TrainingPlan } from './training-plan.ts'

/** Judges choices of a model on folds of the training period. */
export interface ChoiceEvaluator {
  readonly folds: PrequentialPeriods
  evaluate(plan: TrainingPlan, run: Progress, onFold: (done: number, total: number) => void): Promise<readonly number[]>
}

export interface EvaluationPlan extends AskedFolds {
  readonly objective: Objective
  /** Cards that are checked each day. */
  readonly k: number
  readonly isWeighted: boolean
  readonly seed: number
}

/**
 * Makes folds of the training rows alone, so that no choice ever sees the test. Each is measured by raw scores, before
 * calibration but for log loss, for which the end of its training is held out to calibrate with, as `train` does.
 */
export function createChoiceEvaluator(
  rows: LabelledRows,
  training: Uint32Array,
  plan: EvaluationPlan,
): ChoiceEvaluator {
  const { objective, k } = plan
  const inOrder = inTime(rows, training)
  const part = pickRows(rows, inOrder, plan.isWeighted)
  if (objective === 'card-precision' && part.cards === undefined) {
    throw optionInvalid('objective', 'card-precision needs a detector that declares a key and a time')
  }
  const periods = planFolds(part, plan)
  const folds = prequentialFolds(part, periods).map((fold) => {
    const train = fold.train.map((row) => inOrder[row])
    return { fold, test: fold.test.map((row) => inOrder[row]), ...holdOut(rows, train, plan) }
  })
  return {
    folds: periods,
    async evaluate(trainingPlan, run, onFold) {
      const figures: number[] = []
      for (const { fold, test, first, last } of folds) {
        throwIfInterrupted(run.signal)
        const { trained, scaling } = await fitByPlan(rows, first, trainingPlan, quiet(run))
        const score = createRowsScorer({ model: trained.model, ...(scaling && { scaling }) })
        const scoreOf = (some: Uint32Array) => scoreRows(rows, some, score, plan.isWeighted ? rows.weights : undefined)
        const scored = await scoreOf(test)
        figures.push(
          last === undefined
            ? figureOf(objective, part, fold, scored.rawScores, periods.testMs, k)
            : calibratedLoss(scored, await scoreOf(last)),
        )
        onFold(figures.length, folds.length)
      }
      return figures
    },
  }
}

function inTime({ times }: LabelledRows, training: Uint32Array): Uint32Array {
  if (times === undefined) {
    throw new FraudError(
      'OPTION_INVALID',
      `tune judges on later rows, and these have no time: name its column with ${option('time')}`,
    )
  }
  return training.toSorted((one, other) => times[one] - times[other] || one - other)
}

function pickRows(rows: LabelledRows, part: Uint32Array, isWeighted: boolean): ProtocolRows {
  const { labels, cards, knownAt, weights } = rows
  const times = rows.times && timesInMs(rows, rows.times)
  const pick = (values: Float64Array) => Float64Array.from(part, (row) => values[row])
  return {
    times: times === undefined ? new Float64Array() : pick(times),
    labels: Uint8Array.from(part, (row) => labels[row]),
    ...(cards && { cards: Int32Array.from(part, (row) => cards[row]) }),
    ...(knownAt && { knownAt: pick(knownAt) }),
    ...(weights && isWeighted && { weights: pick(weights) }),
  }
}

function holdOut({ labels, times }: LabelledRows, train: Uint32Array, { objective, seed }: EvaluationPlan) {
  if (objective !== 'log-loss') return { first: train, last: undefined }
  return lastPart(train, labels, times, { share: calibrationShare, seed })
}

function figureOf(
  objective: Objective,
  part: ProtocolRows,
  fold: Fold,
  rawScores: Float64Array,
  testMs: number,
  k: number,
): number {
  const { averagePrecision, cardPrecision } = measureFold(part, fold, rawScores, testMs, k).figures
  return objective === 'card-precision' ? cardPrecision : averagePrecision
}

function calibratedLoss(test: RawScoredRows, held: RawScoredRows): number {
  const calibration = fitCalibration(held.labels, held.rawScores, held.weights)
  const { labels, probabilities, weights } = withProbabilities(test, calibration)
  return logLoss(labels, probabilities, weights)
}
