import { createHash } from 'node:crypto'
import type { Detector } from '../core/detector.ts'
import { FraudError } from '../core/errors.ts'
import { checkWritable, writeFileAtomically } from '../data/write-file.ts'
import { choosePolicy, warnOfBundle } from '../evaluation/choose-policy.ts'
import { compileFeatures, type FeatureSet } from '../features/feature-set.ts'
import { type BundleContent, encodeBundle } from '../models/bundle.ts'
import { createExplainer, whyUnexplained } from '../models/explanation.ts'
import type { LearnedModel } from '../models/learned-model.ts'
import { lightgbmCategories, readLightgbm } from '../models/loaders/lightgbm.ts'
import { type ForeignGraph, readOnnx } from '../models/loaders/onnx.ts'
import { readXgboost, xgboostCategories } from '../models/loaders/xgboost.ts'
import { createOnnxGraph } from '../models/onnx-graph.ts'
import { createTreeEnsemble, type TreeEnsemble } from '../models/tree-ensemble.ts'
import { readDetector } from './find-detector.ts'
import { readBytes } from './read-bytes.ts'
import { requireTime } from './replay-file.ts'
import type { Run } from './run.ts'
import type { Terminal } from './terminal.ts'

export interface ImportFlags {
  readonly detector: string
  readonly out: string
  readonly threshold?: number
}

/** Reads a model of another library and writes it as a bundle. */
export async function importModel(file: string, flags: ImportFlags, { terminal }: Run): Promise<void> {
  await checkWritable(flags.out)
  const located = await readDetector(flags.detector, { badRows: 'fail' })
  const compiled = compileFeatures(located)
  const features = compiled.names
  if (compiled.columns === undefined) requireTime(located)
  const bytes = await readBytes(file, 'The model')
  const { library, model: foreign, categories } = parseModel(bytes)
  const { model, isByPlace } = takeInputs(foreign, features)
  checkCategories(categories, foreign, isByPlace, compiled, terminal)
  if (isByPlace) {
    terminal.warn(
      `The model names no feature of the detector: its inputs are taken to be ${features.join(', ')}, in this order`,
    )
  }
  const decision = {
    inclusive: true,
    ...(flags.threshold === undefined
      ? { threshold: 0.5, chosenBy: 'for want of rows to choose it on' }
      : { threshold: flags.threshold, chosenBy: 'as given' }),
  }
  const detector = choosePolicy(located.detector, decision, undefined)
  const content: BundleContent = {
    detector,
    preset: 'imported',
    learner: library,
    options: {},
    seed: 0,
    model,
    calibration: { method: 'none' },
    decision,
    metrics: {},
    training: {
      fingerprint: createHash('sha256').update(bytes).digest('hex'),
      ...{ rows: 0, frauds: 0, calibrationRows: 0, split: { by: 'elsewhere' }, refit: false },
    },
    example: Object.fromEntries(features.map((name) => [name, 0])),
  }
  const { bytes: bundle, id } = encodeBundle(content)
  await writeFileAtomically(flags.out, bundle)
  const trees = model.kind === 'tree-ensemble' ? model.nodes.roots.length : undefined
  const what = trees === undefined ? 'a graph that ONNX Runtime runs' : `${trees} trees`
  terminal.say(`${library}: ${what}, ${features.length} features\nbundle  ${flags.out}  ${id}`)
  tellPolicy(content, located.detector, terminal)
  const why = createExplainer(model) === undefined ? whyUnexplained(model) : undefined
  if (why !== undefined) terminal.warn(`Its answers can't be explained: ${why}`)
  terminal.result({ bundle: id, out: flags.out, library, trees, features, policy: detector.policy, unexplained: why })
}

/** Thresholds that nobody chose are told, and so is a policy that has none. */
function tellPolicy(content: BundleContent, given: Detector, terminal: Terminal): void {
  const warning = warnOfBundle(content)
  if (warning !== undefined) terminal.warn(warning)
  else if (content.detector !== given) {
    const { threshold } = content.decision
    terminal.say(
      `policy  review from ${threshold} up, decline nothing: the detector names no threshold of its own, and there are ` +
        'no rows to choose one on',
    )
  }
}

// The first field of an ONNX file, its version; no text begins with this byte.
const firstByteOfOnnx = 0x08

interface ParsedModel {
  readonly library: string
  readonly model: TreeEnsemble | ForeignGraph
  /** By input, the texts that its categories had, in the order of their numbers. */
  readonly categories: ReadonlyMap<string, readonly string[]>
}

function parseModel(bytes: Buffer): ParsedModel {
  if (bytes[0] === firstByteOfOnnx) return { library: 'onnx', model: readOnnx(bytes), categories: new Map() }
  const text = bytes.toString('utf8')
  if (/^tree\s/.test(text)) {
    return { library: 'lightgbm', model: readLightgbm(text), categories: lightgbmCategories(text) }
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new FraudError(
      'MODEL_INVALID',
      'This is neither JSON, as XGBoost saves it, nor the text that LightGBM saves, nor ONNX',
      {
        cause,
      },
    )
  }
  return { library: 'xgboost', model: readXgboost(json), categories: xgboostCategories(json) }
}

/** The detector must number the categories as the model did, or other ones would be scored. */
function checkCategories(
  categories: ParsedModel['categories'],
  foreign: ParsedModel['model'],
  isByPlace: boolean,
  { names, categories: declared }: FeatureSet,
  terminal: Terminal,
): void {
  if (foreign.kind === 'onnx') return
  for (const [input, texts] of categories) {
    const name = isByPlace ? names[foreign.features.indexOf(input)] : input
    const own = declared[name]
    if (own !== undefined && own.join('\n') === texts.join('\n')) continue
    const order = `The model numbers the categories of ${input} from 0 on in this order: ${texts.join(', ')}`
    if (own !== undefined)
      throw new FraudError('DETECTOR_INVALID', `${order}; list them so under ${name}, not ${own.join(', ')}`)
    terminal.warn(`${order}; ${name} must be such a number, which the kind of feature "category" makes of a text`)
  }
}

interface TakenModel {
  readonly model: LearnedModel
  /** Whether the inputs were taken in the detector's order, for want of names. */
  readonly isByPlace: boolean
}

/** The model with the detector's features for its inputs. */
function takeInputs(foreign: TreeEnsemble | ForeignGraph, features: readonly string[]): TakenModel {
  const width = foreign.kind === 'onnx' ? foreign.width : foreign.features.length
  if (width !== features.length) {
    throw new FraudError(
      'DETECTOR_INVALID',
      `The model has ${width} inputs, and the detector ${features.length} features: ${features.join(', ')}`,
    )
  }
  return foreign.kind === 'onnx'
    ? { model: takeGraph(foreign, features), isByPlace: true }
    : takeNamedInputs(foreign, features)
}

/** Tried on a few rows, for a graph does not tell whether what it gives are probabilities. */
function takeGraph(foreign: ForeignGraph, features: readonly string[]): LearnedModel {
  const invalid = (reason: string) => new FraudError('MODEL_INVALID', `This is no usable ONNX model: ${reason}`)
  const model = createOnnxGraph(features, foreign, invalid)
  for (const value of [0, 1, -1, 1000, -1000]) model.predictProba(new Float64Array(features.length).fill(value))
  return model
}

/** By name, or by place where the model has no names of its own. */
function takeNamedInputs(model: TreeEnsemble, features: readonly string[]): TakenModel {
  const places = model.features.map((name) => features.indexOf(name))
  const isByPlace = places.every((place) => place < 0)
  const missing = model.features.filter((_, i) => places[i] < 0)
  if (!isByPlace && missing.length > 0) {
    throw new FraudError('DETECTOR_INVALID', `The detector lacks features that the model wants: ${missing.join(', ')}`)
  }
  const feature = isByPlace
    ? model.nodes.feature
    : model.nodes.feature.map((split) => (split < 0 ? split : places[split]))
  return { model: createTreeEnsemble(features, { ...model.nodes, feature }, model.combination), isByPlace }
}
