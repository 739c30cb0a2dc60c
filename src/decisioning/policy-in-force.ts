import { isDeepStrictEqual } from 'node:util'
import type { StateReader, StateWriter } from '../core/state-bytes.ts'
import type { Steps } from '../core/time-slices.ts'
import type { Outcome } from '../detector/detector-schema.ts'
import type { Declarations } from '../language/index.ts'
import { type ChangeRecord, type SingleChange, singleChanges } from './change.ts'
import { type CompiledPolicy, compilePolicy, compileSegments, segmentOf } from './compiled-policy.ts'
import { changeDraft, type Definitions, type Draft, draftOf, fusesOf } from './definitions.ts'
import { explainPolicy, type PolicyExplanation } from './explain-policy.ts'
import { Fuses, type SavedFuse } from './fuses.ts'
import { approvedBy, type Judged, type Judging, judge, judgeByThresholds } from './judged.ts'
import type { ListEntries } from './list-entries.ts'
import { Lists } from './lists.ts'
import type { PolicyDefinition } from './policy-definition.ts'
import { type HistoryStep, PolicyHistory } from './policy-history.ts'
import { LentSubject, type PolicyInput, type PolicyNames } from './policy-names.ts'
import { type PolicyTrace, settleTrace } from './policy-trace.ts'
import { type BrokenRule, type RuleContext, RuleSet } from './rule-set.ts'
import { readAll, writeAll } from './saved-definitions.ts'
import { type Snooze, Snoozes } from './snoozes.ts'
import { UnknownCounts } from './unknown-counts.ts'

/** What the first start begins with. */
export interface FirstPolicy {
  readonly policy: PolicyDefinition
  /** The number of the record that it came with. */
  readonly version: number
}

const noneTripped: readonly string[] = []

/** A decision as fuses count it. */
export interface NotedDecision {
  readonly sequence: number
  readonly decidedAtMs: number
  readonly outcome: Outcome
  /** Missing where thresholds alone decided. */
  readonly trace?: PolicyTrace | undefined
}

/**
 * What is in force, as the records of the log make it, one by one in their order: changes that people made, and
 * decisions, which fuses count. The same records give the same state, and the same bytes.
 */
export class PolicyInForce {
  #names: PolicyNames
  #subject: LentSubject
  /** Undefined while what has changed is not made ready. */
  #judging: Judging | undefined
  /** What rules are asked with, filled for one transaction after the other. */
  readonly #context: { -readonly [Field in keyof RuleContext]: RuleContext[Field] } = {
    ...{ id: '', decidedAtMs: 0, secret: new Uint8Array() },
    isSnoozed: (rule) => this.#snoozes.isSilent(rule, this.#context.decidedAtMs, (key) => this.#textOf(key)),
    isFused: (rule) => this.#fuses.holdsRule(rule, this.#context.decidedAtMs),
  }
  #draft: Draft
  #history: PolicyHistory
  #rules = new RuleSet()
  readonly #lists = new Lists()
  readonly #snoozes = new Snoozes()
  readonly #fuses = new Fuses()
  /** How often rules could not be told under the version in force. */
  readonly unknowns = new UnknownCounts()

  constructor({ policy, version }: FirstPolicy, names: PolicyNames) {
    this.#names = names.withFeatures(policy.features)
    this.#subject = new LentSubject(this.#names)
    this.#draft = { policy, rules: new Map(), lists: new Map() }
    this.#history = new PolicyHistory(draftOf(this.#draft), version)
    this.#fuses.set(fusesOf(this.#draft))
  }

  /** The number of the last record that changed thresholds, costs, segments, rules, definitions of lists or a fuse. */
  get version(): number {
    return this.#history.version
  }

  /** The first that `at` still knows. */
  get oldestVersion(): number {
    return this.#history.oldestVersion
  }

  get definitions(): Definitions {
    return this.#draft
  }

  get names(): PolicyNames {
    return this.#names
  }

  /** Every step since the first version, the oldest first. */
  get steps(): readonly HistoryStep[] {
    return this.#history.steps
  }

  /** The definitions of a version; undefined where it is older than what is known, or not yet there. */
  at(version: number): Definitions | undefined {
    return this.#history.at(version)
  }

  entriesOf(list: string): ListEntries | undefined {
    return this.#lists.entriesOf(list)
  }

  get snoozes(): readonly Snooze[] {
    return this.#snoozes.all()
  }

  /** Ids of the fuses that have tripped. */
  trippedAt(atMs: number): readonly string[] {
    return this.#fuses.trippedAt(atMs)
  }

  /** Ids and problems of rules that the detector in force can't answer. */
  get broken(): readonly BrokenRule[] {
    return this.#ready().compiled.rules.broken
  }

  /**
   * What is made of a transaction. Fuses count nothing yet: that is its record's to do.
   *
   * @param secret of the log, for draws.
   */
  judge(input: PolicyInput, secret: Uint8Array): Judged {
    const judging = this.#ready()
    if (this.#isAlone(judging.compiled)) return judgeByThresholds(judging, input.score)
    this.#subject.fill(input)
    this.#lists.atMs = input.decidedAtMs
    const context = this.#context
    context.id = input.id
    context.decidedAtMs = input.decidedAtMs
    context.secret = secret
    const judged = judge(judging, input)
    this.unknowns.note(judged.unknown, input.decidedAtMs)
    return judged
  }

  /** Whether the score led to what the opinions came to: by its own opinion, or by a rule that reads it. */
  followsScore(trace: PolicyTrace): boolean {
    const { followed } = settleTrace(trace)
    for (const { source, id } of followed) {
      if (source === 'threshold' || source === 'cost') return true
      if (source === 'rule' && this.#rules.reads(id, 'score')) return true
    }
    return false
  }

  /** The name of the policy's segment that a transaction is of. */
  segmentOf(input: PolicyInput): string | undefined {
    const { segments } = this.#ready().compiled
    if (segments.length === 0) return undefined
    this.#subject.fill(input)
    this.#lists.atMs = input.decidedAtMs
    return segmentOf(segments, this.#subject)?.name
  }

  /**
   * Why a decision came out as it did, by what was in force then, which is what this holds.
   *
   * @param rule one that is explained, too, whatever it said.
   * @param turn is waited for between rules, of which there may be thousands; nothing else may use this meanwhile.
   */
  explain(
    input: PolicyInput,
    trace: PolicyTrace,
    turn: () => Promise<void>,
    rule?: string,
  ): Promise<PolicyExplanation> {
    this.#lendLists()
    this.#subject.fill(input)
    this.#lists.atMs = input.decidedAtMs
    const past = {
      definitions: this.#draft,
      segments: compileSegments(this.#draft.policy, this.#declarations()),
      declarations: this.#declarations(),
      subject: this.#subject,
      snoozes: this.snoozes,
      entriesOf: (list: string) => this.entriesOf(list),
      textOf: (key: string) => this.#textOf(key),
    }
    return explainPolicy(past, input, trace, turn, rule)
  }

  /** Takes a change that was checked when it was recorded. */
  apply(record: ChangeRecord): void {
    const { features } = this.#draft.policy
    const before = this.version
    const changes = singleChanges(record.change)
    for (const change of changes) this.#applyOne(change, record)
    this.#history.note(record, this.#draft)
    if (this.version !== before) this.unknowns.beginAgain()
    // The batches of a large list must not cost what all rules do.
    if (!changes.some(({ kind }) => kind !== 'entries' && kind !== 'snooze')) return
    if (!isDeepStrictEqual(features, this.#draft.policy.features)) this.rename(this.#names)
    this.#lists.set(this.#draft.lists.keys())
    this.#fuses.set(fusesOf(this.#draft))
    this.#judging = undefined
  }

  /** Takes a decision; ids of the fuses that it tripped. */
  note({ sequence, decidedAtMs, outcome, trace }: NotedDecision): readonly string[] {
    if (this.#fuses.isEmpty) return noneTripped
    const { outcome: settled, strength } = trace === undefined ? { outcome, strength: 'plain' } : settleTrace(trace)
    const { rules = [] } = trace ?? {}
    const fired = rules.filter(({ state }) => state === 'live' || state === 'fused').map(({ id }) => id)
    const tripped = this.#fuses.count({ decidedAtMs, settled, isFinal: strength === 'final', fired })
    if (tripped.length === 0) return tripped
    this.#history.noteTrip(sequence, decidedAtMs, tripped)
    // The version is another one, and what was compiled is the same.
    this.#judging &&= { ...this.#judging, unopposed: approvedBy(this.version) }
    return tripped
  }

  /** Makes rules ready that the next decision would make ready else. */
  makeReady(): Steps {
    return this.#rules.makeReady((id) => this.#draft.rules.get(id), this.#declarations())
  }

  /** Makes rules ready for `rename`, while they are read by the names before; of use until the next change. */
  *readyFor(names: PolicyNames): Steps<RuleSet> {
    const rules = new RuleSet()
    rules.reset(this.#draft.rules.keys())
    const declarations = { names: names.withFeatures(this.#draft.policy.features).names, lists: this.#lists.slots }
    yield* rules.makeReady((id) => this.#draft.rules.get(id), declarations)
    return rules
  }

  /** Goes on under another detector, whose names rules are then read by. */
  rename(names: PolicyNames, rules: RuleSet = new RuleSet()): void {
    this.#names = names.withFeatures(this.#draft.policy.features)
    this.#subject = new LentSubject(this.#names)
    this.#rules = rules
    this.#rules.reset(this.#draft.rules.keys())
    this.#judging = undefined
  }

  *save(writer: StateWriter): Generator<Uint8Array> {
    yield* this.#history.save(writer)
    yield* writeAll(writer, this.#snoozes.all())
    yield* writeAll(writer, this.#fuses.save())
    yield* this.#lists.save(writer)
  }

  /** Puts a saved state in the place of the first one. Throws SNAPSHOT_INVALID where it is something else. */
  *load(reader: StateReader): Steps {
    yield* this.#history.load(reader)
    const now = this.#history.at(this.#history.version)
    if (now !== undefined) this.#draft = draftOf(now)
    this.#rules.reset(this.#draft.rules.keys())
    this.#snoozes.load(readAll<Snooze>(reader))
    this.#fuses.load(readAll<SavedFuse>(reader))
    yield* this.#lists.load(reader)
    this.rename(this.#names)
  }

  #applyOne(change: SingleChange, { by, atMs }: ChangeRecord): void {
    changeDraft(this.#draft, change, (version) => this.#history.at(version))
    switch (change.kind) {
      case 'rule':
        this.#rules.put(change.rule.id)
        break
      case 'rule-state':
        if (this.#draft.rules.has(change.id)) this.#rules.put(change.id)
        break
      case 'rule-removed':
        this.#rules.remove(change.id)
        this.#snoozes.remove(change.id)
        break
      case 'rollback':
        this.#rules.reset(this.#draft.rules.keys())
        this.#lists.set(this.#draft.lists.keys())
        break
      // Entries of a list that the same record defines need the list.
      case 'list':
      case 'list-removed':
        this.#lists.set(this.#draft.lists.keys())
        break
      case 'entries':
        this.#lists.change(change.list, change, { by, atMs })
        break
      case 'snooze':
        this.#snoozes.add({ ...change, untilMs: Date.parse(change.until) }, atMs)
        break
      case 'fuse-reset':
        this.#fuses.reset(change.fuse)
    }
  }

  /** Whether thresholds alone decide, so that nothing else has to be asked. */
  #isAlone({ rules, segments, lists }: CompiledPolicy): boolean {
    const { decideBy, controlGroup } = this.#draft.policy
    const isAsked = rules.size > 0 || segments.length > 0 || lists.length > 0 || !this.#fuses.isEmpty
    return !isAsked && decideBy === 'thresholds' && controlGroup === undefined
  }

  #declarations(): Declarations {
    return { names: this.#names.names, lists: this.#lists.slots }
  }

  #ready(): Judging {
    if (this.#judging !== undefined) return this.#judging
    this.#lendLists()
    const compiled = compilePolicy(this.#draft, this.#declarations(), this.#rules, (name) => this.entriesOf(name))
    this.#judging = {
      ...{ policy: this.#draft.policy, unopposed: approvedBy(this.version), compiled },
      ...{ subject: this.#subject, fuses: this.#fuses, context: this.#context },
    }
    return this.#judging
  }

  #lendLists(): void {
    this.#subject.lists.splice(0, Number.POSITIVE_INFINITY, ...this.#lists.memberships)
  }

  #textOf(key: string): string | undefined {
    const declaration = this.#names.names.get(key)
    const isText = declaration?.type === 'string' || declaration?.type === 'token'
    return isText ? this.#subject.texts[declaration.slot] : undefined
  }
}
