import { type FieldError, FraudError } from '../core/errors.ts'
import type { Steps } from '../core/time-slices.ts'
import { checkNames, type PolicyNames, type RuleSet } from '../decisioning/index.ts'
import type { LogRecord } from '../log/log-record.ts'
import { isChange, type PolicyProjection } from './policy-projection.ts'

const mostTold = 20

/**
 * A rule that can't be evaluated says nothing, so a detector may not take over that would silence one.
 *
 * @param projection what the log makes of the policy.
 * @param names of the detector that is to decide.
 * @throws FraudError POLICY_NAMES_LOST with each rule, segment and list that lacks a name.
 */
export function* refuseLostNames(
  { changed }: Pick<PolicyProjection, 'changed'>,
  atMs: number,
  names: PolicyNames | undefined = changed?.names,
): Steps {
  if (changed === undefined || names === undefined) return
  const known = names.withFeatures(changed.definitions.policy.features)
  const found = yield* checkNames(changed, known, atMs)
  const errors = found.map(({ field, reason }) => ({ field, reason }))
  if (errors.length > 0) throw namesLost(errors)
}

/** Whether a detector can have all that the policy speaks of: looked at again only where that has changed meanwhile. */
export class NamesCheck {
  readonly #policy: PolicyProjection
  readonly #clock: () => number
  readonly #names: PolicyNames | undefined
  #isChecked = false
  #rules: RuleSet | undefined
  /** Each record that the policy has taken. */
  readonly see = (record: LogRecord): void => {
    if (isChange(record)) this.#isChecked = false
  }

  /** @param names of the detector, where the policy that decides is still read by those of another. */
  constructor(policy: PolicyProjection, clock: () => number, names?: PolicyNames) {
    this.#policy = policy
    this.#clock = clock
    this.#names = names
  }

  /** Makes rules ready to be asked, too: of thousands this takes a second. @throws FraudError POLICY_NAMES_LOST */
  *steps(): Steps {
    if (this.#isChecked) return
    this.#isChecked = true
    yield* refuseLostNames(this.#policy, this.#clock(), this.#names)
    const { inForce } = this.#policy
    if (this.#names === undefined) yield* inForce.makeReady()
    else this.#rules = yield* inForce.readyFor(this.#names)
  }

  /** From now on the policy is read by the detector's names. */
  rename(): void {
    if (this.#names !== undefined) this.#policy.rename(this.#names, this.#isChecked ? this.#rules : undefined)
  }
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
