import { isDeepStrictEqual } from 'node:util'
import { StateReader, StateWriter } from '../core/state-bytes.ts'
import type { Steps } from '../core/time-slices.ts'
import type { SingleChange } from '../decisioning/change.ts'
import { outcomeAs, type PolicyTrace, type RuleHit, settleTrace } from '../decisioning/index.ts'
import type { Settlement } from '../decisioning/opinion.ts'
import type { RuleDefinition } from '../decisioning/rule-definition.ts'
import { readJson } from '../decisioning/saved-definitions.ts'
import type { Outcome } from '../detector/detector-schema.ts'
import type { DecisionRecord, LogRecord } from '../log/log-record.ts'
import type { LabelledTransaction, Projection } from '../log/projection.ts'
import type { PendingLabels } from './pending-labels.ts'
import { isChange, type PolicyProjection } from './policy-projection.ts'
import { CountedRule, noCounts, type RuleFigures, ruleCounts } from './rule-figures.ts'
import type { StandingLabels } from './standing-labels.ts'

/** What gave a decision its outcome, in the order in which it is saved, which grows at its end only. */
const deciders = ['none', 'threshold', 'cost', 'rule', 'list', 'unavailable', 'control', 'fuse'] as const
type DecidedBy = (typeof deciders)[number]

/** Rules that fired on a decision, and what that turned out to be: one for all decisions of which the same is known. */
interface Labelled {
  readonly isFraud: boolean
  readonly fired: readonly CountedRule[]
}

/**
 * What rules have done, by rule and version, counted from the records of decisions and labels. Counts of decisions outlive
 * their records. Labels are counted of decisions that are kept, since one of another can't be taken back.
 */
export class RuleFiguresProjection implements Projection {
  readonly name = 'rule-figures'
  readonly version = 1
  readonly #policy: PolicyProjection
  readonly #labels: Pick<StandingLabels, 'isFraud'>
  readonly #pending: Pick<PendingLabels, 'released'>
  /** Every version by the id of its rule, the oldest first. */
  readonly #rules = new Map<string, CountedRule[]>()
  readonly #labelled = new Map<number, Labelled>()
  readonly #kinds = new Map<string, Labelled>()
  readonly #decidedBy = new Float64Array(deciders.length)
  /** Decisions so far, of this process: where rules that are active begin to count. */
  #decisions = 0
  /** When another rule begins or ends; at once after a change. */
  #reviewMs = Number.NEGATIVE_INFINITY
  #letGoThrough = 0

  /** All of them take each record before this does. */
  constructor(
    policy: PolicyProjection,
    labels: Pick<StandingLabels, 'isFraud'>,
    pending: Pick<PendingLabels, 'released'>,
  ) {
    this.#policy = policy
    this.#labels = labels
    this.#pending = pending
  }

  /** Every version of a rule, the newest first; none of one that never was. */
  of(id: string): readonly RuleFigures[] {
    return (this.#rules.get(id) ?? []).map((rule) => rule.figures(this.#decisions)).toReversed()
  }

  /** Every version of every rule, in the order in which their ids came. */
  all(): Iterable<RuleFigures> {
    return this.#all().map((rule) => rule.figures(this.#decisions))
  }

  /** Decisions of a policy that somebody has changed. */
  get decidedBy(): ReadonlyMap<DecidedBy, number> {
    return new Map(deciders.map((by, place) => [by, this.#decidedBy[place]]))
  }

  isCarried(): boolean {
    return this.#rules.size > 0 || this.#decidedBy.some((count) => count > 0)
  }

  take(record: LogRecord, sequence: number, about?: LabelledTransaction): void {
    if (record.kind === 'decision') {
      if (record.policy !== undefined) this.#decide(record, record.policy, sequence)
    } else if (record.kind === 'label' || record.kind === 'label-withdrawn') {
      if (about?.kind === 'decision') this.#label(about.sequence, about.policy)
    } else if (record.kind === 'checkpoint') this.letGo(record.prunedThrough)
    else if (isChange(record) && this.#policy.inForce.version === sequence) this.#follow(sequence, record.atMs)
  }

  /** Whose decisions are no longer kept can't be labelled again. */
  letGo(through: number): void {
    this.#letGoThrough = through
    for (const [sequence, { isFraud, fired }] of this.#labelled) {
      if (sequence > through) continue
      this.#labelled.delete(sequence)
      countLabel({ isFraud, fired }, -1)
    }
    this.#kinds.clear()
  }

  *save(): Generator<Uint8Array> {
    const writer = new StateWriter()
    for (const count of this.#decidedBy) writer.double(count)
    const all = [...this.#all()]
    const places = new Map(all.map((rule, place) => [rule, place]))
    writer.double(all.length)
    for (const rule of all) {
      writer.text(JSON.stringify(savedOf(rule)))
      const figures = rule.figures(this.#decisions)
      for (const name of ruleCounts) writer.double(figures[name])
      yield* writer.take()
    }
    writer.double(this.#letGoThrough)
    writer.double(this.#labelled.size)
    for (const [sequence, { isFraud, fired }] of [...this.#labelled].sort(([a], [b]) => a - b)) {
      writer.double(sequence)
      writer.double(isFraud ? 1 : 0)
      writer.double(fired.length)
      for (const rule of fired) writer.double(places.get(rule) ?? 0)
      yield* writer.take()
    }
    yield* writer.take(true)
  }

  *load(chunks: Iterable<Uint8Array>): Steps {
    const reader = new StateReader(chunks)
    const count = () => reader.count(Number.MAX_SAFE_INTEGER)
    for (let place = 0; place < deciders.length; place++) this.#decidedBy[place] = count()
    const all: CountedRule[] = []
    for (let left = count(); left > 0; left--) {
      const begun = readJson<ReturnType<typeof savedOf>>(reader)
      const counts = noCounts()
      for (const name of ruleCounts) counts[name] = count()
      all.push(this.#add(new CountedRule(begun, counts)))
    }
    this.#letGoThrough = count()
    for (let left = count(); left > 0; left--) {
      const sequence = count()
      const isFraud = reader.count(1) === 1
      const fired = Array.from({ length: reader.count(all.length) }, () => all[reader.count(all.length - 1)])
      this.#set(sequence, isFraud, fired)
      yield
    }
    reader.end()
  }

  *#all(): Generator<CountedRule> {
    for (const versions of this.#rules.values()) yield* versions
  }

  #add(rule: CountedRule): CountedRule {
    const versions = this.#rules.get(rule.id)
    if (versions === undefined) this.#rules.set(rule.id, [rule])
    else versions.push(rule)
    return rule
  }

  #decide({ decidedAtMs, outcome }: DecisionRecord, trace: PolicyTrace, sequence: number): void {
    if (decidedAtMs >= this.#reviewMs) this.#review(decidedAtMs)
    this.#decisions += 1
    const settled = settleTrace(trace)
    this.#decidedBy[deciders.indexOf(decidedBy(trace, settled, outcome))] += 1
    const { rules } = trace
    if (rules === undefined) return
    for (let i = 0; i < rules.length; i++) {
      const hit = rules[i]
      const counts = this.#at(hit.id, sequence)?.counts
      if (counts === undefined) continue
      counts[hit.state === 'live' ? 'fired' : hit.state] += 1
      if (hit.state === 'live' && isAlone(trace, hit, settled)) counts.alone += 1
      if (hit.state === 'shadow' && wouldChange(trace, hit, settled)) counts.wouldChange += 1
    }
    if (this.#pending.released.length > 0) this.#label(sequence, trace)
  }

  #review(atMs: number): void {
    this.#reviewMs = Number.POSITIVE_INFINITY
    for (const rule of this.#all()) {
      if (rule.definition !== undefined) this.#reviewMs = Math.min(this.#reviewMs, rule.review(this.#decisions, atMs))
    }
  }

  /** Makes versions of the rules that the step taken last has made or changed. */
  #follow(sequence: number, sinceMs: number): void {
    const { definitions, steps } = this.#policy.inForce
    const { rules } = definitions
    for (const id of this.#changedBy(steps.at(-1)?.changes ?? [])) {
      const definition = rules.get(id)
      const current = this.#rules.get(id)?.at(-1)
      if (current?.definition === definition) continue
      current?.stop(this.#decisions)
      const goesOn = definition && current?.definition && isSame(current.definition, definition)
      if (goesOn) current.definition = definition
      else this.#end(current)
      if (goesOn || definition === undefined) continue
      this.#add(new CountedRule({ id, outcome: definition.then, version: sequence, sinceMs, definition }))
    }
    this.#reviewMs = Number.NEGATIVE_INFINITY
  }

  #changedBy(changes: readonly SingleChange[]): ReadonlySet<string> {
    if (changes.some(({ kind }) => kind === 'rollback')) {
      return new Set([...this.#rules.keys(), ...this.#policy.inForce.definitions.rules.keys()])
    }
    const ids = changes.map((change) =>
      change.kind === 'rule'
        ? change.rule.id
        : change.kind === 'rule-state' || change.kind === 'rule-removed'
          ? change.id
          : '',
    )
    return new Set(ids)
  }

  #end(rule: CountedRule | undefined): void {
    rule?.stop(this.#decisions)
    if (rule !== undefined) rule.definition = undefined
  }

  /** What a rule was when a decision was made. */
  #at(id: string, sequence: number): CountedRule | undefined {
    const versions = this.#rules.get(id)
    if (versions === undefined) return undefined
    let place = versions.length - 1
    while (place >= 0 && versions[place].version >= sequence) place--
    return versions[place]
  }

  /** Counts what labels say of a decision now in the place of what they said before. */
  #label(sequence: number, trace: PolicyTrace | undefined): void {
    if (sequence <= this.#letGoThrough) return
    const isFraud = this.#labels.isFraud(sequence)
    const known = this.#labelled.get(sequence)
    if (known?.isFraud === isFraud) return
    if (isFraud === undefined) {
      if (known !== undefined) countLabel(known, -1)
      this.#labelled.delete(sequence)
      return
    }
    const hits = trace?.rules?.filter(({ state }) => state === 'live' || state === 'shadow') ?? []
    const fired = hits.map(({ id }) => this.#at(id, sequence)).filter((rule) => rule !== undefined)
    if (fired.length === 0) return
    if (known !== undefined) countLabel(known, -1)
    this.#set(sequence, isFraud, fired)
  }

  #set(sequence: number, isFraud: boolean, fired: readonly CountedRule[]): void {
    const key = `${isFraud} ${fired.map(({ id, version }) => `${id}@${version}`).join(' ')}`
    const labelled = this.#kinds.get(key) ?? { isFraud, fired }
    this.#kinds.set(key, labelled)
    this.#labelled.set(sequence, labelled)
    countLabel(labelled, 1)
  }
}

function savedOf({ id, outcome, version, sinceMs, definition }: CountedRule) {
  return { id, outcome, version, sinceMs, definition }
}

function countLabel({ isFraud, fired }: Labelled, change: number): void {
  for (const { labels } of fired) labels[isFraud ? 'frauds' : 'legitimate'] += change
}

/** Whether a rule says the same, however it is switched and whatever is noted of it. */
function isSame(one: RuleDefinition, other: RuleDefinition): boolean {
  return isDeepStrictEqual(saidBy(one), saidBy(other))
}

function saidBy({ state, note, ...said }: RuleDefinition) {
  return said
}

function decidedBy({ control, fuses }: PolicyTrace, { followed }: Settlement, outcome: Outcome): DecidedBy {
  if (control !== undefined && control.wouldBe !== outcome) return 'control'
  if (fuses !== undefined && fuses.settled !== outcome) return 'fuse'
  return followed[0]?.source ?? 'none'
}

/** Of several that agree nobody is. */
export function isAlone(trace: PolicyTrace, hit: RuleHit, { outcome, followed }: Settlement): boolean {
  if (followed.length !== 1 || followed[0]?.source !== 'rule' || followed[0].id !== hit.id) return false
  return outcomeAs(trace, (each) => each.state === 'live' && each !== hit) !== outcome
}

export function wouldChange(trace: PolicyTrace, hit: RuleHit, { outcome }: Settlement): boolean {
  return outcomeAs(trace, (each) => each.state === 'live' || each === hit) !== outcome
}
