import { setTimeout as sleep } from 'node:timers/promises'
import { type FieldError, FraudError } from '../core/errors.ts'
import type { FieldValue } from '../core/field-value.ts'
import type { LiveTransaction } from '../core/live-transaction.ts'
import type { Decision } from '../decisioning/decision.ts'
import type { History, LabelledEvent } from '../features/history.ts'
import type { DecisionLog } from '../log/decision-log.ts'
import type { DecisionRecord } from '../log/log-record.ts'
import { AcceptedTimes, type AcceptedTimesOptions } from './accepted-times.ts'
import { differences, refuseConflict } from './conflicts.ts'
import type { DecisionObserver } from './decision-observer.ts'
import { DecisionWords } from './decision-words.ts'
import { RecordTransactions } from './live-detector.ts'
import type { LiveState } from './live-state.ts'
import { present } from './present-decision.ts'

export interface LocalIntakeOptions extends AcceptedTimesOptions {
  readonly log: DecisionLog
  readonly observer: DecisionObserver
  /** Records that may be on the way to the disk before new ones are refused. */
  readonly maxPending: number
}

interface InFlight {
  readonly fields: readonly FieldValue[]
  readonly timestampMs: number
  readonly event: LabelledEvent
  readonly answer: Promise<Decision>
}

/** Judges a transaction by the histories that are lent to it; its row is borrowed until the record is appended. */
type JudgeAtPlace = (histories: readonly History[]) => DecisionRecord

/** The texts of a transaction that these histories can't hold, so that its label changes none of them. */
export const notHeld: readonly string[] = []

const notReady = new FraudError('LOG_UNAVAILABLE', 'Histories are being rebuilt from the log')

/** Keeps the order of transactions in this process: each is taken in once, at its place in the log. */
export class LocalIntake {
  readonly #options: LocalIntakeOptions
  readonly #log: DecisionLog
  readonly #words = new DecisionWords()
  /** By transaction id: those that are on their way to the disk. */
  readonly #inFlight = new Map<string, InFlight>()
  #state: LiveState | undefined
  #times: AcceptedTimes | undefined
  #transactions: RecordTransactions | undefined
  /** The one wait for room that all who wait share. */
  #room: Promise<void> | undefined

  constructor(options: LocalIntakeOptions) {
    this.#options = options
    this.#log = options.log
  }

  get state(): LiveState | undefined {
    return this.#state
  }

  /** Takes in by these histories from the next transaction on; undefined: not until there are some again. */
  use(state: LiveState | undefined): void {
    this.#state = state
    if (state === undefined) return
    this.#times = new AcceptedTimes(state, this.#options)
    this.#transactions = new RecordTransactions(state.live, this.#log.reading)
  }

  /**
   * Takes a transaction in that is to be decided. All that depends on the order of transactions is done before this
   * returns; the promise resolves once its record is durable.
   *
   * @param judge is called at its place in the order, where the transaction is new.
   * @throws FraudError LOG_UNAVAILABLE, OVERLOADED, TRANSACTION_CONFLICT, TRANSACTION_IN_FUTURE, TRANSACTION_TOO_OLD or
   *   CURRENCY_MIXED; then nothing was changed.
   */
  take(input: LiveTransaction, judge: JudgeAtPlace): Promise<Decision> {
    const again = this.#firstAnswer(input)
    if (again !== undefined) return again
    const state = this.requireReady()
    const { id, fields, transaction } = input
    this.#times?.check(transaction.timestampMs)
    const record = judge(state.fold.begin(transaction))
    const { promise, resolve, reject } = Promise.withResolvers<Decision>()
    const decision = present(record, state.definition, this.#words.reasonsOf(record, state.definition, transaction))
    const sequence = this.#log.append(record, (error) => {
      this.#inFlight.delete(id)
      if (error === undefined) resolve(decision)
      else reject(error)
    })
    const { timestampMs, texts } = transaction
    this.#inFlight.set(id, { fields, timestampMs, event: { sequence, timestampMs, texts }, answer: promise })
    state.fold.end(sequence, id, transaction)
    this.#options.observer.decided(decision, record.row, state.definition.features)
    return promise
  }

  /**
   * Takes a transaction in that is only to be known, not decided.
   *
   * @returns whether it is new; one that is known is left as it is.
   * @throws FraudError LOG_UNAVAILABLE, OVERLOADED, CURRENCY_MIXED or TRANSACTION_CONFLICT; then nothing was changed.
   */
  bringIn(input: LiveTransaction, isLabelled: boolean): Promise<boolean> {
    const state = this.requireReady()
    const different = this.differences(input)
    if (different !== undefined) {
      refuseConflict(different)
      return Promise.resolve(false)
    }
    const { id, fields, transaction } = input
    state.fold.begin(transaction)
    const { timestampMs, texts } = transaction
    const { definitionSequence: definition } = state
    const { promise, resolve, reject } = Promise.withResolvers<boolean>()
    const record = { kind: 'history', id, timestampMs, definition, isLabelled, fields } as const
    const sequence = this.#log.append(record, (error) => {
      this.#inFlight.delete(id)
      if (error === undefined) resolve(true)
      else reject(error)
    })
    const answer = promise.then(() => {
      throw new FraudError('TRANSACTION_CONFLICT', 'This transaction is being brought in as history')
    })
    answer.catch(() => {})
    this.#inFlight.set(id, { fields, timestampMs, event: { sequence, timestampMs, texts }, answer })
    state.fold.end(sequence, id, transaction)
    return promise
  }

  /** The fields in which a transaction differs from the one of its id that is known; undefined where none is known. */
  differences(input: LiveTransaction): readonly FieldError[] | undefined {
    const underway = this.#inFlight.get(input.id)
    if (underway !== undefined)
      return this.#differences({ ...underway, columns: this.#state?.definition.columns ?? [] }, input)
    const record = this.#log.reading.find(input.id)
    if (record === undefined) return undefined
    const { timestampMs, fields, definition } = record
    const { columns } = this.#log.reading.definition(definition)
    return this.#differences({ timestampMs, fields, columns }, input)
  }

  /** The transaction of an id as histories know it; undefined where it has not come. */
  eventOf(id: string): LabelledEvent | undefined {
    const underway = this.#inFlight.get(id)
    if (underway !== undefined) return underway.event
    const record = this.#log.reading.find(id)
    if (record === undefined) return undefined
    const { sequence, timestampMs } = record
    return { sequence, timestampMs, texts: this.#transactions?.of(record)?.texts ?? notHeld }
  }

  /** @throws FraudError LOG_UNAVAILABLE or OVERLOADED where nothing can be taken in now. */
  requireReady(): LiveState {
    if (this.#log.failure !== undefined) throw this.#log.failure
    if (this.#state === undefined) throw notReady
    if (this.isFull()) {
      throw new FraudError('OVERLOADED', 'Too many decisions are waiting to be written')
    }
    return this.#state
  }

  /** Whether as much waits for the disk as may. */
  isFull(): boolean {
    const { maxPending } = this.#options
    if (this.#log.pending < maxPending) return false
    // Under overload a turn of the loop is long, and what is durable need not wait for its end.
    this.#log.poll()
    return this.#log.pending >= maxPending
  }

  /** Whether there is room for work that can wait, which leaves half of it to what comes alone. */
  hasRoom(): boolean {
    return this.#log.pending <= this.#options.maxPending / 2
  }

  /** Resolves when there is room for some more work that can wait. Others may take it first: ask again. */
  room(): Promise<void> {
    this.#room ??= this.#waitForRoom().finally(() => {
      this.#room = undefined
    })
    return this.#room
  }

  async #waitForRoom(): Promise<void> {
    while (!this.hasRoom()) await sleep(1)
  }

  /** The answer to a transaction that came before, or is just being decided; undefined where it is new. */
  #firstAnswer(input: LiveTransaction): Promise<Decision> | undefined {
    const { id } = input
    const underway = this.#inFlight.get(id)
    if (underway !== undefined) {
      refuseConflict(this.#differences({ ...underway, columns: this.#state?.definition.columns ?? [] }, input))
      this.#options.observer.duplicate()
      return underway.answer.then((decision) => ({ ...decision, duplicate: true }))
    }
    const record = this.#log.reading.find(id)
    if (record === undefined) return undefined
    const definition = this.#log.reading.definition(record.definition)
    const { timestampMs, fields } = record
    refuseConflict(this.#differences({ timestampMs, fields, columns: definition.columns }, input))
    if (record.kind === 'history') {
      throw new FraudError('TRANSACTION_CONFLICT', 'This transaction was brought in as history, without a decision')
    }
    this.#options.observer.duplicate()
    const first = present(record, definition, this.#words.reasonsOf(record, definition))
    return Promise.resolve({ ...first, duplicate: true })
  }

  #differences(first: Parameters<typeof differences>[0], input: LiveTransaction): readonly FieldError[] {
    if (this.#state === undefined) throw notReady
    return differences(first, input, this.#state)
  }
}
