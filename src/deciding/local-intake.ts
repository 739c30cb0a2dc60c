import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { type FieldError, FraudError } from '../core/errors.ts'
import type { DecisionTrace, DecisionTracing } from '../core/tracing.ts'
import { TransientMap } from '../core/transient-map.ts'
import type { Decision } from '../decisioning/decision.ts'
import type { ReceivedTransaction } from '../detector/received-transaction.ts'
import type { DecisionLog, Settled, TransactionRecord } from '../log/decision-log.ts'
import type { DecisionRecord, HistoryRecord, LabelRecord, Sequenced } from '../log/log-record.ts'
import type { Person, PersonalValue, PersonalValues } from '../log/personal-values.ts'
import type { LabelledTransaction } from '../log/projection.ts'
import { BegunTransactions, type ScoresElsewhere } from './begun-transactions.ts'
import { differences, refuseConflict } from './conflicts.ts'
import type { DecidingState } from './deciding-state.ts'
import type { DecisionObserver } from './decision-observer.ts'
import { DecisionWords } from './decision-words.ts'
import { FindTogether } from './find-together.ts'
import type { BegunJudgement } from './judgement.ts'
import { Lanes } from './lanes.ts'
import type { DecidingLineup } from './lineup.ts'
import { present } from './present-decision.ts'
import type { Received } from './receiver.ts'
import type { ShadowScorer } from './shadow-scorer.ts'

export interface LocalIntakeOptions {
  /** Told of the steps of each decision, where somebody wants to know of them. */
  readonly tracing?: DecisionTracing | undefined
  readonly lineup: DecidingLineup
  readonly log: DecisionLog
  readonly persons: PersonalValues
  readonly observer: DecisionObserver
  readonly shadows?: ShadowScorer
  /** Records that may be on the way to the disk before new ones are refused. */
  readonly maxPending: number
}

interface InFlight {
  /** Its row is lent to others once it has been told of. */
  readonly record: DecisionRecord | HistoryRecord
  sequence: number
  /** Undefined where it is only brought in. */
  readonly decision: Decision | undefined
  /** Whether it is durable, or is known not to be. */
  isSettled: boolean
  failure: FraudError | undefined
  /** Whether something was thrown that answers it, though its record may become durable. */
  hasThrown: boolean
  /** Whoever else waits for that. */
  waiting: Settled[] | undefined
}

/** Called once: with a decision that is durable, or with what kept a transaction from it. */
export type DecisionSettled = (error: unknown, decision: Decision | undefined) => void

/** How a transaction is to be decided. */
export interface AskedDecision {
  /** How long it has waited so far. */
  readonly waitedMs: () => number
  /** Whether to explain an approval, too. */
  readonly explain: boolean
  readonly trace: DecisionTrace | undefined
}

/** A transaction as it came first: on its way to the disk, or as the log has it. */
type First = InFlight | TransactionRecord

/** What is done with a transaction at its place: it never waits, but for the disk, and is told what was looked up. */
type Step<Answer> = (
  input: ReceivedTransaction,
  first: First | undefined,
  newPersons: readonly Person[],
) => Promise<Answer>

/** What is known of a labelled id. */
export interface KnownTransaction {
  /** Undefined where its transaction has not come. */
  readonly about: LabelledTransaction | undefined
  /** Those that are durable. */
  readonly labels: readonly Sequenced<LabelRecord>[]
}

const noPersons: readonly Person[] = []
/** A score that has not come by then is computed here. */
const mostPatienceMs = 10

export const notReady = new FraudError('LOG_UNAVAILABLE', 'Histories are being rebuilt from the log')

/** Keeps the order of transactions in this process: each is taken in once, at its place in the log. */
export class LocalIntake {
  readonly #options: LocalIntakeOptions
  readonly #log: DecisionLog
  readonly #words = new DecisionWords()
  readonly #find: FindTogether
  /** Ids and personal values that are being looked up. */
  readonly lanes: Lanes
  /** The transactions that are being written, by id. */
  readonly #inFlight = new TransientMap<string, InFlight>()
  /** Those that wait for their scores. */
  readonly #begun = new BegunTransactions()
  #scores: ScoresElsewhere | undefined
  /** The one wait for room that all who wait share. */
  #room: Promise<void> | undefined

  constructor(options: LocalIntakeOptions) {
    this.#options = options
    this.#log = options.log
    this.#find = new FindTogether(options.log.lookUps)
    this.lanes = new Lanes(options.maxPending)
    options.log.precede(() => this.#begun.finish())
  }

  /** From now on others score where they want to. @returns where their scores go. */
  scoreBy(scores: ScoresElsewhere): Pick<BegunTransactions, 'scored' | 'finish' | 'size'> {
    this.#scores = scores
    return this.#begun
  }

  /** Whether there are some that came and have no place so far. */
  get hasUnplaced(): boolean {
    return this.lanes.size > 0 || this.#begun.size > 0
  }

  /** What is in force; undefined while histories are being made. */
  get state(): DecidingState | undefined {
    return this.#options.lineup.champion.state
  }

  /**
   * Takes a transaction in that is to be decided; the promise resolves once its record is durable. One that is new, and
   * of which nothing is to be looked up, has its place before this returns.
   *
   * @param order the sender's, where its transactions and labels are to have their places in the order in which they come.
   * @throws FraudError LOG_UNAVAILABLE, OVERLOADED, TRANSACTION_CONFLICT, TRANSACTION_IN_FUTURE, TRANSACTION_TOO_OLD or
   *   CURRENCY_MIXED, at once or later; then nothing was changed.
   */
  take(received: Received, asked: AskedDecision, order?: symbol): Promise<Decision> {
    return this.#placed(received, order, (input, first, persons) => {
      if (first !== undefined) return this.#answerAgain(input, first)
      const { promise, resolve, reject } = Promise.withResolvers<Decision>()
      const settle: DecisionSettled = (error, decision) => (decision === undefined ? reject(error) : resolve(decision))
      this.#decide(input, asked, persons, settle)
      return promise
    })
  }

  /** As `take` without an order, and without a promise for the usual transaction, which is new and needs no look-up. */
  settle(received: Received, asked: AskedDecision, settled: DecisionSettled): void {
    const { input } = received
    if (!this.#isFree(received) || this.#onItsWay(input.id) !== undefined || this.#log.lookUps.mayHold(input.id)) {
      const refuse = (error: unknown) => settled(error, undefined)
      this.take(received, asked).then((decision) => settled(undefined, decision), refuse)
    } else if (!this.#begin(input, asked, settled)) this.#decide(input, asked, noPersons, settled)
  }

  /**
   * Takes a transaction in that is only to be known, not decided.
   *
   * @returns whether it is new; one that is known is left as it is.
   * @throws FraudError LOG_UNAVAILABLE, OVERLOADED, CURRENCY_MIXED or TRANSACTION_CONFLICT, at once or later; then nothing
   *   was changed.
   */
  bringIn(received: Received, isLabelled: boolean, order?: symbol): Promise<boolean> {
    return this.#placed(received, order, (input, first, persons) => {
      const state = this.requireReady()
      if (first === undefined) return this.#bringIn(state, input, isLabelled, persons)
      refuseConflict(this.#differences(first, input))
      return Promise.resolve(false)
    })
  }

  /** The fields in which a transaction differs from the one of its id that came first. */
  differences({ input }: Received, first: TransactionRecord): readonly FieldError[] {
    return this.#differences(this.#onItsWay(input.id) ?? first, input)
  }

  /**
   * What is known of ids before labels of theirs take their places; the ids' lanes are to be entered before.
   *
   * @throws FraudError LOG_MISMATCH where one is not a transaction of the detector in force.
   */
  async findLabelled(ids: readonly string[], most?: number): Promise<ReadonlyMap<string, KnownTransaction>> {
    // Those on their way now may be durable, and no longer on their way, by the time that the answer comes.
    const underway = new Map(ids.map((id) => [id, this.#onItsWay(id)]))
    const found = await this.#log.lookUps.findLabelled(ids, most)
    return new Map(
      ids.map((id) => {
        const { transaction, labels = [] } = found.get(id) ?? {}
        if (transaction !== undefined) this.state?.projections.histories.eventOf(transaction)
        const { record, sequence } = underway.get(id) ?? {}
        const onItsWay = record && sequence !== undefined ? { ...record, sequence } : undefined
        return [id, { about: onItsWay ?? transaction, labels }]
      }),
    )
  }

  /** @throws FraudError LOG_UNAVAILABLE or OVERLOADED where nothing can be taken in now. */
  requireReady(): DecidingState {
    if (this.#log.failure !== undefined) throw this.#log.failure
    const { state } = this
    if (state === undefined) throw notReady
    if (this.isFull()) {
      throw new FraudError('OVERLOADED', 'Too many decisions are waiting to be written')
    }
    return state
  }

  /** Whether as much waits for the disk as may. */
  isFull(): boolean {
    const { maxPending } = this.#options
    if (this.#pending < maxPending) return false
    // Under overload a turn of the loop is long, and what is durable need not wait for its end.
    this.#log.poll()
    return this.#pending >= maxPending
  }

  /** Whether there is room for work that can wait, which leaves half of it to what comes alone. */
  hasRoom(): boolean {
    return this.#pending + this.lanes.size <= this.#options.maxPending / 2
  }

  /** Resolves when there is room for some more work that can wait. Others may take it first: ask again. */
  room(): Promise<void> {
    this.#room ??= this.#waitForRoom().finally(() => {
      this.#room = undefined
    })
    return this.#room
  }

  /** Resolves when all that came in an order so far has its place, or was refused and its sender heard of that. */
  async placed(order: symbol): Promise<void> {
    const left = this.lanes.left(order)
    if (left === undefined) return
    await left
    await nextTurn()
  }

  get #pending(): number {
    return this.#log.pending + this.#begun.size
  }

  /** A transaction of this id that is being written. One that has only begun has its place from now on. */
  #onItsWay(id: string): InFlight | undefined {
    if (this.#begun.has(id)) this.#begun.finish()
    return this.#inFlight.get(id)
  }

  async #waitForRoom(): Promise<void> {
    while (!this.hasRoom()) await sleep(1)
  }

  /** Takes a step with a transaction at once, where nothing is to be looked up, else after that. */
  #placed<Answer>(received: Received, order: symbol | undefined, step: Step<Answer>): Promise<Answer> {
    const { input } = received
    if (this.#isFree(received) && this.lanes.isFree(order)) {
      const underway = this.#onItsWay(input.id)
      if (underway !== undefined || !this.#log.lookUps.mayHold(input.id)) return step(input, underway, noPersons)
    }
    return this.#lookUp(received, order, step)
  }

  /** Whether all of it is known, and nothing about it is being looked up. */
  #isFree({ input, unknown }: Received): boolean {
    return unknown.length === 0 && this.lanes.isFree(input.id)
  }

  /** Looks persons up who come otherwise than in a transaction, and steps in the turn in which their tokens are told. */
  withPersons<Answer>(
    values: readonly PersonalValue[],
    step: (made: readonly Person[]) => Promise<Answer>,
  ): Promise<Answer> {
    return this.lanes.enter(values.map(laneOf), undefined, () => this.#options.persons.lookUp(values), step)
  }

  #lookUp<Answer>(received: Received, order: symbol | undefined, step: Step<Answer>): Promise<Answer> {
    const { persons } = this.#options
    const { input, unknown } = received
    const { forgettings } = persons
    return this.lanes.enter(
      [input.id, ...unknown.map(laneOf)],
      order,
      () =>
        Promise.all([
          this.#onItsWay(input.id) ?? (this.#log.lookUps.mayHold(input.id) ? this.#find.find(input.id) : undefined),
          unknown.length === 0 ? noPersons : persons.lookUp(unknown),
        ]),
      ([first, made]) => {
        const isComplete = unknown.length === 0 && persons.forgettings === forgettings
        const now = isComplete ? received : received.again(made)
        // Somebody was forgotten meanwhile, who is a new person now.
        if (now.unknown.length > 0) return this.#lookUp(received.again(noPersons), order, step)
        return step(now.input, first, made)
      },
    )
  }

  /** The answer to a transaction that came before, or is just being decided. */
  #answerAgain(input: ReceivedTransaction, first: First): Promise<Decision> {
    refuseConflict(this.#differences(first, input))
    if ('waiting' in first) return this.#answerOnceDurable(first)
    if (first.kind === 'history') {
      throw new FraudError('TRANSACTION_CONFLICT', 'This transaction was brought in as history, without a decision')
    }
    this.#options.observer.duplicate()
    const definition = this.#log.reading.definition(first.definition)
    const decision = present(first, definition, this.#words.reasonsOf(first, definition))
    return Promise.resolve({ ...decision, duplicate: true })
  }

  #answerOnceDurable(first: InFlight): Promise<Decision> {
    const { decision } = first
    if (decision !== undefined) this.#options.observer.duplicate()
    const { promise, resolve, reject } = Promise.withResolvers<Decision>()
    const settle: Settled = (error) => {
      if (error !== undefined) reject(error)
      else if (decision !== undefined) resolve({ ...decision, duplicate: true })
      else reject(new FraudError('TRANSACTION_CONFLICT', 'This transaction is being brought in as history'))
    }
    // It may have settled while something else about the second was looked up.
    if (first.isSettled) settle(first.failure)
    else first.waiting = [...(first.waiting ?? []), settle]
    return promise
  }

  /** Begins a transaction that others score; false where they don't, and nothing was changed. */
  #begin(input: ReceivedTransaction, asked: AskedDecision, settle: DecisionSettled): boolean {
    const scores = this.#scores
    if (scores === undefined || asked.explain) return false
    if (!scores.takes(this.#options.lineup.champion.inForce.predictor)) return false
    const state = this.requireReady()
    const { id } = input
    // Such labels take effect after its row, and before the next one.
    if (state.projections.pending.has(id)) return false
    const { kept, inputs } = state.judge.keep(this.#computeRow(state, input, asked))
    const settleThrown = <Result>(work: () => Result): Result | undefined => {
      try {
        return work()
      } catch (error) {
        settle(error, undefined)
        return undefined
      }
    }
    const place = (score: number | undefined) => {
      const placed = settleThrown(() => this.#place(state, kept, asked, noPersons, settle, score))
      return () => placed && settleThrown(() => this.#tell(placed, state))
    }
    const patienceMs = Math.min(mostPatienceMs, state.judge.deadlineMs / 4)
    this.#begun.add(id, place, scores, inputs, patienceMs)
    return true
  }

  #decide(
    input: ReceivedTransaction,
    asked: AskedDecision,
    newPersons: readonly Person[],
    settle: DecisionSettled,
  ): void {
    this.#begun.finish()
    const state = this.requireReady()
    const begun = this.#computeRow(state, input, asked)
    this.#tell(this.#place(state, begun, asked, newPersons, settle, undefined), state)
  }

  /** Takes a transaction into histories. */
  #computeRow(state: DecidingState, input: ReceivedTransaction, { trace }: AskedDecision): BegunJudgement {
    const { transaction } = input
    state.times.check(transaction.timestampMs)
    const histories = state.projections.histories.begin(transaction)
    trace?.step()
    try {
      return state.judge.begin(input, histories)
    } catch (error) {
      trace?.commit()
      throw this.#mistrust(error)
    }
  }

  /** Judges a transaction that was begun, and gives it its place. */
  #place(
    state: DecidingState,
    begun: BegunJudgement,
    { waitedMs, explain, trace }: AskedDecision,
    newPersons: readonly Person[],
    settle: DecisionSettled,
    score: number | undefined,
  ): InFlight {
    try {
      let record: DecisionRecord
      try {
        record = state.judge.end(begun, waitedMs, explain, score)
      } finally {
        trace?.commit()
      }
      const { transaction } = begun.received
      const decision = present(record, state.definition, this.#words.reasonsOf(record, state.definition, transaction))
      return this.#append(record, newPersons, decision, settle)
    } catch (error) {
      throw this.#mistrust(error)
    }
  }

  /** Histories hold a transaction, and the log does not. @returns why. */
  #mistrust(error: unknown): unknown {
    this.#log.mistrust(error)
    return error
  }

  /** Tells of a decision that has its place. */
  #tell(underway: InFlight, state: DecidingState): void {
    const { record, decision } = underway
    if (record.kind !== 'decision' || decision === undefined) return
    try {
      const { tripped, overloaded } = state.projections.policy
      if (tripped.length > 0) this.#options.observer.fusesTripped(tripped)
      const { observer, shadows } = this.#options
      if (overloaded !== undefined) observer.reviewsOverloaded(overloaded)
      observer.decided(decision, record.row, state.definition.features)
      if (record.model !== undefined) observer.decidedByCanary(record.model)
      shadows?.offer(underway.sequence, record.row, state)
    } catch (error) {
      underway.hasThrown = true
      throw error
    }
  }

  #bringIn(
    state: DecidingState,
    input: ReceivedTransaction,
    isLabelled: boolean,
    newPersons: readonly Person[],
  ): Promise<boolean> {
    const { id, fields, transaction } = input
    state.projections.histories.begin(transaction)
    const { timestampMs } = transaction
    const { definitionSequence: definition } = state
    const record = { kind: 'history', id, timestampMs, definition, isLabelled, fields } as const
    const { promise, resolve, reject } = Promise.withResolvers<boolean>()
    try {
      this.#append(record, newPersons, undefined, (error) => (error === undefined ? resolve(true) : reject(error)))
    } catch (error) {
      this.#log.mistrust(error)
      throw error
    }
    return promise
  }

  /** Gives a transaction its place. @param settle is called once the record is durable, or is known not to be. */
  #append(
    record: DecisionRecord | HistoryRecord,
    newPersons: readonly Person[],
    decision: Decision | undefined,
    settle: DecisionSettled,
  ): InFlight {
    const underway: InFlight = {
      record,
      sequence: 0,
      decision,
      isSettled: false,
      failure: undefined,
      hasThrown: false,
      waiting: undefined,
    }
    const settled: Settled = (error) => {
      this.#inFlight.delete(record.id)
      underway.isSettled = true
      underway.failure = error
      try {
        if (!underway.hasThrown) settle(error, error === undefined ? decision : undefined)
      } finally {
        for (const each of underway.waiting ?? []) each(error)
      }
    }
    try {
      underway.sequence = this.#log.append(record, settled, newPersons.length === 0 ? undefined : { newPersons })
    } catch (error) {
      underway.hasThrown = true
      throw error
    }
    this.#inFlight.set(record.id, underway)
    return underway
  }

  #differences(first: First, input: ReceivedTransaction): readonly FieldError[] {
    const { state } = this
    if (state === undefined) throw notReady
    const sent = 'record' in first ? first.record : first
    const isInForce = sent.definition === state.definitionSequence
    const { columns } = isInForce ? state.definition : this.#log.reading.definition(sent.definition)
    return differences(sent, columns, input, state)
  }
}

function laneOf({ key, value }: PersonalValue): string {
  return `\0${key}\0${value}`
}
