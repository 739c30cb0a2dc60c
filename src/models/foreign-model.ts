import { FraudError } from '../core/errors.ts'
import type { Progress } from '../core/progress.ts'
import type { LearnedModel } from './learned-model.ts'
import type { CategoryOrders } from './loaders/category-orders.ts'
import { readLightgbm } from './loaders/lightgbm.ts'
import { lightgbmOrders } from './loaders/lightgbm-categories.ts'
import { type ForeignGraph, readOnnx } from './loaders/onnx.ts'
import { orTrust, settleCategories } from './loaders/settle-categories.ts'
import { readXgboost } from './loaders/xgboost.ts'
import { createOnnxGraph } from './onnx-graph.ts'
import { createTreeEnsemble, type TreeEnsemble } from './trees/tree-ensemble.ts'

interface ForeignModel {
  readonly library: string
  /** Its inputs are the detector's features. */
  readonly model: LearnedModel
  /**
   * More than the model has where early stopping found the first of them best; undefined where the format has no early
   * stopping.
   */
  readonly treesInFile?: number | undefined
}

/** What a detector's features give a model. */
interface ModelInputs {
  readonly names: readonly string[]
  readonly categories: Readonly<Record<string, readonly string[]>>
}

/**
 * Reads another library's model for a detector: with its features for inputs, and its categories.
 *
 * @throws FraudError MODEL_INVALID, MODEL_UNSUPPORTED, DETECTOR_INVALID.
 */
export function readForeignModel(
  bytes: Buffer,
  flags: { readonly allTrees?: boolean; readonly categoryNumbers?: boolean },
  { names, categories: declared }: ModelInputs,
  told: Pick<Progress, 'note' | 'warn'>,
): ForeignModel {
  const { library, model: foreign, treesInFile, orders } = parseModel(bytes, flags.allTrees)
  const areTrusted = flags.categoryNumbers ?? false
  const width = foreign.kind === 'onnx' ? foreign.width : foreign.features.length
  if (width !== names.length) {
    throw new FraudError(
      'DETECTOR_INVALID',
      `The model has ${width} inputs, and the detector ${names.length} features: ${names.join(', ')}`,
    )
  }
  if (foreign.kind === 'onnx') {
    warnOfPlaces(names, told)
    return { library, model: takeGraph(foreign, names, areTrusted) }
  }
  const { model, isByPlace } = takeNamedInputs(foreign, names)
  if (isByPlace) warnOfPlaces(names, told)
  const nameOf = (input: string) => (isByPlace ? names[foreign.features.indexOf(input)] : input)
  const found = orders((input) => declared[nameOf(input)])
  return { library, model: settleCategories(model, found, { nameOf, declared, areTrusted }, told), treesInFile }
}

function warnOfPlaces(names: readonly string[], { warn }: Pick<Progress, 'warn'>): void {
  warn(
    `The model does not name features of the detector: its inputs are assumed to be ${names.join(', ')}, in this order`,
  )
}

interface ParsedModel {
  readonly library: string
  readonly model: TreeEnsemble | ForeignGraph
  readonly treesInFile?: number
  /** What the file, and what the detector lists for an input, tell of the order of its categories. */
  orders(declared: (input: string) => readonly string[] | undefined): CategoryOrders
}

// The first field of an ONNX file, its version; no text begins with this byte.
const firstByteOfOnnx = 0x08
const firstByteOfPickles = 0x80

function parseModel(bytes: Buffer, allTrees: boolean | undefined): ParsedModel {
  if (bytes[0] === firstByteOfOnnx) {
    return { library: 'onnx', model: readOnnx(bytes), orders: () => ({ told: new Map(), untold: new Map() }) }
  }
  const text = bytes.toString('utf8')
  if (/^tree\s/.test(text)) {
    const model = readLightgbm(text)
    return { library: 'lightgbm', model, orders: (declared) => lightgbmOrders(text, model, declared) }
  }
  const { orders, ...read } = readXgboost(parseJson(text, bytes), allTrees)
  return { library: 'xgboost', ...read, orders: () => orders }
}

/** Before version 3 XGBoost writes NaN, which is not JSON, for the threshold of a split on categories. */
function withoutNaN(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|-?\bNaN\b/g, (token) => (token.startsWith('"') ? token : 'null'))
}

function parseJson(text: string, bytes: Buffer): unknown {
  try {
    return JSON.parse(text.startsWith('{') && text.includes('NaN') ? withoutNaN(text) : text)
  } catch (cause) {
    const saveAgain =
      bytes[0] === firstByteOfPickles
        ? "This is a pickle, which is a program: save the model with its library's save_model"
        : /^(binf|\{[L#$])/.test(text)
          ? "This is XGBoost's binary form: save the model as model.json"
          : 'This is neither JSON, as XGBoost saves it from 1.0 on, nor the text that LightGBM saves, nor ONNX'
    throw new FraudError('MODEL_INVALID', saveAgain, { cause })
  }
}

interface TakenModel {
  readonly model: TreeEnsemble
  /** Whether the inputs were taken in the detector's order, because it has no names. */
  readonly isByPlace: boolean
}

/** Tried on a few rows, for a graph does not tell whether what it gives are probabilities. */
function takeGraph(foreign: ForeignGraph, features: readonly string[], areTrusted: boolean): LearnedModel {
  if (foreign.splitsOnCategories && !areTrusted) {
    throw new FraudError(
      'MODEL_UNSUPPORTED',
      "This ONNX model can't be used: it splits on categories, and the format does not record their order. Import the " +
        `library's own file, ${orTrust}`,
    )
  }
  const invalid = (reason: string) => new FraudError('MODEL_INVALID', `This is not a usable ONNX model: ${reason}`)
  const model = createOnnxGraph(features, foreign, invalid)
  for (const value of [0, 1, -1, 1000, -1000]) model.predictProba(new Float64Array(features.length).fill(value))
  return model
}

/** Inputs by name, or by place where the model names none. */
function takeNamedInputs(model: TreeEnsemble, features: readonly string[]): TakenModel {
  const places = model.features.map((name) => features.indexOf(name))
  const isByPlace = places.every((place) => place < 0)
  const missing = model.features.filter((_, i) => places[i] < 0)
  if (!isByPlace && missing.length > 0) {
    throw new FraudError('DETECTOR_INVALID', `The detector lacks features that the model needs: ${missing.join(', ')}`)
  }
  const feature = isByPlace
    ? model.nodes.feature
    : model.nodes.feature.map((split) => (split < 0 ? split : places[split]))
  return { model: createTreeEnsemble(features, { ...model.nodes, feature }, model.combination), isByPlace }
}
