import { type Combination, createTreeEnsemble, type TreeEnsemble } from '../trees/tree-ensemble.ts'
import { largestWhere } from './float32.ts'
import { invalid, type OnnxAttributes, type OnnxNode } from './onnx-format.ts'
import { type ForeignNode, layOutTrees } from './tree-layout.ts'

/** What the trees see of an input, in single precision; it never falls as the input rises. */
export type InputMap = (value: number, feature: number) => number

const classifier = 'ai.onnx.ml.TreeEnsembleClassifier'

// Attributes of the leaves' weights begin with these.
const prefixes: Readonly<Record<string, string>> = {
  [classifier]: 'class',
  'ai.onnx.ml.TreeEnsembleRegressor': 'target',
}

export function isTreeEnsemble({ operator }: OnnxNode): boolean {
  return operator in prefixes
}

/** Converters make of a split on categories a chain of these, or (TreeEnsemble) give the members of each. */
export function asksForCategories({ attributes }: OnnxNode): boolean {
  return (
    attributes.names.includes('membership_values') ||
    attributes.texts('nodes_modes').some((mode) => mode === 'BRANCH_EQ' || mode === 'BRANCH_NEQ')
  )
}

/** Every node of every tree as the file has them, in parallel arrays. */
interface FileNodes {
  readonly tree: readonly number[]
  readonly id: readonly number[]
  readonly mode: readonly string[]
  readonly feature: readonly number[]
  readonly threshold: readonly number[]
  readonly whenTrue: readonly number[]
  readonly whenFalse: readonly number[]
  readonly missingIsTrue: readonly number[]
  /** The place of a node in the arrays, by tree and id. */
  readonly places: ReadonlyMap<number, ReadonlyMap<number, number>>
}

/**
 * The trees of a TreeEnsembleClassifier or TreeEnsembleRegressor. Undefined for what our trees can't say, or what the
 * standard leaves open. Covers are 0: the format has none.
 *
 * @throws FraudError MODEL_INVALID if the trees are damaged.
 */
export function readOnnxTrees(node: OnnxNode, width: number, map: InputMap): TreeEnsemble | undefined {
  // Double precision, which converters write only when they are asked to.
  if (node.attributes.names.some((name) => name.endsWith('_as_tensor'))) return undefined
  const nodes = readNodes(node.attributes)
  const answer = readAnswer(node, nodes)
  if (answer === undefined) return undefined
  const trees: { nodes: ForeignNode[] }[] = []
  for (const places of nodes.places.values()) {
    const tree = readTree(nodes, places, answer.values, width, map)
    if (tree === undefined) return undefined
    trees.push({ nodes: tree })
  }
  const features = Array.from({ length: width }, (_, i) => `f${i}`)
  return createTreeEnsemble(features, layOutTrees(trees, invalid), answer.combination)
}

function readNodes(attributes: OnnxAttributes): FileNodes {
  const tree = attributes.integers('nodes_treeids')
  const id = attributes.integers('nodes_nodeids')
  const missingIsTrue = attributes.integers('nodes_missing_value_tracks_true')
  const places = new Map<number, Map<number, number>>()
  tree.forEach((number, place) => {
    const ofTree = places.get(number) ?? new Map<number, number>()
    if (ofTree.has(id[place])) throw invalid('two nodes of a tree are the same')
    places.set(number, ofTree.set(id[place], place))
  })
  const nodes = {
    ...{ tree, id, places },
    mode: attributes.texts('nodes_modes'),
    feature: attributes.integers('nodes_featureids'),
    threshold: attributes.floats('nodes_values'),
    whenTrue: attributes.integers('nodes_truenodeids'),
    whenFalse: attributes.integers('nodes_falsenodeids'),
    missingIsTrue: missingIsTrue.length > 0 ? missingIsTrue : tree.map(() => 0),
  }
  const { places: _, ...arrays } = nodes
  if (tree.length === 0) throw invalid('it has no trees')
  if (Object.values(arrays).some(({ length }) => length !== tree.length)) {
    throw invalid('the arrays of its trees differ in length')
  }
  return nodes
}

/** The splits that are like ours: which branch takes the small values, and whether those include the threshold. */
const splits: Readonly<Record<string, { readonly lowIsTrue: boolean; readonly includes: boolean }>> = {
  BRANCH_LEQ: { lowIsTrue: true, includes: true },
  BRANCH_LT: { lowIsTrue: true, includes: false },
  BRANCH_GT: { lowIsTrue: false, includes: true },
  BRANCH_GTE: { lowIsTrue: false, includes: false },
}

function readTree(
  nodes: FileNodes,
  places: ReadonlyMap<number, number>,
  values: Float64Array,
  width: number,
  map: InputMap,
): ForeignNode[] | undefined {
  const children = new Set(
    [...places.values()]
      .filter((place) => nodes.mode[place] !== 'LEAF')
      .flatMap((place) => [nodes.whenTrue[place], nodes.whenFalse[place]]),
  )
  // The root is the node that no other leads to, wherever it stands.
  const ids = [...places.keys()].sort((a, b) => Number(children.has(a)) - Number(children.has(b)))
  const rank = new Map(ids.map((id, i) => [id, i]))
  const tree: ForeignNode[] = []
  for (const id of ids) {
    const place = places.get(id) ?? 0
    const cover = 0
    if (nodes.mode[place] === 'LEAF') {
      tree.push({ value: values[place], cover })
      continue
    }
    const split = splits[nodes.mode[place]]
    const feature = nodes.feature[place]
    if (!(feature >= 0 && feature < width)) throw invalid('a tree splits on a feature that does not exist')
    if (split === undefined) return undefined
    const { lowIsTrue, includes } = split
    const limit = nodes.threshold[place]
    const threshold = largestWhere((value) => {
      const seen = map(value, feature)
      return seen < limit || (includes && seen === limit)
    })
    // Nothing, not even the least number, goes to the low side.
    if (Number.isNaN(threshold)) return undefined
    const [low, high] = lowIsTrue
      ? [nodes.whenTrue[place], nodes.whenFalse[place]]
      : [nodes.whenFalse[place], nodes.whenTrue[place]]
    const missingGoesLeft = (nodes.missingIsTrue[place] !== 0) === lowIsTrue
    tree.push({ feature, threshold, missingGoesLeft, left: rank.get(low) ?? -1, right: rank.get(high) ?? -1, cover })
  }
  return tree
}

/** What each leaf says, by its place, and what the leaves that a row reaches make. */
interface Answer {
  readonly values: Float64Array
  readonly combination: Combination
}

/**
 * As ONNX Runtime has it, which knows more than the standard says: of two classes, one may have all the weights, and
 * then it speaks for the second one. What it does with base values beside two classes is left to it, and so is all that
 * it does to a regressor's answer.
 */
function readAnswer({ operator, attributes }: OnnxNode, nodes: FileNodes): Answer | undefined {
  const weights = readWeights(attributes, prefixes[operator], nodes)
  if (weights === undefined) return undefined
  const { first, second } = weights
  const transform = attributes.text('post_transform') || 'NONE'
  const bases = attributes.floats('base_values')
  if (bases.length > (second === undefined ? 1 : 0)) return undefined
  const base = bases[0] ?? 0
  if (transform === 'SOFTMAX') {
    if (first === undefined || second === undefined) return undefined
    return { values: second.map((value, i) => value - first[i]), combination: { kind: 'log-odds', base } }
  }
  const values = second ?? first ?? new Float64Array()
  if (transform === 'LOGISTIC' && operator === classifier) return { values, combination: { kind: 'log-odds', base } }
  const aggregate = attributes.text('aggregate_function') || 'SUM'
  if (transform !== 'NONE' || base !== 0 || (aggregate !== 'SUM' && aggregate !== 'AVERAGE')) return undefined
  const scale = aggregate === 'SUM' ? nodes.places.size : 1
  const probabilities = values.map((value, place) => (nodes.mode[place] === 'LEAF' ? scale * value : 0))
  // A share of 1 / trees in single precision may make a little more than 1.
  if (!probabilities.every((value) => value >= 0 && value <= 1 + 1e-6)) return undefined
  return { values: probabilities.map((value) => Math.min(value, 1)), combination: { kind: 'mean' } }
}

/**
 * The leaves' weights for the first class, or only target, and for the second. Undefined unless each leaf has one of
 * each.
 */
function readWeights(attributes: OnnxAttributes, prefix: string, nodes: FileNodes) {
  const tree = attributes.integers(`${prefix}_treeids`)
  const id = attributes.integers(`${prefix}_nodeids`)
  const answers = attributes.integers(`${prefix}_ids`)
  const weights = attributes.floats(`${prefix}_weights`)
  if ([id, answers, weights].some(({ length }) => length !== tree.length)) {
    throw invalid("the arrays of its leaves' weights differ in length")
  }
  const byAnswer = new Map<number, Float64Array>()
  let isRepeated = false
  weights.forEach((weight, i) => {
    const place = nodes.places.get(tree[i])?.get(id[i])
    if (place === undefined || nodes.mode[place] !== 'LEAF')
      throw invalid('it has a weight for a leaf that does not exist')
    const values = byAnswer.get(answers[i]) ?? new Float64Array(nodes.id.length).fill(Number.NaN)
    byAnswer.set(answers[i], values)
    isRepeated ||= !Number.isNaN(values[place])
    values[place] = weight
  })
  const [first, second] = [byAnswer.get(0), byAnswer.get(1)]
  const known = [first, second].filter((values) => values !== undefined)
  const isWhole = known.every((values) =>
    values.every((value, place) => nodes.mode[place] !== 'LEAF' || !Number.isNaN(value)),
  )
  if (isRepeated || !isWhole || known.length !== byAnswer.size || known.length === 0) return undefined
  return { first, second }
}
