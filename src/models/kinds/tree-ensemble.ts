import type { Steps } from '../../core/time-slices.ts'
import { z } from '../../core/zod.ts'
import { depthLink, logisticLink } from '../carry-to-probability.ts'
import { probabilityOf } from '../log-odds.ts'
import { defineModelKind, type LinkedExplainer } from '../model-kind.ts'
import type { TensorReader } from '../tensor-reader.ts'
import { type CategorySplits, readingOf, wordsOfSet } from '../trees/category-sets.ts'
import { type Survey, surveyInSteps, surveyOf } from '../trees/survey.ts'
import { type Combination, createTreeEnsemble, type TreeEnsemble } from '../trees/tree-ensemble.ts'
import { mostDepth, type TreeNodes } from '../trees/tree-nodes.ts'
import { TreeShap } from '../trees/tree-shap.ts'

const combination = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('mean') }),
  z.strictObject({ kind: z.literal('log-odds'), base: z.number() }),
  z.strictObject({ kind: z.literal('isolation'), usualDepth: z.number().positive() }),
])

export const treeEnsembleKind = defineModelKind({
  kind: 'tree-ensemble',
  form: () => z.strictObject({ kind: z.literal('tree-ensemble'), combination }),
  write({ kind, combination, nodes }: TreeEnsemble) {
    const { categories, ...arrays } = nodes
    return { form: { kind, combination }, tensors: { ...arrays, ...categories } }
  },
  read({ combination }, reader) {
    return createTreeEnsemble(reader.features, readNodes(reader), combination)
  },
  check: checkTrees,
  explain(model) {
    if (!hasCovers(model)) {
      return 'the number of rows in each node is unknown, which an ONNX file does not contain'
    }
    return surveyOf(model.nodes).depth <= mostDepth ? explainTrees(model) : `its trees are deeper than ${mostDepth}`
  },
  describe: ({ nodes: { roots, feature } }) => `${roots.length} trees, ${feature.length.toLocaleString('en')} nodes`,
  highestRawScore: highestOfTrees,
  nodeCount: ({ nodes }) => nodes.feature.length,
  bundleFormat: ({ nodes }) => (nodes.categories === undefined ? 1 : 2),
})

function readNodes(reader: TensorReader): TreeNodes {
  const feature = reader.integers('feature')
  const size = feature.length
  const nodes: TreeNodes = {
    roots: reader.integers('roots'),
    feature,
    threshold: reader.floats('threshold', size),
    left: reader.integers('left', size),
    missingGoesLeft: reader.bytes('missingGoesLeft', size),
    value: reader.floats('value', size),
    cover: reader.numbers('cover', size),
    ...(reader.has('setAt') && { categories: readCategories(reader, size) }),
  }
  const isRooted = nodes.roots.length > 0 && nodes.roots.every((root) => root >= 0 && root < size)
  if (!isRooted) throw reader.invalid(inconsistent)
  return nodes
}

const inconsistent = 'its trees are inconsistent'

/** Every child stands behind its parent and every feature exists, so that scoring always ends; and leaves make a probability. */
function* checkTrees({ nodes, features, combination }: TreeEnsemble, invalid: (reason: string) => Error): Steps {
  const survey = yield* surveyInSteps(nodes)
  if (!survey.isSound || survey.features > features.length) throw invalid(inconsistent)
  if (!areFit(survey, combination)) throw invalid('its leaves make no probability')
}

/** Whether whatever leaves a row reaches make a probability. */
function areFit({ least, most, size }: Survey, combination: Combination): boolean {
  const [lowest, highest] = {
    // Shares of weights are rounded.
    mean: [-1e-9, 1 + 1e-9],
    'log-odds': [-Number.MAX_VALUE, Number.MAX_VALUE],
    isolation: [0, Number.MAX_VALUE],
  }[combination.kind]
  const base = combination.kind === 'log-odds' ? Math.abs(combination.base) : 0
  return least >= lowest && most <= highest && Number.isFinite(base + size)
}

function readCategories(reader: TensorReader, size: number): CategorySplits {
  const setAt = reader.integers('setAt', size)
  const sets = reader.integers('sets')
  const isWhole = (at: number) => readingOf(sets, at) !== undefined && at + wordsOfSet(sets, at) < sets.length
  const isSound = setAt.every((at) => at === -1 || (at >= 0 && at < sets.length && isWhole(at)))
  if (!isSound) throw reader.invalid('its sets of categories are cut off')
  return { setAt, sets }
}

/** Path-dependent values rest on them. */
function hasCovers({ nodes: { roots, cover } }: TreeEnsemble): boolean {
  return roots.some((root) => cover[root] > 0)
}

/** Path-dependent SHAP, exact. */
function explainTrees({ nodes, features, combination }: TreeEnsemble): LinkedExplainer {
  // Made at the first row, so that a bundle is loaded at once.
  let shap: TreeShap | undefined
  const divisor = combination.kind === 'log-odds' ? 1 : nodes.roots.length
  const offset = combination.kind === 'log-odds' ? combination.base : 0
  const scale = ({ mean: 'probability', 'log-odds': 'log-odds', isolation: 'depth' } as const)[combination.kind]
  const outputOf = (sum: number) => offset + sum / divisor
  return {
    scale,
    link: linkOf(combination),
    explain(row) {
      shap ??= new TreeShap(nodes, features.length)
      const base = outputOf(shap.expected)
      return { scale, base, contributions: shap.valuesOf(row).map((value) => value / divisor), error: 0 }
    },
    along(row) {
      shap ??= new TreeShap(nodes, features.length)
      const { means, added, values, ...quadrature } = shap.along(row)
      return {
        ...quadrature,
        means: means.map(outputOf),
        added: added.map((point) => point.map((value) => value / divisor)),
        base: outputOf(shap.expected),
        output: outputOf(values.reduce((sum, value) => sum + value, shap.expected)),
      }
    },
    ...(combination.kind === 'mean' && {
      pivoted(row: Float64Array) {
        shap ??= new TreeShap(nodes, features.length)
        const { sides, answer, ...path } = shap.pivoted(row)
        const outputs = sides.map(({ means, added }) => ({
          means: means.map(outputOf),
          added: added.map((point) => point.map((value) => value / divisor)),
        }))
        return { ...path, sides: outputs, base: outputOf(shap.expected), output: outputOf(answer) }
      },
    }),
  }
}

/** What makes a probability of what is explained. */
function linkOf(combination: Combination) {
  if (combination.kind === 'mean') return undefined
  return combination.kind === 'isolation' ? depthLink(combination.usualDepth) : logisticLink
}

function highestOfTrees({ nodes, combination }: TreeEnsemble): number {
  // A leaf's value is a depth in an isolation forest, where the least deep is the most unusual.
  if (combination.kind === 'isolation') return 1
  const { highest } = surveyOf(nodes)
  return combination.kind === 'mean' ? highest / nodes.roots.length : probabilityOf(combination.base + highest)
}
