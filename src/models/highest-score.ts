import type { LearnedModel } from './learned-model.ts'
import { probabilityOf } from './log-odds.ts'
import type { TreeEnsemble } from './trees/tree-ensemble.ts'

/** A score that the model never exceeds: of trees what their highest leaves make together, of others 1. */
export function highestScore(model: LearnedModel): number {
  if (model.kind === 'tree-ensemble') return highestOfTrees(model)
  if (model.kind !== 'average') return 1
  const { members, weights } = model
  return atMostOne(members.reduce((sum, member, i) => sum + weights[i] * highestScore(member), 0))
}

function highestOfTrees({ nodes, combination }: TreeEnsemble): number {
  // A leaf's value is a depth in an isolation forest, where the least deep is the most unusual.
  if (combination.kind === 'isolation') return 1
  const { roots, feature, value } = nodes
  let sum = 0
  for (let tree = 0; tree < roots.length; tree++) {
    const end = tree + 1 < roots.length ? roots[tree + 1] : feature.length
    let highest = Number.NEGATIVE_INFINITY
    for (let node = roots[tree]; node < end; node++)
      if (feature[node] < 0 && value[node] > highest) highest = value[node]
    sum += highest
  }
  return atMostOne(combination.kind === 'mean' ? sum / roots.length : probabilityOf(combination.base + sum))
}

/** Scores are added up in other orders, too, which may give a little more. */
function atMostOne(score: number): number {
  return Math.min(1, score * (1 + 1e-12))
}
