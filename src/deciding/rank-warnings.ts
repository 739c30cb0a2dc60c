import { fromShortForm } from '../decisioning/index.ts'
import { policyOf } from '../decisioning/policy.ts'
import type { PolicyDefinition } from '../decisioning/policy-definition.ts'
import type { ModelRole } from './deployment.ts'
import type { DetectorInForce } from './detector-in-force.ts'

/**
 * What people should know who let a model decide whose scores are ranks: nobody measured what it finds, costs take a score
 * for a probability, and the policy in force may flag from elsewhere than the model was made for.
 *
 * @param changed the policy that changes made; without one a champion brings its own.
 */
export function warnOfRanks(
  inForce: DetectorInForce,
  role: ModelRole,
  changed: PolicyDefinition | undefined,
): readonly string[] {
  const model =
    role === 'canary' ? inForce.others.canary?.predictor : role === 'champion' ? inForce.predictor : undefined
  if (model?.ranksFrom === undefined) return []
  const { modelId, ranksFrom } = model
  const { thresholds, costs, decideBy } = changed ?? fromShortForm(policyOf(inForce.detector))
  const lowest = Math.min(
    ...[thresholds.challenge, thresholds.review, thresholds.decline].filter((each) => each !== undefined),
  )
  const declines = thresholds.decline ?? Number.POSITIVE_INFINITY
  const unmeasured = `${modelId} learned without labels: what it finds was not measured, and its scores are no probabilities`
  const byCost = `The policy decides by costs, which take a score for a probability: outcomes of ${modelId} are not the cheapest`
  const elsewhere = `${modelId} was made to flag from ${ranksFrom} on, and the policy in force begins at ${lowest}`
  const severe = `The policy in force declines from ${declines} on, which scores of ${modelId} reach`
  return [
    unmeasured,
    ...(costs !== undefined && decideBy === 'cost' ? [byCost] : []),
    ...(decideBy !== 'cost' && lowest !== ranksFrom ? [elsewhere] : []),
    ...(decideBy !== 'cost' && (model.highestScore ?? 1) >= declines ? [severe] : []),
  ]
}
