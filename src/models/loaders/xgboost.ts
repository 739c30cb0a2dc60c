import { FraudError } from '../../core/errors.ts'
import { option } from '../../core/option.ts'
import { mostCategories } from '../trees/category-sets.ts'
import { createTreeEnsemble, type TreeEnsemble } from '../trees/tree-ensemble.ts'
import { type CategoryOrders, categoryFeatures } from './category-orders.ts'
import { largestBelow } from './float32.ts'
import { type ForeignNode, type ForeignTree, layOutTrees } from './tree-layout.ts'
import { parseXgboost, type XgboostAttributes, type XgboostTree, type XgboostTrees } from './xgboost-format.ts'

const invalid = (reason: string) => new FraudError('MODEL_INVALID', `This is not a usable XGBoost model: ${reason}`)
const unsupported = (reason: string) =>
  new FraudError('MODEL_UNSUPPORTED', `This XGBoost model can't be used: ${reason}`)

export interface XgboostModel {
  readonly model: TreeEnsemble
  /** Early stopping may have found the first of them to do better than all. */
  readonly treesInFile: number
  readonly orders: CategoryOrders
}

/**
 * Reads a model that XGBoost (versions 1.0 to 3) saved as JSON: binary classification by trees. Categories are the
 * numbers that XGBoost saw. Thresholds are moved so that double-precision inputs go where XGBoost sends them after rounding to single precision.
 *
 * @param allTrees also those after the round that early stopping found best, which XGBoost's own classifiers leave out.
 * @throws FraudError MODEL_INVALID where it is damaged, MODEL_UNSUPPORTED where it is of another kind.
 */
export function readXgboost(json: unknown, allTrees = false): XgboostModel {
  const { attributes, feature_names, gradient_booster, learner_model_param, objective } = parseXgboost(json)
  const { base_score, num_class, num_feature, num_target } = learner_model_param
  if (num_class > 1 || num_target > 1) throw unsupported('it has more than two classes')
  if (!['binary:logistic', 'binary:logitraw', 'reg:logistic'].includes(objective.name)) {
    throw unsupported(`its objective is ${objective.name}, but only logistic ones give probabilities`)
  }
  const features = feature_names.length > 0 ? feature_names : Array.from({ length: num_feature }, (_, i) => `f${i}`)
  if (features.length !== num_feature) throw invalid('its feature names and their number differ')
  const isDart = gradient_booster.name === 'dart'
  const file = isDart ? gradient_booster.gbtree.model : gradient_booster.model
  // Weights of trees, so that those that replaced dropped ones add up with them.
  const weights = isDart ? gradient_booster.weight_drop : file.trees.map(() => 1)
  if (weights.length !== file.trees.length) throw invalid('its trees and their weights differ in number')
  const used = file.trees.slice(0, allTrees ? undefined : treesUntilBest(attributes, file))
  const trees = used.map((tree, i) => readTree(tree, i, num_feature, weights[i]))
  if (trees.length === 0) throw invalid('it has no trees')
  // Since version 3 a list of one.
  const score = Number(String(base_score).replace(/^\[|\]$/g, ''))
  const base = objective.name === 'binary:logitraw' ? score : Math.log(score / (1 - score))
  if (!Number.isFinite(base)) throw invalid(`its base_score is ${base_score}`)
  const model = createTreeEnsemble(features, layOutTrees(trees, invalid, 'xgboost'), { kind: 'log-odds', base })
  return { model, treesInFile: file.trees.length, orders: ordersOf(file, model) }
}

/** How many trees the rounds up to the best one have; undefined where early stopping did not choose one. */
function treesUntilBest(attributes: XgboostAttributes, file: XgboostTrees): number | undefined {
  const { best_iteration: best, best_ntree_limit, scikit_learn } = attributes
  if (best === undefined) return undefined
  if (!(Number.isInteger(best) && best >= 0)) throw invalid(`its best_iteration is ${best}`)
  const { iteration_indptr, gbtree_model_param } = file
  if (iteration_indptr !== undefined) return iteration_indptr[best + 1]
  const { num_parallel_tree } = gbtree_model_param
  if (num_parallel_tree !== undefined) return (best + 1) * Math.max(1, num_parallel_tree)
  // The first versions do not say which trees a round has, but a classifier notes where it stops.
  const noted = best_ntree_limit ?? /"best_ntree_limit": (\d+)/.exec(scikit_learn)?.[1]
  if (noted !== undefined) return Number(noted)
  throw unsupported(
    'it was stopped early, and its file does not say how many trees a round has: save the classifier itself ' +
      `(XGBClassifier.save_model), or use ${option('allTrees')}`,
  )
}

/** Categories that came as numbers, or went through a version before 3.1, have no texts in the file. */
function ordersOf({ cats }: XgboostTrees, model: TreeEnsemble): CategoryOrders {
  const { features, nodes } = model
  if (cats.enc.length > 0 && cats.enc.length !== features.length) {
    throw invalid('its features and their categories differ in number')
  }
  const told = new Map<string, readonly string[]>()
  cats.enc.forEach(({ offsets, values }, i) => {
    const categories =
      offsets === undefined
        ? values.map(String)
        : offsets.slice(1).map((end, at) => Buffer.from(values.slice(offsets[at], end)).toString('utf8'))
    if (categories.length > 0) told.set(features[i], categories)
  })
  const untold = [...categoryFeatures(nodes)].map((i) => features[i]).filter((name) => !told.has(name))
  return { told, untold: new Map(untold.map((name) => [name, []])) }
}

function readTree(tree: XgboostTree, number: number, features: number, weight: number): ForeignTree {
  const { left_children, right_children, split_indices, split_conditions, split_type, default_left, sum_hessian } = tree
  const size = left_children.length
  const parts = [right_children, split_indices, split_conditions, default_left, sum_hessian]
  if (parts.some(({ length }) => length !== size)) throw invalid(`the arrays of tree ${number} differ in length`)
  const nodes = left_children.map((left, node): ForeignNode => {
    const cover = sum_hessian[node]
    const condition = split_conditions[node]
    const isCategorical = left !== -1 && Boolean(split_type?.[node])
    if (condition === null && !isCategorical)
      throw invalid(`tree ${number} has a threshold or leaf that is not a number`)
    // A leaf keeps its value where others keep their threshold.
    if (left === -1) return { value: weight * Math.fround(condition ?? 0), cover }
    const feature = split_indices[node]
    if (!(feature >= 0 && feature < features)) throw invalid(`tree ${number} splits on a feature that does not exist`)
    const missingGoesLeft = Boolean(default_left[node])
    const right = right_children[node]
    if (isCategorical) {
      // The categories that are listed go right there, and left here.
      const categories = categoriesOf(tree, node, number)
      const sides = { missingGoesLeft: !missingGoesLeft, left: right, right: left }
      return { feature, threshold: Number.NaN, categories, ...sides, cover }
    }
    return { feature, threshold: largestBelow(condition ?? 0), missingGoesLeft, left, right, cover }
  })
  // Where pruning (gamma) took leaves away, they stay in the arrays.
  return { nodes, isPruned: true }
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
