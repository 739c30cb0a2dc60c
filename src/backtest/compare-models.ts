import { isDeepStrictEqual } from 'node:util'
import { FraudError } from '../core/errors.ts'
import type { Progress } from '../core/progress.ts'
import { numberForTime } from '../core/time-formats.ts'
import { fromShortForm, type PolicyDocuments } from '../decisioning/index.ts'
import { policyOf } from '../decisioning/policy.ts'
import { type Detector, inMemory } from '../detector/detector.ts'
import type { Bundle } from '../models/bundle.ts'
import { createPredictor, readBundle } from '../scoring/load-predictor.ts'
import type { InputRequest } from '../training/read-input.ts'
import { trainingPartOf } from '../training/training-part.ts'
import { backtestFile } from './backtest-file.ts'
import { backtestLog } from './backtest-log.ts'
import { type BacktestResult, hasMoney } from './backtest-result.ts'
import { type ContributionFigures, explainOnly, featureDifferences, mostExplained } from './compare-contributions.ts'
import {
  type LabelFigures,
  labelFigures,
  type OutcomeCell,
  outcomeMatrix,
  type PairedUnit,
  type ScoreFigures,
  type SegmentFigures,
  scoreFigures,
  segmentFigures,
} from './comparison-figures.ts'
import { keepJudged, type PairedRow, pairRows } from './paired-rows.ts'
import type { OnJudged } from './plan.ts'
import { wantedOf } from './wanted.ts'

export interface CompareRequest {
  /** The files of the bundles; null where there is no model, and rules and lists decide alone. */
  readonly bundles: readonly [string | null, string | null]
  /** A log, or a file. */
  readonly source:
    | { readonly log: { readonly path: string; readonly source: string } }
    | { readonly file: string; readonly input: InputRequest }
  readonly fromMs?: number | undefined
  readonly toMs?: number | undefined
  readonly knownByMs?: number | undefined
  /** Whether metrics count what a model learned from, too. */
  readonly includeTraining: boolean
  readonly unit: PairedUnit
  readonly seed: number
  readonly replicates: number
  /** Whether features are to explain what differs, for which both models go through the transactions again. */
  readonly explains?: boolean
}

interface ComparedModel {
  /** `none` where there is no model. */
  readonly id: string
  /** Its own threshold, at which precision and recall are told; null where there is no model. */
  readonly threshold: number | null
  /** Transactions that it could not score. */
  readonly unscored: number
}

export interface Comparison {
  readonly a: ComparedModel
  readonly b: ComparedModel
  readonly basis: BacktestResult['basis']
  readonly from: string | null
  readonly to: string | null
  readonly transactions: number
  readonly scores: ScoreFigures | null
  readonly outcomes: readonly OutcomeCell[]
  readonly labels: LabelFigures | null
  readonly contributions: ContributionFigures | null
  readonly segments: readonly SegmentFigures[]
  readonly notes: readonly string[]
}

/**
 * Holds two models against each other on the same transactions, under the policy in force: each goes through them by
 * itself, as in a backtest of it, and what they make of each transaction is put side by side.
 *
 * @throws FraudError OPTION_INVALID where they do not read transactions alike.
 */
export async function compareModels(request: CompareRequest, run: Progress): Promise<Comparison> {
  const bundles = [await readModel(request.bundles[0]), await readModel(request.bundles[1])] as const
  const [first, second = first] = bundles.filter((bundle) => bundle !== null)
  if (first === undefined) throw new FraudError('OPTION_INVALID', 'One of both has to be a model')
  if ('file' in request.source && bundles.includes(null))
    throw new FraudError(
      'OPTION_INVALID',
      'A file has no rules and lists that could decide without a model: compare on a log',
    )
  refuseOthers([first, second])
  const judge = judgeOn(request, first.detector, run)
  const kept = [keepJudged(), keepJudged()] as const
  const results = [await judge(0, kept[0].onJudged), await judge(1, kept[1].onJudged)] as const
  const { rows, unpaired } = pairRows(kept[0].rows, kept[1].rows)
  const { names } = wantedOf({ detector: first.detector, locate: inMemory }, true)
  const unit = hasMoney(first.detector) ? names.minorUnits : undefined
  const { seed, replicates } = request
  const models = [first, second]
  const thresholds = [first.threshold, second.threshold] as const
  const learned = learnedBy(models, rows)
  const measured = request.includeTraining ? rows : rows.filter((row) => !learned.has(row))
  const labels = labelFigures(measured, { thresholds, unit: request.unit, seed, replicates })
  const explained =
    request.explains === false ? { figures: null, notes: [] } : await explainDiffering(bundles, rows, judge)
  const modelOf = (side: 0 | 1): ComparedModel => ({
    ...{ id: bundles[side]?.id ?? 'none', threshold: bundles[side]?.threshold.value ?? null },
    unscored: bundles[side] === null ? 0 : rows.filter(({ scores }) => Number.isNaN(scores[side])).length,
  })
  const [a, b] = [modelOf(0), modelOf(1)]
  const [{ basis, from, to }] = results
  const isAlone = bundles.includes(null)
  return {
    ...{ a, b, basis, from, to, transactions: rows.length },
    ...{ scores: scoreFigures(rows), outcomes: outcomeMatrix(rows, unit), labels },
    ...{ contributions: explained.figures, segments: segmentFigures(rows, new Set(measured), unit) },
    notes: [
      ...new Set(results.flatMap(({ notes }) => notes)),
      ...(isAlone
        ? ['Without a model rules and lists decide alone: there are outcomes, and no scores to compare']
        : notesOf({ rows, unpaired, labels, isSame: a.id === b.id })),
      ...notesOfRanks(models),
      ...(isAlone ? [] : notesOfTraining(models, learned.size, request.includeTraining)),
      ...explained.notes,
    ],
  }
}

function readModel(path: string | null): Promise<Bundle | null> {
  return path === null ? Promise.resolve(null) : readBundle(path)
}

/** The same transactions and labels, or their figures would be of different things. */
function refuseOthers([a, b]: readonly [Bundle, Bundle]): void {
  if (isDeepStrictEqual(basisOf(a.detector), basisOf(b.detector))) return
  const [first, second] = [a, b].map(({ detector }) => basisOf(detector))
  const parts = Object.keys({ ...first, ...second }).filter(
    (name) => !isDeepStrictEqual(Reflect.get(first, name), Reflect.get(second, name)),
  )
  throw new FraudError(
    'OPTION_INVALID',
    `${a.id} and ${b.id} do not read transactions alike: their detectors differ in transaction.${parts.join(', transaction.')}`,
  )
}

/** What else is kept, and which keys may be missing, changes no score. */
function basisOf({ transaction: { keep, optionalKeys, ...transaction } }: Detector): object {
  return transaction
}

type Judge = (side: 0 | 1, onJudged: OnJudged) => Promise<BacktestResult>

function judgeOn({ bundles, source, fromMs, toMs, knownByMs }: CompareRequest, first: Detector, run: Progress): Judge {
  return (side, onJudged) => {
    const request = { bundle: bundles[side], fromMs, toMs, knownByMs, examples: 0 }
    // Without a model transactions are read as the other one reads them.
    const detector = { detector: first, locate: inMemory }
    if ('log' in source) return backtestLog(source.log, request, detector, run, onJudged)
    // A file has no policy in force: that of the first model's detector counts for both.
    const policy: PolicyDocuments = { policy: fromShortForm(policyOf(first)) }
    return backtestFile(source.file, { ...request, policy }, source.input, run, onJudged)
  }
}

async function explainDiffering(
  bundles: readonly [Bundle | null, Bundle | null],
  rows: readonly PairedRow[],
  judge: Judge,
): Promise<{ readonly figures: ContributionFigures | null; readonly notes: readonly string[] }> {
  const differing = rows.filter(({ outcomes: [a, b] }) => a !== b)
  if (differing.length === 0) return { figures: null, notes: [] }
  const [first, second] = bundles
  if (first === null || second === null) return { figures: null, notes: [] }
  const [a, b] = [createPredictor(first), createPredictor(second)]
  const mute = [a, b].filter(({ explain }) => explain === undefined).map(({ modelId }) => modelId)
  if (mute.length > 0)
    return { figures: null, notes: [`Which features differ is not told: ${mute.join(' and ')} can not be explained`] }
  const { contributionScale: scale } = a
  if (scale === undefined || scale !== b.contributionScale) {
    const note = `Which features differ is not told: one model's parts are of ${scale}, the other's of ${b.contributionScale}`
    return { figures: null, notes: [note] }
  }
  const only = new Set(differing.slice(-mostExplained).map(({ sequence }) => sequence))
  const told = [explainOnly(a, only), explainOnly(b, only)] as const
  await judge(0, told[0].onJudged)
  await judge(1, told[1].onJudged)
  const features = featureDifferences(told[0].explained, told[1].explained)
  return { figures: { scale, transactions: only.size, differing: differing.length, features }, notes: [] }
}

/** What a model learned from, or what lies in its label gap: it would look better there than it is. */
function learnedBy(bundles: readonly Bundle[], rows: readonly PairedRow[]): ReadonlySet<PairedRow> {
  const parts = bundles.map((bundle) => {
    const partOf = trainingPartOf(bundle)
    const { time } = bundle.detector.transaction
    // Training recorded times as the column has them.
    const asRecorded = (timestampMs: number) =>
      time === undefined || time.format === 'iso' ? timestampMs : numberForTime(timestampMs, time)
    return (timestampMs: number) => partOf(asRecorded(timestampMs))
  })
  return new Set(rows.filter(({ timestampMs }) => parts.some((partOf) => partOf(timestampMs) !== undefined)))
}

function notesOfRanks(bundles: readonly Bundle[]): readonly string[] {
  const ranked = [...new Set(bundles.filter(({ calibration }) => calibration.method === 'rank').map(({ id }) => id))]
  return ranked.map(
    (id) =>
      `${id} learned without labels: its scores are ranks, so log loss, Brier score and calibration say nothing of it`,
  )
}

function notesOfTraining(bundles: readonly Bundle[], learned: number, isIncluded: boolean): readonly string[] {
  const timeless = [...new Set(bundles)].filter(
    ({ training: { split } }) =>
      split.by === 'elsewhere' || ((split.by === 'random' || split.by === 'none') && split.from === undefined),
  )
  const count = learned.toLocaleString('en')
  const what = `${count} transactions are of the training period, or the label gap, of a model`
  return [
    ...(learned === 0 ? [] : [isIncluded ? `${what}: its metrics are optimistic` : `${what}: metrics leave them out`]),
    ...timeless.map(
      ({ id }) => `When ${id} was trained is not known: its metrics are optimistic if it learned from these`,
    ),
  ]
}

interface Noted {
  readonly rows: readonly PairedRow[]
  readonly unpaired: number
  readonly labels: LabelFigures | null
  readonly isSame: boolean
}

function notesOf({ rows, unpaired, labels, isSame }: Noted): readonly string[] {
  const show = (count: number) => count.toLocaleString('en')
  // What a control group stands for is not missing.
  const unknown = rows.filter(({ truth, weight }) => truth === 'unknown' && weight > 0).length
  const unscored = rows.filter(({ scores }) => scores.some(Number.isNaN)).length
  const frauds = rows.filter(({ truth }) => truth === 'fraud').length
  const missing = frauds === 0 ? 'fraud' : 'legitimate transaction'
  return [
    ...(isSame ? ['Both are the same model'] : []),
    ...(unpaired > 0 ? [`${show(unpaired)} transactions were left out: only one of the models can take them`] : []),
    ...(unscored > 0 ? [`A model could not score ${show(unscored)} transactions, which count for outcomes alone`] : []),
    ...(labels === null
      ? [`No matured label says of a scored ${missing} that it was one, so there are scores and outcomes alone`]
      : []),
    ...(labels !== null && unknown > 0
      ? [
          `${show(unknown)} transactions were held back and have no label: metrics leave them out, and so tell least of what the model that decided held back`,
        ]
      : []),
  ]
}
