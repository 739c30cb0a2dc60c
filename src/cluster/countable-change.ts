import { FraudError } from '../core/errors.ts'
import { type SingleChange, singleChanges } from '../decisioning/change.ts'
import { anyChangeSchema } from '../decisioning/index.ts'

/**
 * Refuses what counts decisions, since each replica knows only its own, and what would need other histories.
 *
 * @throws FraudError CLUSTER_UNSUPPORTED
 */
export function refuseUncountable(given: unknown): void {
  const parsed = anyChangeSchema.safeParse(given)
  const [reason] = parsed.success ? singleChanges(parsed.data).flatMap(whyUncountable) : []
  if (reason === undefined) return
  throw new FraudError('CLUSTER_UNSUPPORTED', `A cluster does not ${reason}; leave it out, or use one process`)
}

function whyUncountable(change: SingleChange): readonly string[] {
  if (change.kind === 'rule' && change.rule.cap !== undefined) {
    return [`count how often the rule ${change.rule.id} has an effect (cap)`]
  }
  if (change.kind === 'fuse-reset') return ['have fuses']
  if (change.kind !== 'policy') return []
  const { fuses, features = [], costs } = change.policy
  return [
    ...(Object.keys(fuses ?? {}).length > 0 ? ['count decisions for fuses (policy.fuses)'] : []),
    ...(costs?.review?.perDay === undefined ? [] : ['count reviews (policy.costs.review.perDay)']),
    ...(features.length > 0 ? ['compute features of the policy beside the model (policy.features)'] : []),
  ]
}
