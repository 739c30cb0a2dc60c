import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FieldError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { Decision } from '../decisioning/decision.ts'
import { type NumberedEntry, type PolicyInForce, speaksWithoutScore, thresholdsAlone } from '../decisioning/index.ts'
import { warnOfPolicy } from '../decisioning/policy.ts'
import { columnOfName } from '../detector/personal-columns.ts'
import type { EventHub } from '../events/event-hub.ts'
import type { LogReading, TransactionRecord } from '../log/decision-log.ts'
import type { DecisionPages, DecisionQuery } from '../log/decision-pages.ts'
import type { KeyQuery, KeyViews } from '../log/key-views.ts'
import type { AlertSink } from '../monitoring/alert.ts'
import type { AlertsProjection } from '../monitoring/alerts-projection.ts'
import type { HoursProjection } from '../monitoring/hours-projection.ts'
import { Monitor } from '../monitoring/monitor.ts'
import type { PerformanceProjection } from '../monitoring/performance-projection.ts'
import type { Predictor } from '../scoring/predictor.ts'
import type { AlertWatch } from './alert-watch.ts'
import { CaseDesk } from './case-desk.ts'
import type { ExaminedChange } from './change-policy.ts'
import type { Decider } from './decider.ts'
import { type DecisionDetail, type DecisionView, DecisionViews } from './decision-view.ts'
import type { DetectorInForce } from './detector-in-force.ts'
import { erasePerson, plainColumns } from './erase-person.ts'
import { type DecisionExplanation, explainDecision } from './explain-decision.ts'
import { type KnownKey, presentKey } from './known-key.ts'
import { type FileLabel, mostLabels } from './label-intake.ts'
import { type LabelAnswer, type LabelInput, readLabel, readLabels } from './labels.ts'
import type { DecidingChampion, Lineup } from './lineup.ts'
import { type DecisionSettled, notReady } from './local-intake.ts'
import { type NameEntry, nameDictionary } from './name-dictionary.ts'
import {
  type ChangeAnswer,
  type DraftedChange,
  type GivenContext,
  PolicyChanges,
  type PolicyChangesOptions,
} from './policy-changes.ts'
import type { PolicyProjection } from './policy-projection.ts'
import type { Projections } from './projections.ts'
import type { Reviews } from './review-load.ts'
import type { RuleFigures } from './rule-figures.ts'
import type { Takeover } from './takeover.ts'
import { predictorsOf } from './united-features.ts'
import { type ShadowCount, watchAlerts } from './watched-state.ts'

export interface DecisionsOptions extends Omit<PolicyChangesOptions, 'warnOfPolicy'> {
  readonly pages: DecisionPages & KeyViews
  readonly maxAheadMs: number
  readonly logger: Logger
  /** Where alerts go beside the log. */
  readonly alertSink?: AlertSink | undefined
  /** What shadows gave and gave up since the start. */
  readonly shadowCounts?: () => readonly ShadowCount[]
  /** A model that decided once and is kept; undefined where it is not. */
  readonly findPredictor?: (id: string) => Promise<Predictor | undefined>
  /** What happens, for those who watch. */
  readonly events: EventHub
}

/** A feature of the policy. While it is filled from the log, or where that failed, rules take its value for unknown. */
export interface PolicyFeatureState {
  readonly name: string
  readonly state: 'computed' | 'filling' | 'failed'
  /** Why it failed. */
  readonly reason?: string
}

/** Decisions that examples of names are taken from. */
const examplesFrom = 100
const silentWithoutModel =
  'Every transaction is approved: there is no model, and no live rule and no list that has an effect. Add a rule, or serve a bundle'

/** A policy in force may have been changed since, so that the detector's says nothing any more. */
const howToChange = 'Set one with PUT /v1/policy: {"thresholds": {"review": PROBABILITY}}, or with shrike policy apply'

/** When work that can wait has to let others go first, and how. */
export interface WaitingTurns {
  isOver(): boolean
  next(): Promise<void>
}
const turnEach: WaitingTurns = { isOver: () => true, next: nextTurn }

/** What may be asked of the decision path: decisions, labels, and what is known of both. HTTP and streams see no more. */
export class Decisions {
  readonly decider: Decider
  readonly lineup: Lineup<DecidingChampion>
  /** Where people work on cases. */
  readonly desk: CaseDesk
  readonly #options: DecisionsOptions
  readonly #takeover: Pick<Takeover, 'lineup' | 'pause' | 'fill'>
  readonly #views: DecisionViews
  readonly #changes: PolicyChanges
  /** Looks for what somebody has to hear of. */
  readonly alerts: AlertWatch
  /** Compares what is decided with what was. */
  readonly monitor: Monitor

  constructor(takeover: Pick<Takeover, 'lineup' | 'pause' | 'fill'>, decider: Decider, options: DecisionsOptions) {
    this.#takeover = takeover
    this.lineup = takeover.lineup
    this.decider = decider
    this.#options = options
    this.#views = new DecisionViews(options.log.reading, options.persons)
    this.monitor = new Monitor({
      hours: () => this.hours,
      model: () => ({ predictor: this.inForce.predictor, categories: this.inForce.features.categories }),
      turn: nextTurn,
    })
    this.alerts = watchAlerts(this, options)
    this.desk = new CaseDesk(this, decider, options)
    this.#changes = new PolicyChanges(takeover, decider, { ...options, warnOfPolicy: () => this.warnOfPolicy() })
  }

  /** Resolves once no detector is taking over from another. */
  async settled(): Promise<void> {
    await this.#takeover.pause
  }

  get inForce(): DetectorInForce {
    return this.lineup.champion.inForce
  }

  /** Reads what is durable. */
  get reading(): LogReading {
    return this.#options.log.reading
  }

  /** As of `PolicyChanges`. */
  change(given: unknown, context: GivenContext): Promise<ChangeAnswer> {
    return this.#changes.change(given, context)
  }

  /** As of `PolicyChanges`. */
  draft(given: unknown, context: Omit<GivenContext, 'approvedBy'>): Promise<DraftedChange> {
    return this.#changes.draft(given, context)
  }

  /** As of `PolicyChanges`. */
  examine(given: unknown): Pick<ExaminedChange, 'problems' | 'warnings'> {
    return this.#changes.examine(given)
  }

  /** What is in force, as records made it. @throws FraudError NOT_READY */
  get policy(): PolicyInForce {
    return this.#policy.inForce
  }

  /** The features that the policy declares beside the model's. @throws FraudError NOT_READY */
  get policyFeatures(): readonly PolicyFeatureState[] {
    const { failure, underway } = this.#takeover.fill
    const { features, problems } = this.policy.names.own
    const unsound = problems.map(({ path, reason }): PolicyFeatureState => {
      return { name: path.join('.'), state: 'failed', reason }
    })
    const reason = failure ?? (underway === undefined ? unsound[0]?.reason : undefined)
    const told = features.map(({ name, at }): PolicyFeatureState => {
      if (at !== undefined) return { name, state: 'computed' }
      return reason === undefined ? { name, state: 'filling' } : { name, state: 'failed', reason }
    })
    return [...told, ...unsound]
  }

  /** What a person should know of the policy in force: that nothing but approve can come of it. */
  warnOfPolicy(): string | undefined {
    const { policy, predictor } = this.inForce
    const changed = this.decider.state?.projections.policy.changed
    if (predictor === undefined) {
      const isSilent = this.isReady && (changed === undefined || !speaksWithoutScore(changed.definitions))
      return isSilent ? silentWithoutModel : undefined
    }
    const thresholds = changed === undefined ? policy : thresholdsAlone(changed.definitions)
    return thresholds && warnOfPolicy(thresholds, predictor.highestScore, howToChange)
  }

  /** Entries of a list that count now, in the order in which they were added. @param after the number to go on behind. */
  *entriesOf(list: string, after: number): Generator<NumberedEntry> {
    const nowMs = this.#options.clock()
    for (const entry of this.policy.entriesOf(list)?.entries(after) ?? []) {
      if (nowMs < (entry.expiresAtMs ?? Number.POSITIVE_INFINITY)) yield entry
    }
  }

  /** Ids of the fuses that have tripped and hold now. */
  get trippedFuses(): readonly string[] {
    return this.policy.trippedAt(this.#options.clock())
  }

  /** The reviews of the last 24 hours, against what people can do. */
  get reviews(): Reviews {
    return this.#policy.reviewsAt(this.#options.clock())
  }

  /** What every version of a rule has done, the newest first; none of one that never was. @throws FraudError NOT_READY */
  ruleFigures(id: string): readonly RuleFigures[] {
    return this.#projections.rules.of(id)
  }

  /** What was decided by the hour. @throws FraudError NOT_READY */
  get hours(): HoursProjection {
    return this.#projections.hours
  }

  /** What decisions were worth. @throws FraudError NOT_READY */
  get performance(): PerformanceProjection {
    return this.#projections.performance
  }

  /** What alerts hold, and what is asked for. @throws FraudError NOT_READY */
  get alertStates(): AlertsProjection {
    return this.#projections.alerts
  }

  get #policy(): PolicyProjection {
    return this.#projections.policy
  }

  get #projections(): Projections {
    const { state } = this.decider
    if (state === undefined) throw notReady
    return state.projections
  }

  /** What happens, for those who watch. */
  get events(): EventHub {
    return this.#options.events
  }

  get isReady(): boolean {
    return this.decider.isReady
  }

  /** The newest event time; undefined where there is none. */
  get newestMs(): number | undefined {
    return this.decider.state?.projections.histories.histories.newestMs
  }

  /** One transaction, from parsed JSON to its durable decision. @param order as of `LocalIntake.take`. */
  decide(
    value: unknown,
    repeated: ReadonlySet<string> | undefined,
    waitedMs: () => number,
    explain = false,
    order?: symbol,
  ): Promise<Decision> {
    if (this.#takeover.pause !== undefined)
      return this.#takeover.pause.then(() => this.decide(value, repeated, waitedMs, explain, order))
    return this.decider.decide(this.lineup.champion.receiver.receive(value, repeated), waitedMs, explain, order)
  }

  /** As `decide`, which it leads to where a detector is taking over; what it throws is not settled. */
  settle(
    value: unknown,
    repeated: ReadonlySet<string> | undefined,
    waitedMs: () => number,
    explain: boolean,
    settled: DecisionSettled,
  ): void {
    if (this.#takeover.pause !== undefined) {
      const refuse = (error: unknown) => settled(error, undefined)
      this.decide(value, repeated, waitedMs, explain).then((decision) => settled(undefined, decision), refuse)
    } else this.decider.settle(this.lineup.champion.receiver.receive(value, repeated), waitedMs, explain, settled)
  }

  /** As `settle`, of what another thread has read for the receiver in force; false where it has to be read again. */
  settleReading(reading: Uint8Array, waitedMs: () => number, settled: DecisionSettled): boolean {
    if (this.#takeover.pause !== undefined) return false
    const received = this.lineup.champion.receiver.receiveReading(reading)
    if (received === undefined) return false
    this.decider.settle(received, waitedMs, false, settled)
    return true
  }

  /** The fields in which a transaction differs from the one of its id that came first. */
  differences(value: unknown, first: TransactionRecord): readonly FieldError[] {
    return this.decider.differences(this.lineup.champion.receiver.receive(value, undefined), first)
  }

  /** A transaction that is only to be known; false where it was known before. */
  bringIn(value: unknown, isLabelled: boolean, order?: symbol): Promise<boolean> {
    if (this.#takeover.pause !== undefined)
      return this.#takeover.pause.then(() => this.bringIn(value, isLabelled, order))
    return this.decider.bringIn(this.lineup.champion.receiver.receive(value, undefined), isLabelled, order)
  }

  /** One label or many that somebody says, from parsed JSON: all are checked first, then taken in a few at a time, between decisions. */
  async label(value: unknown, by: string, turns: WaitingTurns = turnEach): Promise<readonly LabelAnswer[]> {
    const inputs = await this.#readLabels(value, turns)
    const { labelsAtOnce } = this.decider
    // All of them before the first is taken in; what comes in between is looked at again.
    for (let from = 0; inputs.length > labelsAtOnce && from < inputs.length; from += labelsAtOnce) {
      await this.decider.refuseForeknown(inputs.slice(from, from + labelsAtOnce), from)
      if (turns.isOver()) await turns.next()
    }
    const groups: Promise<readonly LabelAnswer[]>[] = []
    for (let from = 0; from < inputs.length; from += labelsAtOnce) {
      if (from > 0) await turns.next()
      // One alone finds room as a decision does; many would take it from decisions.
      while (inputs.length > 1 && !this.decider.hasRoom()) {
        await this.decider.room()
        await turns.next()
      }
      await this.#takeover.pause
      const first = Array.isArray(value) ? from : undefined
      const group = this.decider.label(inputs.slice(from, from + labelsAtOnce), by, first)
      // One that fails is heard of below, or not at all where a later one is refused before.
      group.catch(() => {})
      groups.push(group)
    }
    return (await Promise.all(groups)).flat()
  }

  /**
   * One label of a file that may be sent again (`Decider.labelOfFile`), from parsed JSON; those of one id keep their order.
   *
   * @param saidAtMs as of `LabelIntake.labelOfFile`; what is too far ahead of the clock is as far as may be.
   */
  labelOfFile(value: unknown, by: string, saidAtMs?: number): Promise<FileLabel> {
    if (this.#takeover.pause !== undefined)
      return this.#takeover.pause.then(() => this.labelOfFile(value, by, saidAtMs))
    const { clock, maxAheadMs } = this.#options
    const nowMs = clock()
    // Kafka has -1 where a producer gave no time.
    const isSaid = saidAtMs !== undefined && saidAtMs >= 0
    const atMs = isSaid ? Math.min(saidAtMs, nowMs + maxAheadMs) : undefined
    return this.decider.labelOfFile(readLabel(value, nowMs, maxAheadMs), by, atMs)
  }

  async #readLabels(value: unknown, turns: WaitingTurns): Promise<readonly LabelInput[]> {
    const { clock, maxAheadMs } = this.#options
    const reading = readLabels(value, clock(), maxAheadMs)
    for (let step = reading.next(); ; step = reading.next()) {
      if (step.done === true) return step.value
      if (turns.isOver()) await turns.next()
    }
  }

  /** All that is known of a decision; why the model answered as it did only if asked. */
  async find(id: string, explain = false): Promise<DecisionDetail | undefined> {
    const { transaction, labels = [] } =
      (await this.#options.log.lookUps.findLabelled([id], mostLabels + 1)).get(id) ?? {}
    if (transaction?.kind !== 'decision') return undefined
    return this.#views.detail(transaction, labels, explain ? this.inForce : undefined)
  }

  /** All that is known of decisions, by their ids; those that are no longer kept are missing. */
  async details(ids: readonly string[]): Promise<ReadonlyMap<string, DecisionDetail>> {
    const found = await this.#options.log.lookUps.findLabelled(ids, mostLabels + 1)
    const details = new Map<string, DecisionDetail>()
    for (const [id, { transaction, labels }] of found) {
      if (transaction?.kind === 'decision') details.set(id, this.#views.detail(transaction, labels))
    }
    return details
  }

  /**
   * Why a past decision came out as it did; undefined where there is none of this id.
   *
   * @param rule one that is explained, too, whatever it said.
   */
  async explain(id: string, turns: WaitingTurns, rule?: string): Promise<DecisionExplanation | undefined> {
    const { lookUps, reading } = this.#options.log
    const record = (await lookUps.find([id])).get(id)
    if (record?.kind !== 'decision') return undefined
    const turn = async () => {
      if (turns.isOver()) await turns.next()
    }
    const models = predictorsOf(this.inForce)
    const decidedBy = record.model ?? reading.definition(record.definition).model
    const isAtHand = decidedBy === null || models.some(({ modelId }) => modelId === decidedBy)
    const past = isAtHand ? undefined : await this.#options.findPredictor?.(decidedBy)
    return explainDecision(record, reading, { models: past === undefined ? models : [...models, past], rule, turn })
  }

  /** Every name that a condition can use, with examples of the newest decisions. @throws FraudError NOT_READY */
  async names(): Promise<readonly NameEntry[]> {
    const { policy, inForce } = this
    const { records } = await this.#options.pages.page({ limit: examplesFrom })
    const examples = records.map((record) => ({
      record,
      definition: this.reading.definition(record.definition),
      transaction: this.#views.transaction(record),
    }))
    return nameDictionary(inForce, policy.names, policy.definitions.lists, examples)
  }

  /** The decision of an id, as pages show it. */
  async view(id: string): Promise<DecisionView | undefined> {
    const record = (await this.#options.log.lookUps.find([id])).get(id)
    return record?.kind === 'decision' ? this.#views.view(record) : undefined
  }

  /** Decisions are made ready to be shown as they are asked for. */
  async page(query: DecisionQuery): Promise<{ records: Iterable<DecisionView>; next: number | null }> {
    const { records, next } = await this.#options.pages.page(query)
    return { records: records.values().map((record) => this.#views.view(record)), next }
  }

  /** What is known of a value of a key, as the log keeps it. @throws FraudError NOT_READY */
  async knownKey(query: Omit<KeyQuery, 'asOfMs'>): Promise<KnownKey> {
    const { pages, clock } = this.#options
    const asOfMs = this.newestMs ?? Number.NEGATIVE_INFINITY
    const view = await pages.viewKey({ ...query, asOfMs })
    return presentKey(query, view, this.policy, { nowMs: clock(), asOfMs })
  }

  /**
   * What the log keeps of a key's value: a hash of a card number, the token of a person, else the value; undefined where
   * it never came.
   *
   * @throws FraudError INPUT_INVALID or CARD_NUMBER_REFUSED, as of a transaction with this value
   */
  keptValue(key: string, value: string | number): string | undefined {
    const kept = this.lineup.champion.receiver.reader.readKey(key, value)
    const { personal = [] } = this.inForce.detector.transaction
    return personal.includes(key) ? this.#options.persons.tokenOf(key, kept) : kept
  }

  /** The id of a transaction that was refused, where it can be read. */
  idOf(given: unknown): string | undefined {
    return this.lineup.champion.receiver.reader.idOf(given)
  }

  /** Whether records may hold values of a key in plain text that is personal now: no token finds those. */
  mayHoldInClear(key: string): boolean {
    const { transaction } = this.inForce.detector
    if (transaction.personal?.includes(key) !== true) return false
    const { reading } = this.#options.log
    return reading
      .definitionSequences()
      .some((sequence) => plainColumns(reading.definition(sequence), key, columnOfName(transaction, key)).length > 0)
  }

  /**
   * Forgets what the token of a person stands for, and keeps who asked for it; undefined where there is no such person.
   *
   * @throws FraudError INPUT_INVALID or CARD_NUMBER_REFUSED, as of a transaction with this value; ERASURE_INCOMPLETE
   *   where records of before the key was personal hold it
   */
  async erase(key: string, value: string, by: string): Promise<string | undefined> {
    const kept = this.lineup.champion.receiver.reader.readKey(key, value)
    // A log that was begun before texts were trimmed may hold the value with its blanks.
    const values = new Set([kept, value])
    const { log, clock } = this.#options
    // Before the token, by which an erasure that was cut short finds them again.
    const tokens = [...values].flatMap((each) => this.#options.persons.tokenOf(key, each) ?? [])
    await this.desk.eraseNotesOf(tokens, by)
    return erasePerson(log, this.inForce.detector, key, values, clock(), by)
  }
}
