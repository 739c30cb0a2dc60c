import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { FraudError } from '../../core/errors.ts'
import { editMessage, Message } from './protobuf.ts'

// The fields of onnx.proto (versions 3 to 13 of the format) that are read here, by number.
const modelFields = { graph: 7, operators: 8, functions: 25 }
const operatorsFields = { domain: 1 }
const graphFields = { node: 1, initializer: 5, input: 11, output: 12 }
const nodeFields = { input: 1, output: 2, operator: 4, attribute: 5, domain: 7 }
const attributeFields = { name: 1, integer: 3, text: 4, floats: 7, integers: 8, texts: 9 }
const tensorFields = { name: 8, location: 14 }
const valueFields = { name: 1, type: 2 }
const typeFields = { tensor: 1 }
const tensorTypeFields = { element: 1, shape: 2 }
const shapeFields = { size: 1 }
const sizeFields = { value: 1 }

/** Operators that have graphs inside. */
const flows = ['Loop', 'Scan', 'If', 'SequenceMap']

/** The number of the type float, as tensors and casts have it. */
export const float32 = 1

/** A value that a graph takes or gives. */
interface OnnxValue {
  readonly name: string
  readonly isFloat32: boolean
  /** Undefined where a size is left open. */
  readonly shape: readonly (number | undefined)[]
}

export interface OnnxNode {
  readonly operator: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: OnnxAttributes
}

/** A node's settings by name. What it does not have is empty. */
export interface OnnxAttributes {
  readonly names: readonly string[]
  integer(name: string): number | undefined
  text(name: string): string
  texts(name: string): readonly string[]
  integers(name: string): readonly number[]
  floats(name: string): readonly number[]
}

export interface OnnxGraph {
  /** Those that no initializer fills. */
  readonly inputs: readonly OnnxValue[]
  readonly outputs: readonly OnnxValue[]
  readonly nodes: readonly OnnxNode[]
  /** Whether weights lie in files of their own. */
  readonly isScattered: boolean
}

export const invalid = (reason: string) => new FraudError('MODEL_INVALID', `This is not a usable ONNX model: ${reason}`)
export const unsupported = (reason: string) =>
  new FraudError('MODEL_UNSUPPORTED', `This ONNX model can't be used: ${reason}`)

/** Reads an ONNX file, but not what its initializers hold. Throws MODEL_INVALID if it is damaged. */
export function readGraph(bytes: Uint8Array): OnnxGraph {
  try {
    const model = new Message(bytes)
    const graph = model.message(modelFields.graph)
    if (graph === undefined) throw invalid('it has no graph')
    checkOperators(model, graph)
    checkFlow(model, graph)
    const initializers = graph.messages(graphFields.initializer)
    const filled = new Set(initializers.map((tensor) => tensor.text(tensorFields.name)))
    return {
      inputs: graph
        .messages(graphFields.input)
        .map(readValue)
        .filter(({ name }) => !filled.has(name)),
      outputs: graph.messages(graphFields.output).map(readValue),
      nodes: graph.messages(graphFields.node).map(readNode),
      isScattered: initializers.some((tensor) => (tensor.number(tensorFields.location) ?? 0) !== 0),
    }
  } catch (cause) {
    if (cause instanceof FraudError) throw cause
    throw new FraudError('MODEL_INVALID', 'This is not a usable ONNX model: it is damaged or cut off', { cause })
  }
}

/** The sets of operators stand behind the graph: where one is missing, the file is cut off. */
function checkOperators(model: Message, graph: Message): void {
  const sets = model.messages(modelFields.operators).map((set) => domainOf(set, operatorsFields.domain))
  const missing = graph.messages(graphFields.node).find((node) => !sets.includes(domainOf(node, nodeFields.domain)))
  if (missing !== undefined) throw invalid('it is cut off, or does not say which operators it uses')
}

/** A graph runs while a transaction waits: it must come to an end. */
function checkFlow(model: Message, graph: Message): void {
  const looping = graph
    .messages(graphFields.node)
    .map(readNode)
    .find(({ operator }) => flows.includes(operator))
  if (looping !== undefined) throw unsupported(`it has the operator ${looping.operator}, which may never end`)
  if (model.messages(modelFields.functions).length > 0) throw unsupported('it defines custom operators')
}

/** The standard's own domain has two names. */
function domainOf(message: Message, field: number): string {
  const domain = message.text(field)
  return domain === 'ai.onnx' ? '' : domain
}

function readValue(value: Message): OnnxValue {
  const tensor = value.message(valueFields.type)?.message(typeFields.tensor)
  const sizes = tensor?.message(tensorTypeFields.shape)?.messages(shapeFields.size) ?? []
  return {
    name: value.text(valueFields.name),
    isFloat32: tensor?.number(tensorTypeFields.element) === float32,
    shape: sizes.map((size) => size.number(sizeFields.value)),
  }
}

function readNode(node: Message): OnnxNode {
  const domain = domainOf(node, nodeFields.domain)
  const operator = node.text(nodeFields.operator)
  return {
    operator: domain === '' ? operator : `${domain}.${operator}`,
    inputs: node.texts(nodeFields.input),
    outputs: node.texts(nodeFields.output),
    attributes: readAttributes(node.messages(nodeFields.attribute)),
  }
}

function readAttributes(messages: readonly Message[]): OnnxAttributes {
  const byName = new Map(messages.map((each) => [each.text(attributeFields.name), each]))
  return {
    names: [...byName.keys()],
    integer: (name) => byName.get(name)?.number(attributeFields.integer),
    text: (name) => byName.get(name)?.text(attributeFields.text) ?? '',
    texts: (name) => byName.get(name)?.texts(attributeFields.texts) ?? [],
    integers: (name) => byName.get(name)?.integers(attributeFields.integers) ?? [],
    floats: (name) => byName.get(name)?.floats(attributeFields.floats) ?? [],
  }
}

/** The file with one output, which any of its nodes makes, and without the nodes of an operator, which need no longer be run. */
export function withOneOutput(bytes: Uint8Array, name: string, unwanted: string): Uint8Array {
  const tensor = new BinaryWriter().tag(tensorTypeFields.element, WireType.Varint).int32(float32).finish()
  const type = new BinaryWriter().tag(typeFields.tensor, WireType.LengthDelimited).bytes(tensor).finish()
  const value = new BinaryWriter().tag(valueFields.name, WireType.LengthDelimited).string(name)
  value.tag(valueFields.type, WireType.LengthDelimited).bytes(type)
  const isWanted = (field: number, part: Uint8Array) =>
    field !== graphFields.output && (field !== graphFields.node || readNode(new Message(part)).operator !== unwanted)
  const editGraph = (graph: Uint8Array) =>
    editMessage(graph, (field, part) => (isWanted(field, part) ? part : undefined))
      .tag(graphFields.output, WireType.LengthDelimited)
      .bytes(value.finish())
      .finish()
  return editMessage(bytes, (field, part) => (field === modelFields.graph ? editGraph(part) : part)).finish()
}
