import { StateReader, StateWriter } from '../core/state-bytes.ts'
import type { Steps } from '../core/time-slices.ts'
import {
  anyChangeSchema,
  fromShortForm,
  type Judged,
  PolicyInForce,
  type PolicyInput,
  type PolicyNames,
  type RuleSet,
} from '../decisioning/index.ts'
import type { Policy } from '../decisioning/policy.ts'
import { contentOfChange } from '../log/change-format.ts'
import type { ChangeRecord, LogRecord } from '../log/log-record.ts'
import type { Projection } from '../log/projection.ts'
import { ReviewLoad, type Reviews } from './review-load.ts'

/**
 * The policy as the log's changes make it. Until somebody has changed it, it is what the definition in force says; from then
 * on it goes on from what that was, and a new bundle leaves it alone.
 */
export class PolicyProjection implements Projection {
  readonly name = 'policy'
  /** The second counts reviews, too. */
  readonly version = 2
  #names: PolicyNames
  #inForce: PolicyInForce
  #isChanged = false
  /** Whether a record has said what is in force. */
  #isDefined = false
  #secret: Uint8Array = new Uint8Array()
  #decidedAtMs = Number.NEGATIVE_INFINITY
  #tripped: readonly string[] = []
  readonly #reviews = new ReviewLoad()
  #overloaded: Reviews | undefined

  /** @param names of the detector that is to decide. */
  constructor(names: PolicyNames, policy: Policy) {
    this.#names = names
    this.#inForce = this.#begin(policy, 1)
  }

  /** The policy that changes go on from, changed or not. */
  get inForce(): PolicyInForce {
    return this.#inForce
  }

  /** The policy, once somebody has changed it. */
  get changed(): PolicyInForce | undefined {
    return this.#isChanged ? this.#inForce : undefined
  }

  /** What draws are made under, as the first change brought it: nobody who sends transactions can read it. */
  get secret(): Uint8Array {
    return this.#secret
  }

  /** Ids of the fuses that the record taken last has tripped. */
  get tripped(): readonly string[] {
    return this.#tripped
  }

  /** Set by the record taken last where it asked for more reviews than people can do. */
  get overloaded(): Reviews | undefined {
    return this.#overloaded
  }

  /** What a policy that somebody has changed makes of a transaction; undefined where the definition's policy decides. */
  judge(input: PolicyInput): Judged | undefined {
    return this.#isChanged ? this.#inForce.judge(input, this.#secret) : undefined
  }

  reviewsAt(atMs: number): Reviews {
    return this.#reviews.at(atMs, this.#reviewsPerDay)
  }

  /** When the last decision was made: none says an earlier time than the one before. */
  get decidedAtMs(): number {
    return this.#decidedAtMs
  }

  /** @throws FraudError LOG_TOO_NEW where a change means nothing to this version: what is in force is then not known. */
  take(record: LogRecord, sequence: number): void {
    if (record.kind === 'deployment' || record.kind === 'case' || isChange(record)) this.#keepSecret(record)
    if (record.kind === 'decision') {
      const { decidedAtMs, outcome, policy: trace } = record
      if (decidedAtMs > this.#decidedAtMs) this.#decidedAtMs = decidedAtMs
      this.#reviews.begin(decidedAtMs)
      this.#overloaded = outcome === 'review' ? this.#reviews.add(decidedAtMs, this.#reviewsPerDay) : undefined
      if (!this.#isChanged) return
      this.#tripped = this.#inForce.note({ sequence, decidedAtMs, outcome, trace })
    } else if (record.kind === 'definition') this.define(record.policy)
    else if (isChange(record)) this.#apply(record, sequence)
  }

  /** Changes outlive their records, and so does what the first of them goes on from. */
  isCarried(): boolean {
    return this.#isDefined
  }

  /** The definition's policy is in force where nobody has changed it. */
  define(policy: Policy & { readonly version: number }): void {
    this.#isDefined = true
    if (!this.#isChanged) this.#inForce = this.#begin(policy, policy.version)
  }

  /** Goes on under another detector, with rules that `readyFor` has made since the last change, if it has. */
  rename(names: PolicyNames, rules?: RuleSet): void {
    this.#names = names
    this.#inForce.rename(names, rules)
    this.#inForce.unknowns.beginAgain()
  }

  *save(): Generator<Uint8Array> {
    const writer = new StateWriter()
    writer.double(this.#isChanged ? 1 : 0)
    writer.text(Buffer.from(this.#secret).toString('hex'))
    writer.double(this.#decidedAtMs)
    this.#reviews.save(writer)
    yield* this.#inForce.save(writer)
    yield* writer.take(true)
  }

  *load(chunks: Iterable<Uint8Array>, version: number): Steps {
    const reader = new StateReader(chunks)
    this.#isDefined = true
    this.#isChanged = reader.count(1) === 1
    this.#secret = Buffer.from(reader.text(), 'hex')
    this.#decidedAtMs = reader.double()
    if (version >= 2) this.#reviews.load(reader)
    yield* this.#inForce.load(reader)
    reader.end()
  }

  get #reviewsPerDay(): number | undefined {
    return this.#inForce.definitions.policy.costs?.review?.perDay
  }

  #begin(policy: Policy, version: number): PolicyInForce {
    return new PolicyInForce({ policy: fromShortForm(policy), version }, this.#names)
  }

  /** The first change that draws brings what they are made under. */
  #keepSecret({ change: { drawSecret } }: ChangeRecord): void {
    if (this.#secret.length === 0 && typeof drawSecret === 'string') this.#secret = Buffer.from(drawSecret, 'hex')
  }

  #apply(record: ChangeRecord, sequence: number): void {
    const { by, why, atMs } = record
    const change = contentOfChange(anyChangeSchema, record, sequence, 'changes the policy in a way')
    this.#isChanged = true
    this.#isDefined = true
    this.#reviews.forgetWarning()
    this.#inForce.apply({ sequence, by, atMs, change, ...(why !== '' && { why }) })
  }
}

/** Whether a record changes the policy. */
export function isChange(record: LogRecord): record is ChangeRecord {
  return record.kind === 'rule' || record.kind === 'list' || record.kind === 'policy'
}
