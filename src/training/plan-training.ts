import { FraudError } from '../core/errors.ts'
import { option, optionInvalid } from '../core/option.ts'
import { timeReader } from '../core/time-formats.ts'
import { parseIsoTime } from '../core/time-parser.ts'
import { zoneOffset } from '../core/zone.ts'
import { modelOf } from '../learners/detector-model.ts'
import type { ModelChoice } from '../learners/model-choice.ts'
import { type Preset, presets } from '../learners/presets.ts'
import type { LabelledRows } from './labelled-rows.ts'
import { type CostRequest, readMistakeCosts } from './mistake-costs.ts'
import { type MembersRequest, namesLearners, planAveraging, planMembers } from './plan-members.ts'
import type { ThresholdPlan, TrainingPlan } from './training-plan.ts'

/** What may be said of a training. */
export interface PlanRequest extends CostRequest, MembersRequest {
  readonly split: 'time' | 'random'
  readonly testShare: number
  readonly testFrom?: string
  readonly weights: 'evaluation' | 'training' | 'both'
  readonly refit?: boolean
  readonly seed?: number
  readonly threads?: number
  readonly oversample?: number | 'none'
  readonly scale?: boolean
  readonly threshold?: number
  readonly wantedPrecision?: number
  readonly wantedRecall?: number
  /** Of learning without labels: the share that is flagged. */
  readonly flagShare?: number
}

/** What training does by default, for commands that train as a part of their work. */
export const usualTraining = { split: 'time', testShare: 0.2, weights: 'evaluation' } as const

/**
 * How everything that trains does it: what was asked for wins over a preset that was asked for, that over the detector file,
 * that over the default preset.
 */
export function planTraining(request: PlanRequest, rows: LabelledRows): TrainingPlan {
  const name = request.preset ?? 'default'
  const preset: Preset = presets[name]
  const model: ModelChoice = request.preset === undefined ? modelOf(rows.detector) : {}
  const { scale, oversample } = model
  const seed = request.seed ?? model.seed ?? 42
  const members = planMembers(request, model, preset, rows.detector)
  const isByControl = rows.weights !== undefined && rows.weightColumn === undefined
  if (request.weights !== 'evaluation' && rows.weights === undefined) {
    throw optionInvalid('weights', `${request.weights} needs ${option('weightColumn')}`)
  }
  if (isByControl && request.weights === 'training')
    throw optionInvalid('weights', 'training would leave what the control group stands for out of the evaluation')
  const objective = planThreshold(request)
  if (objective !== undefined && request.threshold !== undefined) {
    throw optionInvalid('threshold', 'gives the threshold, so it cannot be chosen as well')
  }
  // A learner that was named sees the rows as they are and has its own defaults, unless a preset was asked for, too.
  const isPresets = request.preset !== undefined || !namesLearners(request, model)
  const isScaled = request.scale ?? scale ?? (isPresets && preset.scale)
  if (isScaled && members.some(({ options: { categories = [] } }) => categories.length > 0)) {
    throw new FraudError('OPTION_INVALID', 'scale would change the numbers of categories: leave out one of the two')
  }
  return {
    preset: name,
    members,
    ...planAveraging(request, model, members),
    scale: isScaled,
    oversample: chooseOversampling(request, oversample, isPresets ? preset.oversample : null),
    calibrate: preset.calibrate,
    seed,
    ...(request.threads !== undefined && { threads: request.threads }),
    split: {
      by: request.split,
      testShare: request.testShare,
      seed,
      ...(request.testFrom !== undefined && { testFrom: parseTime(request.testFrom, rows) }),
    },
    // Left out of either, those that are declined would be missing from it.
    weightUse: isByControl ? 'both' : request.weights,
    ...(request.threshold !== undefined && { threshold: request.threshold }),
    ...(objective && { objective }),
    refit: request.refit === true,
  }
}

function chooseOversampling(
  { oversample }: PlanRequest,
  fromFile: number | null | undefined,
  usual: number | null,
): number | null {
  if (oversample !== undefined) return orNull(oversample)
  return fromFile === undefined ? usual : fromFile
}

function orNull(value: number | 'none'): number | null {
  return value === 'none' ? null : value
}

function planThreshold(request: PlanRequest): ThresholdPlan | undefined {
  const { wantedPrecision, wantedRecall, costFalsePositive, costFalseNegative } = request
  const hasCost = costFalsePositive !== undefined || costFalseNegative !== undefined
  const asked = [wantedPrecision !== undefined, wantedRecall !== undefined, hasCost].filter(Boolean).length
  if (asked > 1) {
    throw new FraudError(
      'OPTION_INVALID',
      `Choose the threshold by one of ${option('wantedPrecision')}, ${option('wantedRecall')} and the costs`,
    )
  }
  if (wantedPrecision !== undefined) return { kind: 'precision', atLeast: wantedPrecision }
  if (wantedRecall !== undefined) return { kind: 'recall', atLeast: wantedRecall }
  const costs = readMistakeCosts(request)
  return costs && { kind: 'cost', ...costs }
}

/** A time as the user writes it, in the unit of the rows: ISO, or the time column's own. */
function parseTime(text: string, { isoTimes, detector }: LabelledRows): number {
  const bytes = Buffer.from(text)
  const { time: declared = { field: '', format: 'iso' }, zone = 'UTC' } = detector.transaction
  const number = text.trim() === '' ? Number.NaN : Number(text)
  // Not Date.parse, which takes a time without an offset for one of this machine's zone; the reader takes it for UTC.
  const iso = parseIsoTime(bytes, 0, bytes.length)
  const read = timeReader(declared, zoneOffset(zone))
  const time = isoTimes ? (Number.isFinite(iso) ? iso : read(number)) : number
  if (Number.isFinite(time)) return time
  const wanted = isoTimes && declared.format === 'iso' ? 'an ISO time' : 'a number'
  throw optionInvalid('testFrom', `${text} is not ${wanted}, as the time column has`)
}
