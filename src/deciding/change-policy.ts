import { type FieldError, FraudError } from '../core/errors.ts'
import type { JsonObject } from '../core/json-value.ts'
import {
  anyChangeSchema,
  type Change,
  type CheckedWith,
  checkChange,
  checkPartly,
  type PolicyInForce,
  type PolicyProblem,
  pastTimes,
} from '../decisioning/index.ts'
import type { NewChange } from './append-change.ts'
import type { PolicyProjection } from './policy-projection.ts'
import { type IsPerson, whyNotInClear } from './told-in-clear.ts'

/** Who changes the policy, and why. */
export interface ChangeContext {
  readonly by: string
  /** Somebody else who let it through. */
  readonly approvedBy?: string | undefined
  readonly why: string
  readonly atMs: number
  /** The version that it is a change of; it is refused where another one is in force by now. */
  readonly ifVersion?: number | undefined
  /** The persons whose tokens the change names. */
  readonly tokens?: readonly string[] | undefined
}

/** A change that may be recorded, and what is doubtful about it. */
export interface CheckedRecord {
  readonly record: NewChange
  readonly warnings: readonly FieldError[]
}

/** What became of looking at a change: all that is wrong with it, and what is doubtful. */
export interface ExaminedChange {
  /** Undefined where it is not of the form of a change. */
  readonly change: Change | undefined
  readonly problems: readonly FieldError[]
  readonly warnings: readonly FieldError[]
}

/** What a change is looked at with. */
interface Examining extends CheckedWith {
  readonly atMs: number
  readonly isPerson: IsPerson
}

/** Looks at a change whose values are concealed, against what is in force. */
export function examineChange(
  inForce: PolicyInForce,
  given: unknown,
  { isPerson, why, atMs, ...known }: Examining & { readonly why?: string },
): ExaminedChange {
  const inClear = whyNotInClear(given, why, isPerson)
  const parsed = anyChangeSchema.safeParse(given)
  if (!parsed.success) {
    const ofForm = parsed.error.issues.map(({ path, message }) => ({
      field: path.join('.') || '(body)',
      reason: message,
    }))
    const partly = checkPartly(inForce, given)
    const problems = [...ofForm, ...tell(partly.problems), ...inClear]
    return { change: undefined, problems, warnings: tell(partly.warnings) }
  }
  const { problems, warnings } = checkChange(inForce, parsed.data, known)
  const told = [...tell(warnings), ...pastTimes(parsed.data, atMs)]
  return { change: parsed.data, problems: [...tell(problems), ...inClear], warnings: told }
}

/**
 * Makes the record of a change whose values are concealed, of what is in force now; to be appended in the same turn.
 *
 * @throws FraudError INPUT_INVALID with everything that is wrong; POLICY_CHANGED where another version is in force.
 */
export function recordOfChange(
  projection: PolicyProjection,
  given: unknown,
  { by, approvedBy, why, atMs, ifVersion, tokens }: ChangeContext,
  {
    makeSecret,
    ...examining
  }: Examining & {
    /** 32 random bytes in hex: the log's first change brings what draws are made under. */ readonly makeSecret: () => string
  },
): CheckedRecord {
  const { inForce, secret } = projection
  if (ifVersion !== undefined && ifVersion !== inForce.version) {
    const message = `The policy is in version ${inForce.version} by now; what was sent is a change of version ${ifVersion}`
    throw new FraudError('POLICY_CHANGED', message)
  }
  const { change: examined, problems, warnings } = examineChange(inForce, given, { ...examining, why })
  if (examined === undefined || problems.length > 0) {
    throw new FraudError('INPUT_INVALID', 'The change can not be put in force', { errors: problems })
  }
  const first = secret.length === 0 && { drawSecret: makeSecret() }
  const change: JsonObject = JSON.parse(JSON.stringify({ ...examined, ...first }))
  const beside = { ...(tokens && { tokens }), ...(approvedBy !== undefined && { approvedBy }) }
  return { record: { kind: kindOf(examined), by, why, atMs, change, ...beside }, warnings }
}

function kindOf({ kind }: Change): NewChange['kind'] {
  if (kind === 'rule' || kind === 'rule-state' || kind === 'rule-removed' || kind === 'snooze') return 'rule'
  return kind === 'list' || kind === 'list-removed' || kind === 'entries' ? 'list' : 'policy'
}

function tell(problems: readonly PolicyProblem[]): readonly FieldError[] {
  return problems.map(({ field, reason, at }) => {
    if (at === undefined) return { field, reason }
    const { line, column, start, end } = at
    return { field, reason, at: { line, column, start, end } }
  })
}
