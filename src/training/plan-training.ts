import { FraudError } from '../core/errors.ts'
import { option, optionInvalid } from '../core/option.ts'
import { timeReader } from '../core/time-formats.ts'
import { parseIsoTime } from '../core/time-parser.ts'
import { zoneOffset } from '../core/zone.ts'
import type { Detector } from '../detector/detector.ts'
import { compileDetector } from '../features/feature-set.ts'
import { modelOf } from '../learners/detector-model.ts'
import { optionsOf } from '../learners/learn.ts'
import { type Learner, type LearnerOptions, learnerOptions, type ModelChoice } from '../learners/model-choice.ts'
import { type PresetName, presets } from '../learners/presets.ts'
import type { LabelledRows } from './labelled-rows.ts'
import { type CostRequest, readMistakeCosts } from './mistake-costs.ts'
import type { ThresholdPlan, TrainingPlan } from './training-run.ts'

/** Options as they are given, with none for null. */
type GivenOptions = {
  readonly [Name in keyof LearnerOptions]: null extends LearnerOptions[Name]
    ? Exclude<LearnerOptions[Name], null> | 'none'
    : LearnerOptions[Name]
}

/** What may be said of a training. */
export interface PlanRequest extends CostRequest, GivenOptions {
  readonly preset?: PresetName
  readonly split: 'time' | 'random'
  readonly testShare: number
  readonly testFrom?: string
  readonly weights: 'evaluation' | 'training' | 'both'
  readonly refit?: boolean
  readonly seed?: number
  readonly threads?: number
  readonly learner?: Learner
  readonly average?: readonly Learner[]
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
  const preset = presets[name]
  const model: ModelChoice = request.preset === undefined ? modelOf(rows.detector) : {}
  const { learner: fileLearner, average, scale, oversample, seed: fileSeed, ...fileOptions } = model
  const seed = request.seed ?? fileSeed ?? 42
  const learner = request.learner ?? fileLearner ?? preset.learner
  const averaged = request.average ?? average ?? []
  const twice = [learner, ...averaged].find((name, i, all) => all.indexOf(name) < i)
  if (twice !== undefined) {
    throw new FraudError(
      'OPTION_INVALID',
      `The average has ${twice} twice; averaging a model with itself changes nothing`,
    )
  }
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
  const isPresets = request.preset !== undefined || (request.learner ?? fileLearner) === undefined
  const isScaled = request.scale ?? scale ?? (isPresets && preset.scale)
  const presetOptions = isPresets ? Object.entries(preset.options) : []
  const options: LearnerOptions = {
    ...Object.fromEntries(presetOptions.filter(([name]) => optionsOf(learner).includes(name))),
    ...declaredCategories(rows.detector, [learner, ...averaged]),
    ...(fileLearner === undefined || fileLearner === learner ? withoutGaps(fileOptions) : {}),
    ...givenOptions(request),
  }
  if (isScaled && options.categories !== undefined && options.categories.length > 0) {
    throw new FraudError('OPTION_INVALID', 'scale would change the numbers of categories: leave out one of the two')
  }
  return {
    preset: name,
    learner,
    average: averaged,
    scale: isScaled,
    oversample: chooseOversampling(request, oversample, isPresets ? preset.oversample : null),
    calibrate: preset.calibrate,
    options,
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

/** Features that the detector declares as categories, for learners that know such. */
function declaredCategories(detector: Detector, learners: readonly Learner[]): LearnerOptions {
  const categories = Object.keys(compileDetector(detector).categories)
  const isKnown = learners.some((learner) => optionsOf(learner).includes('categories'))
  return categories.length > 0 && isKnown ? { categories } : {}
}

function chooseOversampling(
  { oversample }: PlanRequest,
  fromFile: number | null | undefined,
  usual: number | null,
): number | null {
  if (oversample !== undefined) return orNull(oversample)
  return fromFile === undefined ? usual : fromFile
}

function withoutGaps(options: object): LearnerOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

function givenOptions(request: PlanRequest): LearnerOptions {
  const given = Object.entries(request).flatMap(([name, value]) => {
    const { flag, default: usual } = learnerOptions.get(name) ?? {}
    // An option that only a --no- flag changes is true where the flag is not given.
    if (flag === undefined || value === undefined || (usual === true && value === true)) return []
    return [[name, flag.hasNone && value === 'none' ? null : value]]
  })
  return Object.fromEntries(given)
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
