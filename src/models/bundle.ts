import { FraudError } from '../core/errors.ts'
import { atOnce, type Steps } from '../core/time-slices.ts'
import { tellIssues, z } from '../core/zod.ts'
import { type Detector, parseDetector } from '../detector/detector.ts'
import type { Calibration } from './calibration.ts'
import { bundleFormat, type LearnedModel, modelForm, readModel, writeModel } from './learned-model.ts'
import type { PredictionThreshold } from './prediction-threshold.ts'
import { decodeTensors, encodeTensors, type Tensor } from './safetensors.ts'
import type { Scaling } from './scaling.ts'
import { TensorReader } from './tensor-reader.ts'
import { histogramsSchema, type TrainingHistograms } from './training-histograms.ts'

/** What a model learned from, kept so that `evaluate` can leave those rows out and anybody can repeat the run. */
interface TrainingRecord {
  /** SHA-256 of the whole table that training was given, test rows included. */
  readonly fingerprint: string
  /** Training rows, those of calibration included. */
  readonly rows: number
  /** Null where no label was looked at. */
  readonly frauds: number | null
  readonly calibrationRows: number
  readonly split:
    | {
        readonly by: 'time'
        readonly field: string
        /** The first and last time of the training rows. */
        readonly from: number
        readonly to: number
        /** When the test began, and how many rows between training and test had labels that were not known by then. */
        readonly testFrom?: number | undefined
        readonly unknownThen?: number | undefined
      }
    /** Trained in another library, on unknown rows. */
    | { readonly by: 'elsewhere' }
    /** Nothing was tested: all rows are training rows. */
    | { readonly by: 'none'; readonly from?: number | undefined; readonly to?: number | undefined }
    | {
        readonly by: 'random'
        readonly testShare: number
        readonly seed: number
        /** The first and last time of the training rows, where they have times. */
        readonly from?: number | undefined
        readonly to?: number | undefined
      }
  /** Trained again on all rows after the figures were taken: the figures are those of the model before. */
  readonly refit: boolean
}

/** How the threshold came about, beside the threshold itself. */
export interface ChosenThreshold extends PredictionThreshold {
  readonly chosenBy: string
  /** Where the choice may as well have fallen; told where few frauds decided it. */
  readonly interval?: { readonly lower: number; readonly upper: number } | undefined
}

/** A trained detector, whole: what serving, evaluation and scoring need, and where it comes from. */
export interface BundleContent {
  readonly detector: Detector
  readonly preset: string
  readonly learner: string
  readonly options: Readonly<Record<string, unknown>>
  readonly seed: number
  readonly model: LearnedModel
  readonly scaling?: Scaling
  readonly calibration: Calibration
  readonly threshold: ChosenThreshold
  /** Figures on the test rows, with intervals; empty where there was no test part, null where there were no labels. */
  readonly metrics: Readonly<Record<string, unknown>> | null
  readonly training: TrainingRecord
  /** A row of typical inputs, for documentation. */
  readonly example: Readonly<Record<string, number>>
  readonly tuning?: TuningRecord
  /** How its training rows were spread; missing in older bundles, and of models that were trained elsewhere. */
  readonly histograms?: TrainingHistograms
}

const tunedFigures = z.object({
  trial: z.number(),
  /** The figures by fold, the latest first. */
  folds: z.array(z.number()),
  mean: z.number(),
  standardDeviation: z.number(),
})

/** How a search found the model's options: enough to run it again, and to see what it brought. */
const tuningSchema = z.object({
  objective: z.string(),
  /** The number of cards that are checked each day, for card precision. */
  k: z.number().optional(),
  seed: z.number(),
  trials: z.number(),
  failed: z.number(),
  folds: z.object({ trainMs: z.number(), delayMs: z.number(), testMs: z.number(), folds: z.number() }),
  winner: tunedFigures,
  /** The choice before the search; none where it failed. */
  current: tunedFigures.optional(),
  space: z.array(z.record(z.string(), z.unknown())),
})

export type TuningRecord = Readonly<z.infer<typeof tuningSchema>>

export interface Bundle extends BundleContent {
  /** `name@` and the first 12 hex digits of the file's hash. */
  readonly id: string
}

// Version 2 has splits on categories, which a Shrike that knows version 1 alone would overlook. In version 3 nothing was
// measured and scores are ranks, or an average is of log-odds.
const bundleFormats = ['1', '2', '3']

/** What not every bundle has. */
const laterKeys = ['form', 'tuning', 'histograms']

/** What bundles without a form hold. */
const firstForm = { kind: 'tree-ensemble', combination: { kind: 'mean' } }

const text = z.string().min(1)
/** Squeezes raw scores, so that 0 and 1 have finite log-odds. */
const squeeze = z.number().gt(0).lt(0.5)
function risesFromZero(values: readonly number[]): boolean {
  return values[0] === 0 && values.every((value, i) => value <= 1 && (i === 0 || value > values[i - 1]))
}

const metadataSchema = z.object({
  preset: text,
  learner: text,
  options: z.record(z.string(), z.unknown()),
  seed: z.number(),
  features: z.array(text).min(1),
  form: modelForm.default(firstForm),
  calibration: z.discriminatedUnion('method', [
    z.object({ method: z.literal('none') }),
    z
      .object({ method: z.literal('rank'), knots: z.array(z.number()).min(2), values: z.array(z.number()) })
      .refine(({ knots, values }) => knots.length === values.length && [knots, values].every(risesFromZero), {
        error: 'its knots and values do not rise from 0 to at most 1',
      }),
    z.object({ method: z.literal('platt'), epsilon: squeeze, slope: z.number(), intercept: z.number() }),
    z
      .object({
        method: z.literal('isotonic'),
        epsilon: squeeze,
        knots: z.array(z.number()).min(1),
        values: z.array(z.number()),
        tilt: z.number(),
      })
      .refine(
        ({ knots, values }) =>
          knots.length === values.length && knots.every((knot, i) => i === 0 || knot > knots[i - 1]),
        {
          error: 'its knots do not rise, or have other values',
        },
      ),
  ]),
  decision: z.object({
    threshold: z.number(),
    inclusive: z.boolean(),
    chosenBy: z.string(),
    interval: z.object({ lower: z.number(), upper: z.number() }).optional(),
  }),
  metrics: z.record(z.string(), z.unknown()).nullable(),
  training: z.object({
    fingerprint: z.string(),
    rows: z.number(),
    frauds: z.number().nullable(),
    calibrationRows: z.number(),
    split: z.discriminatedUnion('by', [
      z.object({ by: z.literal('elsewhere') }),
      z.object({ by: z.literal('none'), from: z.number().optional(), to: z.number().optional() }),
      z.object({
        by: z.literal('time'),
        field: text,
        from: z.number(),
        to: z.number(),
        testFrom: z.number().optional(),
        unknownThen: z.number().optional(),
      }),
      z.object({
        by: z.literal('random'),
        testShare: z.number(),
        seed: z.number(),
        from: z.number().optional(),
        to: z.number().optional(),
      }),
    ]),
    refit: z.boolean(),
  }),
  example: z.record(z.string(), z.number()),
  tuning: tuningSchema.optional(),
  histograms: histogramsSchema.optional(),
})

/**
 * The bundle as one file's bytes, in the safetensors layout. No clock time, host or duration is inside: the same
 * content gives the same bytes, and so the same id.
 */
export function encodeBundle(content: BundleContent): { readonly bytes: Uint8Array; readonly id: string } {
  const { model, scaling, detector, ...rest } = content
  const metadata: Record<string, string> = {
    format: 'shrike-bundle',
    formatVersion: String(content.metrics === null ? 3 : bundleFormat(model)),
    detector: JSON.stringify(detector),
    features: JSON.stringify(model.features),
  }
  for (const [key, value] of Object.entries(rest)) {
    if (key === 'threshold') metadata.decision = JSON.stringify(writeThreshold(rest.threshold))
    else metadata[key] = JSON.stringify(value)
  }
  const { form, tensors } = writeModel(model)
  metadata.form = JSON.stringify(form)
  const { bytes, sha256 } = encodeTensors({
    metadata,
    tensors: { ...tensors, ...(scaling && scalingTensors(scaling)) },
  })
  return { bytes, id: bundleId(detector, sha256) }
}

/** The file's names are older than the code's: there the threshold is a decision, and its value the threshold. */
function writeThreshold(threshold: ChosenThreshold): object {
  const renamed = Object.entries(threshold).map(([key, value]) => [key === 'value' ? 'threshold' : key, value])
  return Object.fromEntries(renamed)
}

/**
 * Reads a bundle's bytes.
 *
 * @throws FraudError BUNDLE_INVALID if they are damaged, cut off, too new or no bundle; nothing in them can run.
 */
export function decodeBundle(bytes: Uint8Array): Bundle {
  return atOnce(decodeBundleInSteps(bytes))
}

/** As `decodeBundle`, for those who have other things to do beside. */
export function* decodeBundleInSteps(bytes: Uint8Array): Steps<Bundle> {
  const { metadata, tensors, sha256 } = yield* decodeTensors(bytes)
  if (metadata.format !== 'shrike-bundle') throw invalid('it is a safetensors file, but not one of Shrike')
  if (!bundleFormats.includes(metadata.formatVersion)) {
    const known = bundleFormats.join(', ')
    throw invalid(`its format is version ${metadata.formatVersion}, and this Shrike reads ${known}`)
  }
  yield
  const detector = parseDetector(parseJson(metadata, 'detector'))
  yield
  const keys = Object.keys(metadataSchema.shape).filter(
    (key) => !laterKeys.includes(key) || metadata[key] !== undefined,
  )
  const fields = keys.map((key) => [key, parseJson(metadata, key)])
  const parsed = metadataSchema.safeParse(Object.fromEntries(fields))
  if (!parsed.success) throw invalid(`its metadata is not as expected: ${tellIssues(parsed.error)}`)
  const { features, form, tuning, histograms, decision, ...content } = parsed.data
  const { threshold: value, ...chosen } = decision
  const scaling = readScaling(tensors, features)
  yield
  const model = yield* readModel(form, tensors, features, invalid)
  return {
    ...content,
    threshold: { value, ...chosen },
    ...(tuning && { tuning }),
    ...(histograms && { histograms }),
    id: bundleId(detector, sha256),
    detector,
    model,
    ...(scaling && { scaling }),
  }
}

function invalid(reason: string): FraudError {
  return new FraudError('BUNDLE_INVALID', `This file is not a usable model bundle: ${reason}`)
}

function bundleId(detector: Detector, sha256: string): string {
  return `${detector.detector}@${shortHash(sha256)}`
}

/** What of a file's hash its id ends with. */
export function shortHash(sha256: string): string {
  return sha256.slice(0, 12)
}

function parseJson(metadata: Readonly<Record<string, string>>, key: string): unknown {
  try {
    return JSON.parse(metadata[key] ?? '')
  } catch (cause) {
    throw new FraudError('BUNDLE_INVALID', `This file is not a usable model bundle: "${key}" is missing`, { cause })
  }
}

function scalingTensors({ mean, scale }: Scaling): Record<string, Tensor> {
  return { scalingMean: mean, scalingScale: scale }
}

/** A column without any value has NaN for both, and is missing behind it. */
function readScaling(
  { scalingMean: mean, scalingScale: scale }: Readonly<Record<string, Tensor>>,
  features: readonly string[],
): Scaling | undefined {
  if (mean === undefined && scale === undefined) return undefined
  const reader = new TensorReader({ ...(mean && { mean }), ...(scale && { scale }) }, features, invalid)
  return { mean: reader.floats('mean', features.length), scale: reader.floats('scale', features.length) }
}
