import { FraudError } from '../core/errors.ts'
import { lastPart } from '../data/split.ts'
import { evaluate } from '../evaluation/evaluate.ts'
import type { Evaluation } from '../evaluation/evaluation.ts'
import type { BundleContent, ChosenThreshold } from '../models/bundle.ts'
import { type Calibration, fitCalibration } from '../models/calibration.ts'
import type { TrainingHistograms } from '../models/training-histograms.ts'
import { createRowsScorer } from '../scoring/load-predictor.ts'
import { chosenThreshold, givenThreshold } from './decide-threshold.ts'
import type { LabelledRows } from './labelled-rows.ts'
import { type ScoredRows, scoreRows, withProbabilities } from './scored-rows.ts'
import { timesInMs } from './times-in-ms.ts'
import { measureRows } from './training-histograms.ts'

/** What rows that a model of another library has not seen make of it. */
export interface MeasuredImport {
  readonly calibration: Calibration
  readonly threshold: ChosenThreshold
  /** On the later half of the rows. */
  readonly evaluation: Evaluation
  readonly histograms: TrainingHistograms
  /** The earlier half, by which it was calibrated. */
  readonly held: ScoredRows
}

/**
 * Calibrates a model that was trained elsewhere and chooses its threshold on the earlier half of the rows, and measures it on the
 * later half.
 *
 * @param fromMs the rows from this time on are those that the model has not seen; earlier ones were its training's.
 * @throws FraudError DATA_INVALID where the rows do not serve.
 */
export async function measureImport(
  model: BundleContent['model'],
  rows: LabelledRows,
  { fromMs, threshold }: { readonly fromMs: number; readonly threshold: number | undefined },
): Promise<MeasuredImport> {
  const { first, last } = lastPart(unseenRows(rows, fromMs), rows.labels, rows.times, { share: 0.5, seed: 0 })
  const score = createRowsScorer({ model })
  const scoredFirst = await scoreRows(rows, first, score, rows.weights)
  const calibration = fitCalibration(scoredFirst.labels, scoredFirst.rawScores, scoredFirst.weights)
  const held = withProbabilities(scoredFirst, calibration)
  const chosen =
    threshold === undefined
      ? chosenThreshold(held, { kind: 'f1' }, 'for the best F1 on the earlier half of the rows', 0)
      : givenThreshold(threshold)
  const test = withProbabilities(await scoreRows(rows, last, score, rows.weights), calibration)
  return {
    calibration,
    threshold: chosen,
    evaluation: evaluate({ ...test, threshold: chosen, seed: 0 }),
    histograms: measureRows(rows, first, test),
    held,
  }
}

function unseenRows(rows: LabelledRows, fromMs: number): Uint32Array {
  const all = Uint32Array.from(rows.labels.keys())
  if (fromMs === Number.NEGATIVE_INFINITY) return all
  const times = rows.times && timesInMs(rows, rows.times)
  if (times === undefined)
    throw new FraudError('DATA_INVALID', `${rows.source} has no times, so no row is later than another`)
  return all.filter((row) => times[row] >= fromMs)
}
