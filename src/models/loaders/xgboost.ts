import { z } from 'zod'
import { FraudError } from '../../core/errors.ts'
import { mostCategories } from '../category-sets.ts'
import { createTreeEnsemble, type TreeEnsemble } from '../tree-ensemble.ts'
import { largestBelow } from './float32.ts'
import { type ForeignNode, type ForeignTree, layOutTrees } from './tree-layout.ts'

const invalid = (reason: string) => new FraudError('MODEL_INVALID', `This is no usable XGBoost model: ${reason}`)
const unsupported = (reason: string) =>
  new FraudError('MODEL_UNSUPPORTED', `This XGBoost model can't be used: ${reason}`)

const numbers = z.array(z.number())
const treeSchema = z.object({
  left_children: numbers,
  right_children: numbers,
  split_indices: numbers,
  split_conditions: numbers,
  split_type: numbers.optional(),
  /** Of the nodes that split on categories: their numbers, and where in the list those that go right stand. */
  categories: numbers.default([]),
  categories_nodes: numbers.default([]),
  categories_segments: numbers.default([]),
  categories_sizes: numbers.default([]),
  default_left: z.array(z.union([z.number(), z.boolean()])),
  sum_hessian: numbers,
})
const count = z.union([z.string(), z.number()]).transform(Number)
const modelSchema = z.object({
  learner: z.object({
    feature_names: z.array(z.string()).default([]),
    gradient_booster: z.object({
      name: z.string(),
      model: z.object({ trees: z.array(treeSchema) }).optional(),
    }),
    learner_model_param: z.object({
      base_score: z.union([z.string(), z.number()]),
      num_class: count,
      num_feature: count,
      num_target: count.default(1),
    }),
    objective: z.object({ name: z.string() }),
  }),
  version: numbers,
})

const encodings = z.object({
  learner: z.object({
    feature_names: z.array(z.string()).default([]),
    gradient_booster: z.object({
      model: z.object({
        cats: z.object({ enc: z.array(z.object({ offsets: numbers.default([]), values: numbers.default([]) })) }),
      }),
    }),
  }),
})

/** By feature, the texts that a data frame's categories had, in the order of their numbers (XGBoost 3.1 and later). */
export function xgboostCategories(json: unknown): ReadonlyMap<string, readonly string[]> {
  const parsed = encodings.safeParse(json)
  if (!parsed.success) return new Map()
  const { feature_names, gradient_booster } = parsed.data.learner
  const texts = gradient_booster.model.cats.enc.map(({ offsets, values }) =>
    offsets.slice(1).map((end, i) => Buffer.from(values.slice(offsets[i], end)).toString('utf8')),
  )
  return new Map(texts.flatMap((each, i) => (each.length === 0 ? [] : [[feature_names[i] ?? `f${i}`, each]])))
}

type XgboostTree = z.infer<typeof treeSchema>

/**
 * Reads a model that XGBoost (versions 1.6 to 3) saved as JSON: binary classification by trees. Categories are the
 * numbers that XGBoost saw. Thresholds are moved so that double-precision inputs go where XGBoost sends them after rounding to single precision.
 *
 * @throws FraudError MODEL_INVALID where it is damaged, MODEL_UNSUPPORTED where it is of another kind.
 */
export function readXgboost(json: unknown): TreeEnsemble {
  const parsed = modelSchema.safeParse(json)
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error))
  const { feature_names, gradient_booster, learner_model_param, objective } = parsed.data.learner
  const { base_score, num_class, num_feature, num_target } = learner_model_param
  if (num_class > 1 || num_target > 1) throw unsupported('it tells more than two classes apart')
  if (gradient_booster.name === 'dart') throw unsupported('its trees were dropped out (DART), so they do not add up')
  if (gradient_booster.name !== 'gbtree' || gradient_booster.model === undefined) {
    throw unsupported(`its booster is ${gradient_booster.name}, and only gbtree is made of trees`)
  }
  if (!['binary:logistic', 'binary:logitraw', 'reg:logistic'].includes(objective.name)) {
    throw unsupported(`its objective is ${objective.name}, and only logistic ones give probabilities`)
  }
  const features = feature_names.length > 0 ? feature_names : Array.from({ length: num_feature }, (_, i) => `f${i}`)
  if (features.length !== num_feature) throw invalid('its feature names and their number differ')
  const trees = gradient_booster.model.trees.map((tree, i) => readTree(tree, i, num_feature))
  if (trees.length === 0) throw invalid('it has no trees')
  // Since version 3 a list of one.
  const score = Number(String(base_score).replace(/^\[|\]$/g, ''))
  const base = objective.name === 'binary:logitraw' ? score : Math.log(score / (1 - score))
  if (!Number.isFinite(base)) throw invalid(`its base_score is ${base_score}`)
  return createTreeEnsemble(features, layOutTrees(trees, invalid), { kind: 'log-odds', base })
}

function readTree(tree: XgboostTree, number: number, features: number): ForeignTree {
  const { left_children, right_children, split_indices, split_conditions, split_type, default_left, sum_hessian } = tree
  const size = left_children.length
  const parts = [right_children, split_indices, split_conditions, default_left, sum_hessian]
  if (parts.some(({ length }) => length !== size)) throw invalid(`the arrays of tree ${number} differ in length`)
  const nodes = left_children.map((left, node): ForeignNode => {
    const condition = split_conditions[node]
    const cover = sum_hessian[node]
    // A leaf keeps its value where others keep their threshold.
    if (left === -1) return { value: Math.fround(condition), cover }
    const feature = split_indices[node]
    if (!(feature >= 0 && feature < features)) throw invalid(`tree ${number} splits on a feature that is none`)
    const missingGoesLeft = Boolean(default_left[node])
    const right = right_children[node]
    if (split_type?.[node]) {
      // The categories that are listed go right there, and left here.
      const categories = categoriesOf(tree, node, number)
      const sides = { missingGoesLeft: !missingGoesLeft, left: right, right: left }
      return { feature, threshold: Number.NaN, categories, ...sides, cover }
    }
    return { feature, threshold: largestBelow(condition), missingGoesLeft, left, right, cover }
  })
  return { nodes }
}

function categoriesOf(tree: XgboostTree, node: number, number: number): number[] {
  const at = tree.categories_nodes.indexOf(node)
  const from = tree.categories_segments[at]
  const categories = tree.categories.slice(from, from + tree.categories_sizes[at])
  if (at < 0 || categories.length !== tree.categories_sizes[at] || categories.some((category) => !(category >= 0))) {
    throw invalid(`tree ${number} splits on categories that it does not list`)
  }
  if (categories.some((category) => category >= mostCategories)) {
    throw unsupported(`it has categories from ${mostCategories} on`)
  }
  return categories
}
