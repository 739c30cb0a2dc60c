import { type FieldError, FraudError } from '../core/errors.ts'
import type { JsonObject } from '../core/json-value.ts'
import { anyChangeSchema, type Change, checkChange, type PolicyProblem } from '../decisioning/index.ts'
import type { NewChange } from './append-change.ts'
import { type KeepValue, withKeptValues } from './kept-values.ts'
import type { PolicyProjection } from './policy-projection.ts'

/** Who changes the policy, and why. */
export interface ChangeContext {
  readonly by: string
  readonly why: string
  readonly atMs: number
  /** The version that it is a change of; it is refused where another one is in force by now. */
  readonly ifVersion?: number | undefined
  /** The persons whose tokens the change names. */
  readonly tokens?: readonly string[] | undefined
}

/** What a change is made with. */
interface ChangeParts {
  readonly keep: KeepValue
  /** 32 random bytes in hex: the log's first change brings what draws are made under. */
  readonly makeSecret: () => string
}

/** A change that may be recorded, and what is doubtful about it. */
export interface CheckedRecord {
  readonly record: NewChange
  readonly warnings: readonly PolicyProblem[]
}

/**
 * Makes the record of a change, as it is sent, of what is in force now; to be appended in the same turn.
 *
 * @throws FraudError INPUT_INVALID with everything that is wrong; CARD_NUMBER_REFUSED; POLICY_CHANGED where another version
 * is in force.
 */
export function recordOfChange(
  projection: PolicyProjection,
  given: unknown,
  { by, why, atMs, ifVersion, tokens }: ChangeContext,
  { keep, makeSecret }: ChangeParts,
): CheckedRecord {
  const { inForce, secret } = projection
  if (ifVersion !== undefined && ifVersion !== inForce.version) {
    const message = `The policy is in version ${inForce.version} by now; what was sent is a change of version ${ifVersion}`
    throw new FraudError('POLICY_CHANGED', message)
  }
  const parsed = anyChangeSchema.safeParse(given)
  if (!parsed.success) {
    throw invalid(
      parsed.error.issues.map(({ path, message }) => ({ field: path.join('.') || '(body)', reason: message })),
    )
  }
  const isText = (name: string) => ['string', 'token'].includes(inForce.names.names.get(name)?.type ?? '')
  const kept = withKeptValues(parsed.data, inForce.definitions, isText, keep)
  const { problems, warnings } = checkChange(inForce, kept)
  if (problems.length > 0) throw invalid(problems.map(({ field, reason }) => ({ field, reason })))
  const first = secret.length === 0 && { drawSecret: makeSecret() }
  const change: JsonObject = JSON.parse(JSON.stringify({ ...kept, ...first }))
  return { record: { kind: kindOf(kept), by, why, atMs, change, ...(tokens && { tokens }) }, warnings }
}

function kindOf({ kind }: Change): NewChange['kind'] {
  if (kind === 'rule' || kind === 'rule-state' || kind === 'rule-removed' || kind === 'snooze') return 'rule'
  return kind === 'list' || kind === 'list-removed' || kind === 'entries' ? 'list' : 'policy'
}

function invalid(errors: readonly FieldError[]): FraudError {
  return new FraudError('INPUT_INVALID', 'The change can not be put in force', { errors })
}
