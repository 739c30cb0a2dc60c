import { setTimeout as sleep } from 'node:timers/promises'
import { type FieldError, FraudError } from '../core/errors.ts'
import type { FieldValue } from '../core/field-value.ts'
import type { LiveTransaction } from '../core/live-transaction.ts'
import { showValue } from '../core/show-value.ts'
import { isOfCalendar, showTime } from '../core/time-formats.ts'
import { formatIsoTime } from '../core/time-parser.ts'
import type { Transaction } from '../core/transaction.ts'
import type { Contribution } from '../decisioning/contribution.ts'
import { type Decision, type Degradation, shownDegraded } from '../decisioning/decision.ts'
import { strongest } from '../decisioning/feature-reasons.ts'
import { opinionsOf, type Reason, settle, unavailable, type Verdict } from '../decisioning/policy.ts'
import { computeRow } from '../features/feature-set.ts'
import type { History, LabelledEvent } from '../features/history.ts'
import type { MemoryHistories } from '../features/memory-histories.ts'
import type { ListedText } from '../features/scope.ts'
import type { DecisionLog, TransactionRecord } from '../log/decision-log.ts'
import type { DecisionRecord, Definition, LabelRecord, Sequenced } from '../log/log-record.ts'
import type { DecisionObserver } from './decision-observer.ts'
import { DecisionWords } from './decision-words.ts'
import type { HistoryFold } from './history-fold.ts'
import { idThatIsTold, type LabelAnswer, type LabelInput } from './labels.ts'
import { type LiveDetector, longestSpanMs, RecordTransactions } from './live-detector.ts'

/** The detector that decides, what the log says of it, and the histories as they stand. */
export interface LiveState {
  readonly live: LiveDetector
  readonly definition: Definition
  /** The sequence number under which the log has it. */
  readonly definitionSequence: number
  readonly fold: HistoryFold<MemoryHistories>
  /** The time of the oldest transaction that is kept; undefined where there is none. */
  readonly coveredSinceMs: number | undefined
  /** The event time from which no history lacks what transactions of the log did not declare. */
  readonly lostUntilMs: number
}

export interface DeciderOptions {
  readonly log: DecisionLog
  readonly observer: DecisionObserver
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** How far ahead of the clock a transaction may be. */
  readonly maxAheadMs: number
  /** Records that may be on the way to the disk before new ones are refused. */
  readonly maxPending: number
  /** Labels that may wait for their transactions. */
  readonly maxPendingLabels: number
  /** A bug in a feature or a model kept a transaction from getting a score. */
  readonly onFault: (what: Degradation, error: unknown) => void
}

interface InFlight {
  readonly fields: readonly FieldValue[]
  readonly timestampMs: number
  readonly event: LabelledEvent
  readonly answer: Promise<Decision>
}

/** What was said of an id so far. */
interface KnownLabels<Label> {
  readonly last: Label | undefined
  readonly count: number
}

type SaidLabel = Pick<LabelRecord, 'isFraud' | 'knownAtMs' | 'source'>

interface LabelInFlight {
  readonly record: LabelRecord
  /** Those of its id that were on their way when it came. */
  readonly before: readonly LabelRecord[]
  /** Of all labels of its id, this one included. */
  readonly count: number
  readonly answer: Promise<LabelAnswer>
}

/** What became of a label of a file. */
export interface FileLabel {
  readonly answer: LabelAnswer
  /** Another one was there, and this one counts from now on. */
  readonly isChange: boolean
  /** It was said before, and another label, that came since, counts. */
  readonly isOverruled: boolean
}

/** Labels that an id may have. */
export const mostLabels = 100

interface Judgement {
  readonly score: number | null
  readonly verdict: Verdict
  readonly degraded: readonly Degradation[]
  readonly contributions: readonly Contribution[]
}

const notReady = new FraudError('LOG_UNAVAILABLE', 'Histories are being rebuilt from the log')

/** Decides transactions, one after the other, each on everything that came before it. */
export class Decider {
  readonly #options: DeciderOptions
  readonly #log: DecisionLog
  #state: LiveState | undefined
  #spanMs = Number.POSITIVE_INFINITY
  /** How far ahead of the newest a time may be that no clock bounds. */
  #leapMs = Number.POSITIVE_INFINITY
  #coveredSinceMs: number | undefined
  #lostUntilMs = Number.NEGATIVE_INFINITY
  #row = new Float64Array(0)
  /** The positions of keys among the fields. */
  #keysAt: readonly number[] = []
  #transactions: RecordTransactions | undefined
  readonly #words = new DecisionWords()
  /** By transaction id: decisions, and the last labels, that are on their way to the disk. */
  readonly #inFlight = new Map<string, InFlight>()
  readonly #labelsInFlight = new Map<string, LabelInFlight>()
  /** The one wait for room that all who wait share. */
  #room: Promise<void> | undefined

  constructor(options: DeciderOptions) {
    this.#options = options
    this.#log = options.log
  }

  get isReady(): boolean {
    return this.#state !== undefined && this.#log.failure === undefined
  }

  get state(): LiveState | undefined {
    return this.#state
  }

  /** How much event time the log covers; 0 where it is empty. */
  get coverageMs(): number {
    const newestMs = this.#state?.fold.histories.newestMs ?? Number.NEGATIVE_INFINITY
    return this.#coveredSinceMs === undefined ? 0 : Math.max(0, newestMs - this.#coveredSinceMs)
  }

  get spanMs(): number {
    return this.#spanMs
  }

  /** Decides with these histories from the next transaction on; undefined: not until there are some again. */
  use(state: LiveState | undefined): void {
    this.#state = state
    if (state === undefined) return
    const { time } = state.live.detector.transaction
    this.#spanMs = longestSpanMs(state.live.features)
    // One wrong time that leaps further would have those after it refused as too old.
    const hasLeaps = time !== undefined && !isOfCalendar(time)
    this.#leapMs = hasLeaps ? Math.max(this.#spanMs, this.#options.maxAheadMs) : Number.POSITIVE_INFINITY
    this.#coveredSinceMs = state.coveredSinceMs
    this.#lostUntilMs = state.lostUntilMs
    this.#row = new Float64Array(state.live.features.names.length)
    const { keys = {}, optionalKeys = [] } = state.live.detector.transaction
    const expected = Object.entries(keys).filter(([name]) => !optionalKeys.includes(name))
    this.#keysAt = expected.map(([, column]) => state.definition.columns.indexOf(column))
    this.#transactions = new RecordTransactions(state.live, this.#log.reading)
  }

  /**
   * Decides a transaction, durably: the promise resolves once its record is on disk. All that depends on the order of
   * transactions is done before this returns.
   *
   * @param waitedMs how long the transaction has waited so far.
   * @param isAsked whether to explain an approval, too.
   * @throws FraudError LOG_UNAVAILABLE, OVERLOADED, TRANSACTION_CONFLICT, TRANSACTION_IN_FUTURE, TRANSACTION_TOO_OLD or
   *   CURRENCY_MIXED; then nothing was changed.
   */
  decide(input: LiveTransaction, waitedMs: () => number, isAsked = false): Promise<Decision> {
    const again = this.#firstAnswer(input)
    if (again !== undefined) return again
    const state = this.#requireReady()
    this.#checkTime(input.transaction.timestampMs)
    const { transaction } = input
    const histories = state.fold.begin(transaction)
    const judgement = this.#judge(state, input, histories, waitedMs, isAsked)
    return this.#append(state, input, judgement)
  }

  /**
   * Takes a transaction in that is only to be known, not decided.
   *
   * @returns whether it is new; one that is known is left as it is.
   * @throws FraudError LOG_UNAVAILABLE, OVERLOADED, CURRENCY_MIXED or TRANSACTION_CONFLICT; then nothing was changed.
   */
  bringIn(input: LiveTransaction, isLabelled: boolean): Promise<boolean> {
    const state = this.#requireReady()
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

  /**
   * @param first the place in the caller's array of the first input; undefined where there was no array.
   * @throws FraudError LOG_UNAVAILABLE, OVERLOADED, LABELS_FULL, PENDING_LABELS_FULL, or INPUT_INVALID where one was known before its
   * transaction; then none of the labels counts.
   */
  label(inputs: readonly LabelInput[], by: string, first?: number): Promise<readonly LabelAnswer[]> {
    const state = this.#requireReady()
    const events = inputs.map(({ transactionId }) => this.#eventOf(transactionId))
    refuseForeknown(inputs, events, first)
    const known = this.#knownLabels(inputs)
    refuseManyLabels(inputs, known)
    this.#refuseToWait(state, inputs, by, events, known)
    return Promise.all(inputs.map((input, i) => this.#label(state, input, by, events[i], known)))
  }

  /** Throws as `label` does for labels that were known before their transactions, and takes none in. */
  refuseForeknown(inputs: readonly LabelInput[], first: number): void {
    const events = inputs.map(({ transactionId }) => this.#eventOf(transactionId))
    refuseForeknown(inputs, events, first)
  }

  /**
   * A label of a file that may be sent again, as a whole or in part: what was ever said of this id with this known-at time
   * changes nothing, even where another label came since. Throws as `label` does.
   */
  async labelOfFile(input: LabelInput, by: string): Promise<FileLabel> {
    const { transactionId: id } = input
    const underway = this.#labelsInFlight.get(id)
    const last = underway?.record ?? this.#log.reading.lastLabel(id)
    if (last !== undefined && !isSame(last, input) && input.knownAtMs !== undefined) {
      const said = [...(underway?.before ?? []), ...this.#log.reading.labelsOf(id)].find((label) =>
        isSame(label, input),
      )
      if (said !== undefined) {
        this.#requireReady()
        const pending = this.#eventOf(id) === undefined
        await underway?.answer
        return { answer: answerTo(said, pending, true), isChange: false, isOverruled: true }
      }
    }
    const [answer] = await this.label([input], by)
    return { answer, isChange: last !== undefined && !answer.duplicate, isOverruled: false }
  }

  /** The fields in which a transaction differs from the one of its id that is known; undefined where none is known. */
  differences({ id, fields, transaction }: LiveTransaction): readonly FieldError[] | undefined {
    const underway = this.#inFlight.get(id)
    const known = underway ?? this.#log.reading.find(id)
    if (known === undefined) return undefined
    const columns =
      'definition' in known
        ? this.#log.reading.definition(known.definition).columns
        : (this.#state?.definition.columns ?? [])
    return this.#differences(known.timestampMs === transaction.timestampMs, known.fields, columns, fields)
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

  #requireReady(): LiveState {
    if (this.#log.failure !== undefined) throw this.#log.failure
    if (this.#state === undefined) throw notReady
    if (this.isFull()) {
      throw new FraudError('OVERLOADED', 'Too many decisions are waiting to be written')
    }
    return this.#state
  }

  /** Of a transaction that came before, or is just being decided. */
  #firstAnswer(input: LiveTransaction): Promise<Decision> | undefined {
    const { id, fields, transaction } = input
    const underway = this.#inFlight.get(id)
    if (underway !== undefined) {
      const isSameTime = underway.timestampMs === transaction.timestampMs
      refuseConflict(this.#differences(isSameTime, underway.fields, this.#state?.definition.columns ?? [], fields))
      this.#options.observer.duplicate()
      return underway.answer.then((decision) => ({ ...decision, duplicate: true }))
    }
    const record = this.#log.reading.find(id)
    if (record === undefined) return undefined
    const definition = this.#log.reading.definition(record.definition)
    const isSameTime = record.timestampMs === transaction.timestampMs
    refuseConflict(this.#differences(isSameTime, record.fields, definition.columns, fields))
    if (record.kind === 'history') {
      throw new FraudError('TRANSACTION_CONFLICT', 'This transaction was brought in as history, without a decision')
    }
    this.#options.observer.duplicate()
    return Promise.resolve({
      ...present(record, definition, this.#words.reasonsOf(record, definition)),
      duplicate: true,
    })
  }

  /** Fields that differ, of those that were kept then and are declared now. */
  #differences(
    isSameTime: boolean,
    kept: readonly FieldValue[],
    columns: readonly string[],
    fields: readonly FieldValue[],
  ): readonly FieldError[] {
    const state = this.#state
    if (state === undefined) throw notReady
    const { time } = state.live.detector.transaction
    const now = state.definition.columns
    const different: FieldError[] = isSameTime ? [] : [{ field: time?.field ?? '', reason }]
    columns.forEach((field, i) => {
      const at = columns === now ? i : now.indexOf(field)
      if (at >= 0 && !Object.is(kept[i], fields[at]) && !isSameAsText(kept[i], fields[at]))
        different.push({ field, reason })
    })
    return different
  }

  #checkTime(timestampMs: number): void {
    const { clock, maxAheadMs } = this.#options
    const latestMs = clock() + maxAheadMs
    if (timestampMs > latestMs) {
      const reason = `The transaction's time is ahead of the service's clock: none after ${formatIsoTime(latestMs)} is taken in now`
      throw new FraudError('TRANSACTION_IN_FUTURE', reason)
    }
    const newestMs = this.#state?.fold.histories.newestMs ?? Number.NEGATIVE_INFINITY
    if (timestampMs > newestMs + this.#leapMs && newestMs > Number.NEGATIVE_INFINITY) {
      const reason = `The transaction's time is further ahead of the newest than histories reach: none after ${this.#showTime(newestMs + this.#leapMs)} is taken in now, unless --max-ahead allows more`
      throw new FraudError('TRANSACTION_IN_FUTURE', reason)
    }
    if (timestampMs < newestMs - this.#spanMs) {
      const reason = `The transaction is older than the histories that are kept: none before ${this.#showTime(newestMs - this.#spanMs)} is taken in now`
      throw new FraudError('TRANSACTION_TOO_OLD', reason)
    }
  }

  #showTime(timestampMs: number): string {
    const time = this.#state?.live.detector.transaction.time
    return time === undefined ? formatIsoTime(timestampMs) : showTime(timestampMs, time)
  }

  #judge(
    { live, fold }: LiveState,
    { fields, transaction }: LiveTransaction,
    histories: readonly History[],
    waitedMs: () => number,
    isAsked: boolean,
  ): Judgement {
    // In the order in which a record gives them back.
    const degraded: Degradation[] = []
    const gaps = fold.histories.degraded()
    if (gaps.includes('history-capped')) degraded.push('history-capped')
    if (this.#isShort(transaction.timestampMs, fold)) degraded.push('history-short')
    const row = this.#row
    let score: number | null = null
    let failure: Degradation = 'features-failed'
    try {
      computeRow(live.features, transaction, histories, row)
      failure = 'model-failed'
      const { probability } = live.predictor.predict(row)
      if (!(probability >= 0 && probability <= 1)) throw new RangeError('a probability is between 0 and 1')
      // The log's store knows no -0.
      score = probability + 0
      if (waitedMs() > live.policy.deadlineMs) {
        degraded.push('deadline-passed')
        score = null
      }
    } catch (error) {
      this.#options.onFault(failure, error)
      // A bug in a feature or a model must not stop payments: the policy says what happens without a score.
      degraded.push(failure)
      if (failure === 'features-failed') row.fill(Number.NaN)
    }
    if (gaps.includes('history-dropped')) degraded.push('history-dropped')
    if (this.#keysAt.some((at) => fields[at] === undefined)) degraded.push('key-missing')
    if (live.features.listed.some((listed) => isUnlisted(transaction, listed))) degraded.push('category-unknown')
    if (transaction.timestampMs < this.#lostUntilMs) degraded.push('histories-lost')
    const verdict = score === null ? unavailable(live.policy) : settle(opinionsOf(live.policy, score))
    // An explanation takes many times as long as a score, and of a large forest too long for whoever waits behind.
    const isWanted = isAsked || verdict.outcome !== 'approve'
    const isExplained = score !== null && isWanted && live.predictor.explainsLive === true
    return { score, verdict, degraded, contributions: isExplained ? this.#explain(live) : [] }
  }

  #explain({ predictor }: LiveDetector): readonly Contribution[] {
    if (predictor.explain === undefined) return []
    try {
      const { contributions, scale } = predictor.explain(this.#row)
      return strongest(contributions, scale)
    } catch (error) {
      // The score stands without them.
      this.#options.onFault('model-failed', error)
      return []
    }
  }

  /** Whether the log does not reach back as far as the features look, or nothing came for so long. */
  #isShort(timestampMs: number, { resumedAtMs }: HistoryFold): boolean {
    if (this.#spanMs === Number.POSITIVE_INFINITY) return false
    this.#coveredSinceMs ??= timestampMs
    return timestampMs - Math.max(this.#coveredSinceMs, resumedAtMs ?? Number.NEGATIVE_INFINITY) < this.#spanMs
  }

  #append(state: LiveState, { id, fields, transaction }: LiveTransaction, judgement: Judgement): Promise<Decision> {
    const { score, verdict, degraded, contributions } = judgement
    const record: DecisionRecord = {
      kind: 'decision',
      id,
      timestampMs: transaction.timestampMs,
      outcome: verdict.outcome,
      score,
      decidedAtMs: this.#options.clock(),
      definition: state.definitionSequence,
      degraded,
      fields,
      row: this.#row,
      ...(contributions.length > 0 && { contributions }),
    }
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
    this.#options.observer.decided(decision, this.#row, state.definition.features)
    return promise
  }

  /**
   * Anybody can make up ids: labels of transactions that have not come must not grow without a bound, and those of one key
   * not to where there is no room for others'.
   */
  #refuseToWait(
    { fold }: LiveState,
    inputs: readonly LabelInput[],
    by: string,
    events: readonly unknown[],
    known: ReadonlyMap<string, KnownLabels<LabelRecord>>,
  ): void {
    const { maxPendingLabels } = this.#options
    const share = isKey(by) ? Math.ceil(maxPendingLabels / 2) - fold.pendingLabelsBy(by) : Number.POSITIVE_INFINITY
    const room = Math.min(maxPendingLabels - fold.pendingLabels, share)
    if (inputs.length <= room) return
    const more = inputs.filter((input, i) => {
      const last = known.get(input.transactionId)?.last
      return events[i] === undefined && !(last !== undefined && isSame(last, input))
    })
    if (more.length === 0 || more.length <= room) return
    this.#options.observer.labelsRefused(more.length)
    const waiting = room === share ? `${fold.pendingLabelsBy(by)} labels of this key` : `${fold.pendingLabels} labels`
    throw new FraudError(
      'PENDING_LABELS_FULL',
      `${waiting} already wait for transactions that have not come; label transactions that have come`,
    )
  }

  #knownLabels(inputs: readonly LabelInput[]): ReadonlyMap<string, KnownLabels<LabelRecord>> {
    const known = new Map<string, KnownLabels<LabelRecord>>()
    for (const { transactionId: id } of inputs) {
      if (known.has(id)) continue
      const underway = this.#labelsInFlight.get(id)
      const last = underway?.record ?? this.#log.reading.lastLabel(id)
      const countKept = () => (last === undefined ? 0 : this.#log.reading.countLabels(id, mostLabels))
      known.set(id, { last, count: underway?.count ?? countKept() })
    }
    return known
  }

  #label(
    state: LiveState,
    input: LabelInput,
    by: string,
    event: LabelledEvent | undefined,
    known: ReadonlyMap<string, KnownLabels<LabelRecord>>,
  ): Promise<LabelAnswer> {
    const { transactionId: id, isFraud, source } = input
    const nowMs = this.#options.clock()
    const underway = this.#labelsInFlight.get(id)
    const last = underway?.record ?? known.get(id)?.last
    if (last !== undefined && isSame(last, input)) {
      const again = answerTo(last, event === undefined, true)
      return underway === undefined ? Promise.resolve(again) : underway.answer.then(() => again)
    }
    const record: LabelRecord = {
      kind: 'label',
      id,
      isFraud,
      // A transaction may be ahead of the clock.
      knownAtMs: input.knownAtMs ?? Math.max(nowMs, event?.timestampMs ?? nowMs),
      source,
      receivedAtMs: nowMs,
      of: event?.sequence ?? 0,
      by,
    }
    const { promise, resolve, reject } = Promise.withResolvers<LabelAnswer>()
    this.#log.append(record, (error) => {
      if (this.#labelsInFlight.get(id)?.record === record) this.#labelsInFlight.delete(id)
      if (error === undefined) resolve(answerTo(record, event === undefined, false))
      else reject(error)
    })
    const count = (underway?.count ?? known.get(id)?.count ?? 0) + 1
    const before = underway === undefined ? [] : [...underway.before, underway.record]
    this.#labelsInFlight.set(id, { record, before, count, answer: promise })
    if (event?.texts !== notHeld) state.fold.label(record, event)
    this.#options.observer.labelled(isFraud, nowMs, event && record.knownAtMs - event.timestampMs)
    return promise
  }

  #eventOf(id: string): LabelledEvent | undefined {
    const underway = this.#inFlight.get(id)
    if (underway !== undefined) return underway.event
    const record: TransactionRecord | undefined = this.#log.reading.find(id)
    if (record === undefined) return undefined
    const { sequence, timestampMs } = record
    return { sequence, timestampMs, texts: this.#transactions?.of(record)?.texts ?? notHeld }
  }
}

const reason = 'differs from what was sent first'

/** A field of either kind may be sent as a number and come from a file as text. */
function isSameAsText(one: FieldValue, other: FieldValue): boolean {
  if (one === undefined || other === undefined || typeof one === typeof other) return false
  return String(one) === String(other)
}
/** The texts of a transaction that these histories can't hold, so that its label changes none of them. */
const notHeld: readonly string[] = []

function isUnlisted({ texts }: Transaction, { text, values }: ListedText): boolean {
  const value = texts[text]
  return value !== undefined && !values.has(value)
}

/** Whether a principal's name is that of a key, of which there may be others. */
function isKey(by: string): boolean {
  return by.startsWith('key:') || by.startsWith('environment:')
}

/** Whoever contradicts themselves without end must not fill the log, nor what waits for a transaction. */
function refuseManyLabels(inputs: readonly LabelInput[], known: ReadonlyMap<string, KnownLabels<SaidLabel>>): void {
  const told = new Map(known)
  for (const input of inputs) {
    const { transactionId: id, isFraud, knownAtMs = Number.NaN, source } = input
    const { last, count } = told.get(id) ?? { last: undefined, count: 0 }
    if (last !== undefined && isSame(last, input)) continue
    if (count >= mostLabels)
      throw new FraudError('LABELS_FULL', `Transaction "${showValue(id)}" already has ${mostLabels} labels`, {
        errors: [{ field: 'transactionId', reason: `has ${mostLabels} labels`, ...idThatIsTold(id) }],
      })
    told.set(id, { last: { isFraud, knownAtMs, source }, count: count + 1 })
  }
}

/** Refuses labels that were known before their transactions took place. */
function refuseForeknown(
  inputs: readonly LabelInput[],
  events: readonly (LabelledEvent | undefined)[],
  first: number | undefined,
): void {
  const errors = inputs.flatMap(({ transactionId, knownAtMs = Number.POSITIVE_INFINITY }, i): FieldError[] => {
    const at = first === undefined ? '' : `[${first + i}].`
    const isForeknown = knownAtMs < (events[i]?.timestampMs ?? Number.NEGATIVE_INFINITY)
    const reason = "is before the transaction's own time"
    return isForeknown ? [{ field: `${at}knownAt`, reason, ...idThatIsTold(transactionId) }] : []
  })
  if (errors.length > 0) throw new FraudError('INPUT_INVALID', 'A label was known before its transaction', { errors })
}

function refuseConflict(errors: readonly FieldError[]): void {
  if (errors.length === 0) return
  throw new FraudError(
    'TRANSACTION_CONFLICT',
    'A transaction with this id was already received with different content',
    { errors },
  )
}

/**
 * A decision as it is answered, of its record and of what was in force then.
 *
 * @param featureReasons what features spoke for fraud, in words.
 */
export function present(
  record: DecisionRecord | Sequenced<DecisionRecord>,
  definition: Definition,
  featureReasons: readonly Reason[],
): Decision {
  const { id, score, outcome, decidedAtMs } = record
  const { policy, model, contributionScale } = definition
  const { reasons } = score === null ? unavailable(policy) : settle(opinionsOf(policy, score))
  return {
    transactionId: id,
    outcome,
    score,
    reasons: featureReasons.length === 0 ? reasons : [...reasons, ...featureReasons],
    ...(featureReasons.length > 0 && contributionScale && { contributionScale }),
    rules: [],
    model,
    policy: policy.version,
    decidedAt: formatIsoTime(decidedAtMs),
    duplicate: false,
    degraded: shownDegraded(record),
  }
}

function isSame(last: SaidLabel, { isFraud, knownAtMs, source }: LabelInput): boolean {
  return (
    last.isFraud === isFraud &&
    (knownAtMs === undefined || knownAtMs === last.knownAtMs) &&
    (source === undefined || source === last.source)
  )
}

function answerTo({ id, isFraud, knownAtMs, source }: LabelRecord, pending: boolean, duplicate: boolean): LabelAnswer {
  const knownAt = formatIsoTime(knownAtMs)
  return { transactionId: id, isFraud, knownAt, source: source ?? null, pending, duplicate }
}
