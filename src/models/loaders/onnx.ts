import type { TreeEnsemble } from '../trees/tree-ensemble.ts'
import {
  float32,
  invalid,
  type OnnxGraph,
  type OnnxNode,
  readGraph,
  unsupported,
  withOneOutput,
} from './onnx-format.ts'
import { asksForCategories, type InputMap, isTreeEnsemble, readOnnxTrees } from './onnx-trees.ts'

/** A graph that ONNX Runtime has to run. */
export interface ForeignGraph {
  readonly kind: 'onnx'
  /** The file with one output, the probability. */
  readonly graph: Uint8Array
  readonly input: string
  readonly output: string
  /** How many numbers the input takes. */
  readonly width: number
  /** Whether some tree asks which category a number is. */
  readonly splitsOnCategories: boolean
}

/**
 * Reads an ONNX model that turns one tensor of [rows, features] into the probabilities of two classes, or of fraud alone.
 * Trees become our own; of anything else the graph is kept.
 *
 * @throws FraudError MODEL_INVALID where it is damaged, MODEL_UNSUPPORTED where it is of another kind.
 */
export function readOnnx(bytes: Uint8Array): TreeEnsemble | ForeignGraph {
  const graph = readGraph(bytes)
  const { input, width } = readInput(graph)
  const output = readOutput(graph)
  for (const node of graph.nodes) checkClasses(node)
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)))
  const trees = readTreesAt(output, makers, input, width)
  if (trees !== undefined) return trees
  if (graph.isScattered) throw unsupported('its weights are in other files: save it as one file')
  const splitsOnCategories = graph.nodes.some(asksForCategories)
  return { kind: 'onnx', graph: withOneOutput(bytes, output, zipMap), input, output, width, splitsOnCategories }
}

function readInput({ inputs }: OnnxGraph): { readonly input: string; readonly width: number } {
  if (inputs.length !== 1) {
    throw unsupported(`it has ${inputs.length} inputs: convert it with one tensor of [rows, features] as its input`)
  }
  const [{ name, isFloat32, shape }] = inputs
  const [rows, width] = shape
  if (!isFloat32) throw unsupported('its input is not a tensor of float32: convert it with rows of that type')
  if (shape.length !== 2 || width === undefined || (rows ?? 1) !== 1) {
    throw unsupported('its input is not a tensor of [rows, features] with a known number of features')
  }
  if (!(width > 0 && width <= 100_000)) throw invalid(`its input has ${width} features`)
  return { input: name, width }
}

const manyClasses = 'it has more than two classes'
const zipMap = 'ai.onnx.ml.ZipMap'

/** The name of the tensor with the probabilities. scikit-learn's are packed into maps by class (ZipMap): what goes into it. */
function readOutput({ outputs, nodes }: OnnxGraph): string {
  const candidates = outputs.flatMap(({ name, isFloat32, shape }) => {
    const packer = nodes.find(({ operator, outputs }) => operator === zipMap && outputs.includes(name))
    if (packer !== undefined) return packer.inputs.slice(0, 1)
    if (!isFloat32) return []
    const width = shape.length > 1 ? shape.at(-1) : 1
    if (width !== undefined && width > 2) throw unsupported(manyClasses)
    return [name]
  })
  const named = candidates.length > 1 ? candidates.filter((name) => /prob/i.test(name)) : candidates
  if (named.length === 1) return named[0]
  throw unsupported(
    `${candidates.length === 0 ? 'none' : 'more than one'} of its outputs can be the probabilities: ${outputs.map(({ name }) => name).join(', ')}`,
  )
}

function checkClasses({ attributes }: OnnxNode): void {
  const numbers = ['classlabels_int64s', 'classlabels_ints'].map((name) => attributes.integers(name))
  const labels = numbers.map(({ length }) => length)
  if (Math.max(...labels, attributes.texts('classlabels_strings').length) > 2) throw unsupported(manyClasses)
  const named = [...numbers.flat().map(String), ...attributes.texts('classlabels_strings')]
  if (named.length === 1) throw unsupported('it has one class: train it with rows of both, 0 legitimate and 1 fraud')
  // The second class is taken for fraud, so it must not be anything else.
  if (named.length === 2 && !['0,1', 'False,True', 'false,true'].includes(named.join())) {
    throw unsupported(`its classes are ${named.join(' and ')}: train it with 0 for legitimate and 1 for fraud`)
  }
  if ((attributes.integer('n_targets') ?? 1) > 1) throw unsupported('it answers with more than one number')
}

type Makers = ReadonlyMap<string, OnnxNode>

/** The trees, if the output comes straight from them and they see the input itself, or what a scaler makes of it. */
function readTreesAt(output: string, makers: Makers, input: string, width: number): TreeEnsemble | undefined {
  const answer = originalOf(output, makers)
  const node = makers.get(answer)
  // A classifier's first output is the class.
  if (node === undefined || !isTreeEnsemble(node) || node.outputs.at(-1) !== answer) return undefined
  const seen = originalOf(node.inputs[0], makers)
  if (seen === input) return readOnnxTrees(node, width, (value) => value)
  const scaler = makers.get(seen)
  if (scaler === undefined || originalOf(scaler.inputs[0], makers) !== input) return undefined
  const map = readScaler(scaler, width)
  return map && readOnnxTrees(node, width, map)
}

/** The value that another is a mere copy of. */
function originalOf(name: string, makers: Makers): string {
  const seen = new Set<string>()
  for (let original = name; ; ) {
    const node = makers.get(original)
    const isCopy =
      node?.operator === 'Identity' || (node?.operator === 'Cast' && node.attributes.integer('to') === float32)
    if (!isCopy || seen.has(original)) return original
    seen.add(original)
    original = node.inputs[0]
  }
}

/** What scikit-learn's scalers are converted to. Undefined if it is none, or doesn't rise everywhere. */
function readScaler({ operator, attributes }: OnnxNode, width: number): InputMap | undefined {
  if (operator !== 'ai.onnx.ml.Scaler') return undefined
  const [offset, scale] = ['offset', 'scale'].map((name) => {
    const values = attributes.floats(name)
    return values.length === 1 ? new Array<number>(width).fill(values[0]) : values
  })
  const isWhole = offset.length === width && scale.length === width && offset.every(Number.isFinite)
  if (!isWhole || !scale.every((value) => value > 0 && value < Number.POSITIVE_INFINITY)) return undefined
  return (value, feature) => Math.fround(Math.fround(value - offset[feature]) * scale[feature])
}
