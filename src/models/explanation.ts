import type { AverageModel } from './average.ts'
import { carryToProbability, depthLink, logisticLink, spread } from './carry-to-probability.ts'
import type { ContributionScale, Explanation } from './contributions.ts'
import { gaussLegendre } from './gauss-legendre.ts'
import type { LearnedModel } from './learned-model.ts'
import type { LinearModel } from './linear.ts'
import { gradientAt, type NeuralNetwork } from './neural-network.ts'
import { type Scaling, standardize } from './scaling.ts'
import type { TreeEnsemble } from './trees/tree-ensemble.ts'
import { depthOf, mostDepth } from './trees/tree-nodes.ts'
import { TreeShap } from './trees/tree-shap.ts'

export interface Explainer {
  readonly scale: ContributionScale
  explain(row: Float64Array): Explanation
}

/**
 * Path-dependent SHAP for trees and the weights' parts for linear models, both exact; integrated gradients from the mean
 * (Sundararajan, Taly and Yan, 2017) for networks; of an average the weighted mean of its members', in probability.
 * Undefined for models that can't be explained: `whyUnexplained` says why.
 *
 * @param scaling that the model was trained behind; rows are given as they are.
 */
export function createExplainer(model: LearnedModel, scaling?: Scaling): Explainer | undefined {
  const explainer = explainerOf(model)
  if (explainer === undefined || scaling === undefined) return explainer
  const { mean, scale } = scaling
  return { ...explainer, explain: (row) => explainer.explain(row.map((value, i) => (value - mean[i]) / scale[i])) }
}

function explainerOf(model: LearnedModel): Explainer | undefined {
  switch (model.kind) {
    case 'tree-ensemble':
      return hasCovers(model) && depthOf(model.nodes) <= mostDepth ? explainTrees(model) : undefined
    case 'linear':
      return explainLinear(model)
    case 'neural-network':
      return explainNetwork(model)
    case 'average':
      return explainAverage(model)
    case 'onnx':
      return undefined
  }
}

/** Why a model that has no explainer can't be explained. */
export function whyUnexplained(model: LearnedModel): string {
  switch (model.kind) {
    case 'average': {
      const unexplained = heard(model).find(({ member }) => explainerOf(member) === undefined)
      return `it is an average, and one of its members can't be: ${unexplained ? whyUnexplained(unexplained.member) : ''}`
    }
    case 'onnx':
      return 'it is an ONNX graph, whose parts say nothing of its inputs'
    default:
      return model.kind === 'tree-ensemble' && hasCovers(model)
        ? `its trees are deeper than ${mostDepth}`
        : 'nobody knows how many rows came to each of its nodes, which an ONNX file does not tell'
  }
}

/** Path-dependent values rest on them. */
function hasCovers({ nodes: { roots, cover } }: TreeEnsemble): boolean {
  return roots.some((root) => cover[root] > 0)
}

function explainTrees({ nodes, features, combination }: TreeEnsemble): Explainer {
  // Made at the first row, so that a bundle is loaded at once.
  let shap: TreeShap | undefined
  const divisor = combination.kind === 'log-odds' ? 1 : nodes.roots.length
  const offset = combination.kind === 'log-odds' ? combination.base : 0
  const scale = ({ mean: 'probability', 'log-odds': 'log-odds', isolation: 'depth' } as const)[combination.kind]
  return {
    scale,
    explain(row) {
      shap ??= new TreeShap(nodes, features.length)
      const base = offset + shap.expected / divisor
      return { scale, base, contributions: shap.valuesOf(row).map((value) => value / divisor), error: 0 }
    },
  }
}

/** The members that have a say. */
function heard({ members, weights }: AverageModel<LearnedModel>) {
  return members.map((member, i) => ({ member, weight: weights[i] })).filter(({ weight }) => weight > 0)
}

function explainAverage(model: AverageModel<LearnedModel>): Explainer | undefined {
  const members = heard(model).flatMap(({ member, weight }) => {
    const explainer = explainInProbability(member)
    return explainer ? [{ explainer, weight }] : []
  })
  if (members.length < heard(model).length) return undefined
  return {
    scale: 'probability',
    explain(row) {
      const contributions = new Float64Array(row.length)
      let [base, error] = [0, 0]
      for (const { explainer, weight } of members) {
        const part = explainer.explain(row)
        base += weight * part.base
        error += weight * part.error
        for (let i = 0; i < contributions.length; i++) contributions[i] += weight * part.contributions[i]
      }
      return { scale: 'probability', base, contributions, error }
    },
  }
}

function explainInProbability(model: LearnedModel): Explainer | undefined {
  const explainer = explainerOf(model)
  if (explainer === undefined || explainer.scale === 'probability') return explainer
  const link =
    model.kind === 'tree-ensemble' && model.combination.kind === 'isolation'
      ? depthLink(model.combination.usualDepth)
      : logisticLink
  return { scale: 'probability', explain: (row) => carryToProbability(explainer.explain(row), link) }
}

function explainLinear({ weights, inputs, intercept }: LinearModel): Explainer {
  const { mean, scale } = inputs
  return {
    scale: 'log-odds',
    explain: (row) => ({
      scale: 'log-odds',
      base: intercept,
      contributions: weights.map((weight, i) => weight * standardize(row[i], mean[i], scale[i])),
      error: 0,
    }),
  }
}

/** Pieces of the way from the mean to the row, and points in each. */
const pieces = 16
const pointsPerPiece = 8

function explainNetwork(model: NeuralNetwork): Explainer {
  const { mean, scale } = model.inputs
  const { points, weights } = gaussLegendre(pointsPerPiece)
  const origin = gradientAt(model, new Float64Array(mean.length))
  return {
    scale: 'log-odds',
    explain(row) {
      const target = row.map((value, i) => standardize(value, mean[i], scale[i]))
      const slopes = new Float64Array(target.length)
      for (let piece = 0; piece < pieces; piece++) {
        points.forEach((point, at) => {
          const { gradient } = gradientAt(
            model,
            target.map((value) => ((piece + point) / pieces) * value),
          )
          for (let i = 0; i < slopes.length; i++) slopes[i] += (weights[at] / pieces) * gradient[i]
        })
      }
      const parts = slopes.map((slope, i) => slope * target[i])
      const missed = gradientAt(model, target).output - origin.output - parts.reduce((sum, part) => sum + part, 0)
      return { scale: 'log-odds', base: origin.output, contributions: spread(parts, missed), error: Math.abs(missed) }
    },
  }
}
