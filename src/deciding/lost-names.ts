import { type FieldError, FraudError } from '../core/errors.ts'
import { checkNames, type PolicyNames } from '../decisioning/index.ts'
import type { PolicyProjection } from './policy-projection.ts'

const mostTold = 20

/**
 * A rule that can't be evaluated says nothing, so a detector may not take over that would silence one.
 *
 * @param projection what the log makes of the policy.
 * @param names of the detector that is to decide.
 * @throws FraudError POLICY_NAMES_LOST with each rule, segment and list that lacks a name.
 */
export function refuseLostNames(
  { changed }: Pick<PolicyProjection, 'changed'>,
  atMs: number,
  names: PolicyNames | undefined = changed?.names,
): void {
  if (changed === undefined || names === undefined) return
  const known = names.withFeatures(changed.definitions.policy.features)
  const errors = checkNames(changed, known, atMs).map(({ field, reason }) => ({ field, reason }))
  if (errors.length > 0) throw namesLost(errors)
}

/** A detector lacks what the policy speaks of, or has something else of that name. */
export function namesLost(errors: readonly FieldError[]): FraudError {
  const told = errors.slice(0, mostTold).map(({ field, reason }) => `${field}: ${reason}`)
  const more = errors.length > mostTold ? `, and ${errors.length - mostTold} more` : ''
  return new FraudError(
    'POLICY_NAMES_LOST',
    `The policy in force speaks of what this detector does not have: ${told.join('; ')}${more}. With the bundle from ` +
      'before, switch these rules off or remove them, and such features, lists and segments, too; or keep that bundle',
    { errors },
  )
}
