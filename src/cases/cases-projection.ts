import { StateReader, StateWriter } from '../core/state-bytes.ts'
import type { Steps } from '../core/time-slices.ts'
import { draw } from '../decisioning/draws.ts'
import { readJson } from '../decisioning/saved-definitions.ts'
import { contentOfChange } from '../log/change-format.ts'
import type { ChangeRecord, DecisionRecord, Definition, LabelRecord, LogRecord } from '../log/log-record.ts'
import type { Projection } from '../log/projection.ts'
import { actionSchema } from './action-schema.ts'
import { type Case, type Closing, mostTransactions, type OpenedTransaction, type Origin } from './case.ts'
import { type ActionOnCase, act, addTransaction, type Deed, openCase, reckon, union } from './case-actions.ts'
import { CaseReader, type CaseRules } from './case-reader.ts'
import { CasesOfKeys } from './cases-of-keys.ts'
import { RankedQueue } from './ranked-queue.ts'
import { loadCase, saveCase } from './saved-case.ts'

/** What cases read of what else the log makes, each of which takes a record before they do. */
export interface BesideCases {
  readonly definitionOf: (sequence: number) => Definition
  /** What draws are made under; empty while the log has no secret. */
  readonly secret: () => Uint8Array
  /** The labels that waited for the transaction that was taken last. */
  readonly released: () => readonly ReleasedLabel[]
}

interface ReleasedLabel extends Pick<LabelRecord, 'isFraud' | 'knownAtMs'> {
  readonly sequence: number
  readonly source?: string | undefined
}

/** Closed cases that are kept; the log has the records of the others. */
const mostClosed = 100_000

/**
 * Cases as the log makes them: a decision that asks for a review opens one, or joins the open one of its card; what people
 * do to cases are records of their own. They outlive the records that retention lets go of until nothing of a case is kept.
 */
export class CasesProjection implements Projection {
  readonly name = 'cases'
  /** The first kept transactions as JSON, too, and the second no currencies. */
  readonly version = 3
  readonly reader: CaseReader
  readonly #beside: BesideCases
  /** In the order in which they were opened. */
  readonly #cases = new Map<string, Case>()
  readonly #ofTransaction = new Map<number, Case>()
  /** The newest transaction of a case: most decisions come after it, and are of none. */
  #newestTransaction = 0
  readonly #ofKey = new CasesOfKeys()
  /** The open case that the next transaction of a key joins. */
  readonly #owners = new Map<string, Case>()
  readonly #queue = new RankedQueue<Case>()
  /** Open ones, that which nothing has happened to for the longest time first. */
  readonly #open = new Set<Case>()
  /** Closed ones, that which was closed first first. */
  readonly #closed = new Set<Case>()
  /** The score of the last review: the blind sample is ranked by it, since by their own they would never be looked at. */
  #lastScore = 1

  constructor(beside: BesideCases) {
    this.#beside = beside
    this.reader = new CaseReader(beside.definitionOf)
  }

  get(id: string): Case | undefined {
    return this.#cases.get(id)
  }

  /** The case of a transaction's record. */
  ofTransaction(sequence: number): Case | undefined {
    return sequence > this.#newestTransaction ? undefined : this.#ofTransaction.get(sequence)
  }

  /** Every case that is kept, in the order in which they were opened. */
  all(): Iterable<Case> {
    return this.#cases.values()
  }

  get count(): number {
    return this.#cases.size
  }

  /** Open cases, the first to be worked first. */
  get queue(): Pick<RankedQueue<Case>, 'items'> {
    return this.#queue
  }

  /** How many cases are open. */
  get openCount(): number {
    return this.#open.size
  }

  /** When something happened last to the open case that has been left alone for longest; undefined where none is open. */
  get leftAloneSinceMs(): number | undefined {
    const [one] = this.#open
    return one?.touched.atMs
  }

  /** Cases with a transaction of a key's value: `name=value`. */
  ofKey(key: string): ReadonlySet<Case> {
    return this.#ofKey.of(key)
  }

  /** Those that name a person. */
  *ofPerson(token: string): Generator<Case> {
    for (const one of this.#cases.values()) if (one.persons.includes(token)) yield one
  }

  /** The open case that a transaction with such keys joins. */
  ownerOf(by: readonly string[]): Case | undefined {
    for (const key of by) {
      const owner = this.#owners.get(key)
      if (owner !== undefined && owner.transactions.length < mostTransactions) return owner
    }
    return undefined
  }

  /** @throws FraudError LOG_TOO_NEW where an action means nothing to this version: what cases are is then not known. */
  take(record: LogRecord, sequence: number): void {
    if (record.kind === 'decision') this.#decide(record, sequence)
    else if (record.kind === 'label') this.#label(record, sequence)
    else if (record.kind === 'label-withdrawn')
      this.#setLabels(record.of, (labels) => labels.filter((label) => label.sequence !== record.label))
    else if (record.kind === 'case') this.#act(record, sequence)
    else if (record.kind === 'checkpoint') this.#forgetThrough(record.prunedThrough)
  }

  isCarried(): boolean {
    return this.#cases.size > 0
  }

  *save(): Generator<Uint8Array> {
    const writer = new StateWriter()
    writer.text(JSON.stringify({ cases: this.#cases.size, lastScore: this.#lastScore }))
    for (const one of this.#cases.values()) {
      saveCase(one, writer)
      yield* writer.take()
    }
    yield* writer.take(true)
  }

  *load(chunks: Iterable<Uint8Array>, version: number): Steps {
    const reader = new StateReader(chunks)
    const { cases, lastScore } = readJson<{ cases: number; lastScore: number }>(reader)
    this.#lastScore = lastScore
    const all: Case[] = []
    for (let left = cases; left > 0; left--) {
      const one = version === 1 ? withCurrencies(readJson<Case>(reader)) : loadCase(reader)
      all.push(one)
      this.#cases.set(one.id, one)
      for (const { sequence } of one.transactions) this.#placeTransaction(sequence, one)
      this.#ofKey.add(one, one.keys)
      yield
    }
    reader.end()
    const inOrder = (of: (one: Case) => number) => all.toSorted((a, b) => of(a) - of(b))
    for (const one of inOrder(({ touched }) => touched.sequence)) if (one.closed === undefined) this.#putOpen(one)
    for (const one of inOrder(({ closed, touched }) => closed?.sequence ?? touched.sequence)) {
      if (one.closed !== undefined) this.#closed.add(one)
    }
  }

  #decide(record: DecisionRecord, sequence: number): void {
    this.#expire(record.decidedAtMs, sequence)
    if (record.outcome === 'review') this.#review(record, sequence)
    else if (record.outcome === 'approve') {
      const { blindSample } = this.reader.rulesOf(record.definition)
      if (blindSample > 0) this.#sample(record, sequence, blindSample)
    }
  }

  #review(record: DecisionRecord, sequence: number): void {
    const rules = this.reader.rulesOf(record.definition)
    if (record.score !== null) this.#lastScore = record.score
    const deed = { sequence, atMs: record.decidedAtMs }
    this.#join(rules.read(record, sequence), deed, 'review', rules)
    this.#labelReleased(sequence)
  }

  /** A sample is alone in its case, which nothing joins: what came beside it would tell that it was approved. */
  #sample(record: DecisionRecord, sequence: number, share: number): void {
    const secret = this.#beside.secret()
    if (secret.length === 0 || draw(secret, 'blind-sample', record.id) >= share) return
    const rules = this.reader.rulesOf(record.definition)
    const read = rules.read(record, sequence)
    const { amountMinor } = read
    const stake = amountMinor === null ? this.#lastScore : this.#lastScore * Math.max(0, amountMinor)
    const one = this.#add({ sequence, atMs: record.decidedAtMs }, 'sample', rules)
    this.#put(one, { ...read, by: [], stake })
    this.#labelReleased(sequence)
  }

  /** A transaction joins the open case of the first of its keys that has one; cases of its other keys are linked to that. */
  #join(read: OpenedTransaction, deed: Omit<Deed, 'by'>, origin: Origin, rules: OpeningRules): Case {
    const owned = this.ownerOf(read.by)
    const one = owned ?? this.#add(deed, origin, rules)
    // Of the only key there is nothing to link and nobody to take over from.
    const isOnlyKey = owned !== undefined && read.by.length === 1
    for (const key of isOnlyKey ? noKeys : read.by) {
      const owner = this.#owners.get(key)
      if (owner !== undefined && owner !== one) linkBoth(one, owner)
    }
    this.#put(one, read)
    if (isOnlyKey && one.transactions.length < mostTransactions) {
      this.#touch(one, deed)
      return one
    }
    for (const key of read.by) {
      const owner = this.#owners.get(key)
      if (owner !== undefined && owner.transactions.length < mostTransactions) continue
      this.#owners.set(key, one)
      if (owner !== undefined) owner.owns = owner.owns.filter((each) => each !== key)
      one.owns = union(one.owns, [key])
    }
    this.#touch(one, deed)
    return one
  }

  #add(deed: Omit<Deed, 'by'>, origin: Origin, rules: OpeningRules): Case {
    const one = openCase(deed, origin, rules)
    this.#cases.set(one.id, one)
    return one
  }

  #put(one: Case, read: OpenedTransaction): void {
    const { keys } = one
    addTransaction(one, read)
    this.#placeTransaction(read.sequence, one)
    // Most transactions of a case have the keys that it knows.
    if (one.keys !== keys) this.#ofKey.add(one, read.keys)
    if (this.#open.has(one)) this.#queue.put(one, one)
    else this.#putOpen(one)
  }

  #placeTransaction(sequence: number, one: Case): void {
    this.#ofTransaction.set(sequence, one)
    if (sequence > this.#newestTransaction) this.#newestTransaction = sequence
  }

  #putOpen(one: Case): void {
    this.#open.add(one)
    this.#queue.put(one, one)
    for (const key of one.owns) if (!this.#owners.has(key)) this.#owners.set(key, one)
  }

  #touch(one: Case, { sequence, atMs }: Omit<Deed, 'by'>): void {
    one.touched = { sequence, atMs }
    this.#open.delete(one)
    this.#open.add(one)
  }

  #labelReleased(sequence: number): void {
    const released = this.#beside.released()
    if (released.length === 0) return
    const labels = released.map((each) => labelOf(each, each.sequence))
    this.#setLabels(sequence, () => labels)
  }

  /** A case outlives the record of its transaction, so that it is found by the number that the label has. */
  #label(label: LabelRecord, sequence: number): void {
    if (label.of > 0) this.#setLabels(label.of, (labels) => [...labels, labelOf(label, sequence)])
  }

  #setLabels(of: number, change: (labels: LabelsOf) => LabelsOf): void {
    const one = this.#ofTransaction.get(of)
    const transaction = one?.transactions.find(({ sequence }) => sequence === of)
    if (one === undefined || transaction === undefined) return
    transaction.labels = change(transaction.labels)
    reckon(one)
    if (one.closed === undefined) this.#queue.put(one, one)
  }

  #act(record: ChangeRecord, sequence: number): void {
    const { by, atMs } = record
    const data = contentOfChange(actionSchema, record, sequence, 'does something to a case')
    const deed = { sequence, atMs, by }
    if (data.action === 'open') this.#openByHand(data, deed)
    else if (data.action !== 'sample') this.#actOn(data, deed)
  }

  #openByHand({ transactions, note, dueInMs, expireAfterMs }: OpenedByHand, deed: Deed): void {
    let one: Case | undefined
    for (const read of transactions) {
      if (one === undefined) one = this.#join(read, deed, 'hand', { dueInMs, expireAfterMs })
      else this.#put(one, read)
    }
    const { sequence, atMs, by } = deed
    one?.history.push({ sequence, atMs, by, action: 'open', ...(note !== undefined && { note }) })
  }

  #actOn(action: ActionOnCase, deed: Deed): void {
    const one = this.#cases.get(action.case)
    if (one === undefined) return
    act(one, action, deed)
    if (action.action === 'link') this.#link(one, action.with)
    if (action.action === 'merge') this.#merge(one, action.into, deed)
    else if (action.action === 'verdict' && one.open === 0) this.#close(one, 'verdict', deed)
    const reopens = action.action === 'undo' || action.action === 'claim'
    if (reopens && one.closed !== undefined && one.open > 0) this.#reopen(one)
    if (one.closed !== undefined) return
    this.#touch(one, deed)
    this.#queue.put(one, one)
  }

  #link(one: Case, other: string): void {
    const linked = this.#cases.get(other)
    if (linked !== undefined) linkBoth(one, linked)
  }

  /** Everything of a case goes to another one; what comes next of its keys joins that. */
  #merge(one: Case, into: string, deed: Deed): void {
    const target = this.#cases.get(into)
    if (target === undefined) return
    const { keys, owns, persons } = one
    target.transactions = [...target.transactions, ...one.transactions].sort((a, b) => a.sequence - b.sequence)
    target.keys = union(target.keys, keys)
    target.persons = union(target.persons, persons)
    for (const { sequence } of one.transactions) this.#ofTransaction.set(sequence, target)
    this.#ofKey.forget(one)
    this.#ofKey.add(target, keys)
    one.transactions = []
    one.keys = []
    reckon(one)
    this.#close(one, 'merged', deed)
    one.owns = []
    target.owns = union(target.owns, owns)
    linkBoth(one, target)
    reckon(target)
    const { sequence, atMs, by } = deed
    target.history.push({ sequence, atMs, by, action: 'merge', other: one.id })
    this.#touch(target, deed)
    this.#putOpen(target)
  }

  #close(one: Case, why: Closing, { sequence, atMs }: Omit<Deed, 'by'>): void {
    one.closed = { why, sequence, atMs }
    one.claim = undefined
    one.snoozedUntilMs = undefined
    this.#queue.remove(one)
    this.#open.delete(one)
    for (const key of one.owns) if (this.#owners.get(key) === one) this.#owners.delete(key)
    this.#closed.add(one)
    for (const oldest of this.#closed) {
      if (this.#closed.size <= mostClosed) break
      this.#forget(oldest)
    }
  }

  /** It has its keys again, but for those that another case has by now, which it is linked to. */
  #reopen(one: Case): void {
    one.closed = undefined
    this.#closed.delete(one)
    const taken = one.owns.filter((key) => this.#owners.has(key))
    for (const key of taken) {
      const owner = this.#owners.get(key)
      if (owner !== undefined) linkBoth(one, owner)
    }
    one.owns = one.owns.filter((key) => !taken.includes(key))
    this.#putOpen(one)
  }

  #expire(nowMs: number, sequence: number): void {
    for (const one of this.#open) {
      if (one.touched.atMs + one.expireAfterMs > nowMs) return
      this.#close(one, 'expired', { sequence, atMs: nowMs })
    }
  }

  /** Cases of which no record is kept any more are forgotten. */
  #forgetThrough(pruned: number): void {
    for (const one of this.#cases.values()) {
      if (one.sequence > pruned) return
      const last = Math.max(one.touched.sequence, one.closed?.sequence ?? 0)
      if (last <= pruned) this.#forget(one)
    }
  }

  #forget(one: Case): void {
    if (one.closed === undefined)
      this.#close(one, 'expired', { sequence: one.touched.sequence, atMs: one.touched.atMs })
    this.#closed.delete(one)
    this.#cases.delete(one.id)
    for (const { sequence } of one.transactions) this.#ofTransaction.delete(sequence)
    this.#ofKey.forget(one)
  }
}

type LabelsOf = Case['transactions'][number]['labels']

/** A case as the first version saved it, with what transactions of one currency have. */
function withCurrencies(one: Case): Case {
  return { ...one, transactions: one.transactions.map((each) => ({ ...each, currency: '' })) }
}

type OpeningRules = Pick<CaseRules, 'dueInMs' | 'expireAfterMs'>
type OpenedByHand = {
  readonly transactions: readonly OpenedTransaction[]
  readonly note?: string
  readonly expireAfterMs: number
  readonly dueInMs?: number | undefined
}

const noKeys: readonly string[] = []

function labelOf({ isFraud, knownAtMs, source }: ReleasedLabel | LabelRecord, sequence: number): LabelsOf[number] {
  return { sequence, isFraud, knownAtMs, source: source ?? null }
}

function linkBoth(one: Case, other: Case): void {
  one.links = union(one.links, [other.id])
  other.links = union(other.links, [one.id])
}
