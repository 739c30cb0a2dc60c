import { FraudError } from '../core/errors.ts'
import { option } from '../core/option.ts'
import { type Progress, throwIfInterrupted } from '../core/progress.ts'
import { extent } from '../core/rows.ts'
import type { Detector } from '../detector/detector.ts'
import type { BundleContent } from '../models/bundle.ts'
import { fitRanks } from '../models/rank-map.ts'
import { createRowsScorer } from '../scoring/load-predictor.ts'
import { fit } from './fit-models.ts'
import type { LabelledRows } from './labelled-rows.ts'
import { scoreRows } from './scored-rows.ts'
import { calibrationShare } from './split-rows.ts'
import type { TrainingPlan } from './training-plan.ts'
import { typicalRow } from './typical-row.ts'

/** What comes of a training that saw no label: a bundle, and what its threshold flags; figures there are none. */
export interface UnlabelledOutcome {
  readonly content: BundleContent
  /** Row numbers of the later part, which the model did not see. */
  readonly held: Uint32Array
  readonly rawScores: Float64Array
  /** The raw score from which on a row is flagged. */
  readonly flagFrom: number
  readonly flagged: number
}

/**
 * Learns what is usual, without a label: the forest from the earlier rows, and from the later ones, which it has not
 * seen, how strange is how rare. The score is that rank, stretched so that the strangest share begins where the policy
 * flags, and stays below where it declines: what nobody measured declines nothing. It is not a probability of fraud.
 */
export async function runWithoutLabels(
  rows: LabelledRows,
  plan: TrainingPlan,
  flagShare: number,
  run: Progress,
): Promise<UnlabelledOutcome> {
  const { first, held } = splitOffLater(rows)
  const [member] = plan.members
  const { trained, scaling } = await fit(rows, first, plan, member, run)
  const score = createRowsScorer({ model: trained.model, ...(scaling && { scaling }) })
  const { rawScores } = await scoreRows(rows, held, score, undefined)
  throwIfInterrupted(run.signal)
  const { detector, flag } = flagByPolicy(rows.detector, flagShare, rawScores)
  const calibration = { method: 'rank', ...fitRanks(rawScores, flag) } as const
  const { seed, ...options } = trained.options
  return {
    content: {
      detector,
      preset: plan.preset,
      learner: member.learner,
      options: { ...options, scale: plan.scale, oversample: plan.oversample, weights: plan.weightUse },
      seed,
      model: trained.model,
      ...(scaling && { scaling }),
      calibration,
      threshold: {
        value: flag.value,
        inclusive: true,
        chosenBy: `so that at most a share of ${flagShare} of later rows is flagged`,
      },
      metrics: null,
      training: trainingRecord(rows, held),
      example: typicalRow(rows, first),
    },
    held,
    rawScores,
    flagFrom: flag.rawScore,
    flagged: rawScores.reduce((count, raw) => count + Number(raw >= flag.rawScore), 0),
  }
}

/** The detector, whose policy reviews what is flagged where it has nothing of its own for that, and the score for it. */
function flagByPolicy(detector: Detector, flagShare: number, rawScores: Float64Array) {
  const { policy = {} } = detector
  const { challenge, review, decline: ceiling = 1 } = policy
  const own = [challenge, review].filter((threshold) => threshold !== undefined)
  const value = own.length === 0 ? ceiling * (1 - flagShare) : Math.min(...own)
  if (!(value > 0 && value < ceiling)) {
    throw new FraudError(
      'DETECTOR_INVALID',
      `The policy of the detector flags from ${value} and declines from ${ceiling}: there is no room in between for what nobody measured`,
    )
  }
  // Just below, so that even the strangest is not declined.
  const flag = { rawScore: flagFrom(rawScores, flagShare), value, ceiling: ceiling * (1 - 2 ** -40) }
  return { detector: own.length > 0 ? detector : { ...detector, policy: { ...policy, review: value } }, flag }
}

/** The last fifth by time; without times every fifth row. */
function splitOffLater({ times, labels }: LabelledRows): { readonly first: Uint32Array; readonly held: Uint32Array } {
  const order = Uint32Array.from(labels.keys())
  if (times === undefined) {
    const every = Math.round(1 / calibrationShare)
    return { first: order.filter((row) => row % every !== 0), held: order.filter((row) => row % every === 0) }
  }
  const from = Math.floor(order.length * (1 - calibrationShare))
  order.sort((one, other) => times[one] - times[other] || one - other)
  return { first: order.subarray(0, from).sort(), held: order.subarray(from).sort() }
}

/** The lowest score from which on no more than the wanted share of these is flagged. */
function flagFrom(rawScores: Float64Array, flagShare: number): number {
  const sorted = rawScores.toSorted()
  const most = Math.floor(sorted.length * flagShare)
  const show = (count: number) => count.toLocaleString('en')
  if (most === 0) {
    throw new FraudError(
      'DATA_INVALID',
      `A share of ${flagShare} of the ${show(sorted.length)} rows that are held out to choose the threshold on is less than one row: take more rows, or a larger ${option('flagShare')}`,
    )
  }
  // Equal scores are flagged together, or not at all.
  const at = sorted.indexOf(sorted[sorted.length - most])
  const from = sorted.length - at > most ? sorted.find((raw) => raw > sorted[at]) : sorted[at]
  if (from !== undefined && at > 0) return from
  throw new FraudError(
    'DATA_INVALID',
    `The ${show(sorted.length - at)} strangest rows have one score, so a share of ${flagShare} can't be told from them: add inputs, or take a larger ${option('flagShare')}`,
  )
}

function trainingRecord(rows: LabelledRows, held: Uint32Array): BundleContent['training'] {
  const { times, labels, fingerprint } = rows
  return {
    fingerprint,
    rows: labels.length,
    frauds: null,
    calibrationRows: held.length,
    split: { by: 'none', ...(times && extent(times, Uint32Array.from(labels.keys()))) },
    refit: false,
  }
}
