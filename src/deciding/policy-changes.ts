import { type FieldError, FraudError } from '../core/errors.ts'
import type { JsonObject } from '../core/json-value.ts'
import { anyChangeSchema, movesVersion, tellChange } from '../decisioning/index.ts'
import type { Person, PersonalValues } from '../log/personal-values.ts'
import { appendChange, recordable } from './append-change.ts'
import { type ChangeContext, type ExaminedChange, examineChange, recordOfChange } from './change-policy.ts'
import { concealChange } from './conceal-change.ts'
import { ConcealedValues } from './concealed-values.ts'
import type { Decider } from './decider.ts'
import { notReady } from './local-intake.ts'
import type { PolicyProjection } from './policy-projection.ts'
import { requireApproval } from './require-approval.ts'
import type { ServiceLog } from './service-log.ts'
import type { Takeover } from './takeover.ts'

export interface PolicyChangesOptions {
  readonly log: ServiceLog
  readonly persons: PersonalValues
  readonly clock: () => number
  /** Whether somebody else has to approve changes of the policy. */
  readonly asksForApproval?: (() => boolean) | undefined
  /** 32 random bytes in hex. */
  readonly makeDrawSecret: () => string
  /** What a person should know of the policy in force. */
  readonly warnOfPolicy: () => string | undefined
}

/** Who makes a change, and why. */
export type GivenContext = Omit<ChangeContext, 'atMs' | 'tokens'>

/** What became of a change. */
export interface ChangeAnswer {
  readonly version: number
  readonly sequence: number
  readonly warnings: readonly FieldError[]
}

/** A change that may be made later. */
export interface DraftedChange {
  readonly content: JsonObject
  /** What it would change, a line for each thing. */
  readonly diff: readonly string[]
  readonly warnings: readonly FieldError[]
  /** The version that it is a change of; undefined where it is one of any version. */
  readonly version: number | undefined
}

function unknownPerson(): FraudError {
  const errors = [{ field: 'value', reason: 'is of somebody whom no transaction and no list has named before' }]
  return new FraudError('INPUT_INVALID', 'A change that waits for approval can only name persons who are known', {
    errors,
  })
}

/** Takes in changes of the policy: their values concealed, checked against what is in force, then durable, then answered. */
export class PolicyChanges {
  readonly #takeover: Pick<Takeover, 'lineup' | 'pause'>
  readonly #decider: Decider
  readonly #options: PolicyChangesOptions

  constructor(takeover: Pick<Takeover, 'lineup' | 'pause'>, decider: Decider, options: PolicyChangesOptions) {
    this.#takeover = takeover
    this.#decider = decider
    this.#options = options
  }

  /**
   * Changes what is in force, durably, from the next decision on.
   *
   * @param given a change as `anyChangeSchema` has it, in which tokens and hashes take the places of persons and card numbers.
   * @returns the version that decisions name from then on, its record's number, and what is doubtful about the change.
   * @throws FraudError INPUT_INVALID with all that is wrong, CARD_NUMBER_REFUSED, POLICY_CHANGED, LOG_UNAVAILABLE where nothing is
   * decided now.
   */
  async change(given: unknown, context: GivenContext): Promise<ChangeAnswer> {
    await this.#takeover.pause
    requireApproval(this.#options.asksForApproval, context)
    return await this.#change(given, context, [])
  }

  /**
   * A change that is not made yet, as `change` will make it: looked at, and with tokens and hashes in their places.
   *
   * @throws FraudError as `change` does; INPUT_INVALID, too, where it names a person whom nobody has named before: there is nowhere to
   * keep what a token stands for but beside its record.
   */
  async draft(given: unknown, context: Omit<GivenContext, 'approvedBy'>): Promise<DraftedChange> {
    await this.#takeover.pause
    const { log, clock } = this.#options
    if (log.failure !== undefined) throw log.failure
    const { change, unknown } = this.#conceal(given, [])
    if (unknown.length > 0) throw unknownPerson()
    const makeSecret = () => ''
    const { record, warnings } = recordOfChange(
      this.#policy,
      change,
      { ...context, atMs: clock() },
      { ...this.#examining, makeSecret },
    )
    const { change: kept } = recordable(record)
    const { drawSecret: _, ...content } = kept
    const { inForce: policy } = this.#policy
    const whole = anyChangeSchema.parse(content)
    const diff = tellChange(policy.definitions, whole, (version) => policy.at(version))
    return { content, diff, warnings, version: movesVersion(whole) ? policy.version : undefined }
  }

  async #change(given: unknown, context: GivenContext, made: readonly Person[]): Promise<ChangeAnswer> {
    const { log, clock, makeDrawSecret, warnOfPolicy } = this.#options
    if (log.failure !== undefined) throw log.failure
    const { change, unknown, tokens } = this.#conceal(given, made)
    if (unknown.length > 0) {
      // Somebody may be forgotten meanwhile, who is a new person then.
      return this.#decider.withPersons(unknown, (found) => this.#change(given, context, found))
    }
    const policy = this.#policy
    const whole = { ...context, atMs: clock(), ...(tokens.length > 0 && { tokens }) }
    const { record, warnings } = recordOfChange(policy, change, whole, {
      ...this.#examining,
      makeSecret: makeDrawSecret,
    })
    const before = warnOfPolicy()
    const appended = appendChange(log, record, made.length > 0 ? made : undefined)
    const { version } = policy.inForce
    const reason = warnOfPolicy()
    const isSilenced = reason !== undefined && before === undefined
    const told = isSilenced ? [...warnings, { field: 'policy', reason }] : warnings
    return { version, sequence: await appended, warnings: told }
  }

  /**
   * What is wrong or doubtful about a change, which is not made.
   *
   * @throws FraudError INPUT_INVALID or CARD_NUMBER_REFUSED where it holds a value that can't be kept, NOT_READY
   */
  examine(given: unknown): Pick<ExaminedChange, 'problems' | 'warnings'> {
    const { change } = this.#conceal(given, [])
    const { problems, warnings } = examineChange(this.#policy.inForce, change, this.#examining)
    return { problems, warnings }
  }

  get #examining() {
    const { persons, clock } = this.#options
    const { inForce } = this.#takeover.lineup.champion
    const { personal = [] } = inForce.detector.transaction
    return {
      atMs: clock(),
      isPerson: (value: string) => personal.some((key) => persons.tokenOf(key, value) !== undefined),
      highestScore: inForce.predictor?.highestScore,
      coveredMs: this.#decider.coverageMs,
    }
  }

  #conceal(given: unknown, made: readonly Person[]) {
    const { receiver, inForce } = this.#takeover.lineup.champion
    const values = new ConcealedValues(receiver.reader, inForce.detector, this.#options.persons, made)
    const change = concealChange(given, this.#policy.inForce, (name, value, use) => values.conceal(name, value, use))
    return { change, unknown: values.unknown, tokens: values.tokens }
  }

  get #policy(): PolicyProjection {
    const { state } = this.#decider
    if (state === undefined) throw notReady
    return state.projections.policy
  }
}
