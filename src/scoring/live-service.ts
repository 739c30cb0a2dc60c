import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { durationMs } from '../core/duration.ts'
import { type FieldError, FraudError } from '../core/errors.ts'
import { type Concealment, type LiveTransaction, LiveTransactionReader } from '../core/live-transaction.ts'
import { columnOfName } from '../core/personal-columns.ts'
import { isOfCalendar } from '../core/time-formats.ts'
import { formatIsoTime } from '../core/time-parser.ts'
import type { Decision } from '../decisioning/decision.ts'
import type { DecisionLog, LogReading } from '../log/decision-log.ts'
import type { DecisionPages, DecisionQuery } from '../log/decision-pages.ts'
import { type CheckpointRecord, type Definition, type LogRecord, recordFormat } from '../log/log-record.ts'
import type { PersonalValues } from '../log/personal-values.ts'
import type { Snapshot } from '../log/snapshots.ts'
import { tellUnread } from '../log/unread-parts.ts'
import { hashesCards, refuseCardKey, requireCardKey } from './card-key.ts'
import { Decider, type DeciderOptions, type FileLabel } from './decider.ts'
import type { DecisionObserver } from './decision-observer.ts'
import { type DecisionDetail, type DecisionView, DecisionViews } from './decision-view.ts'
import { erasePerson, plainColumns } from './erase-person.ts'
import { type LabelAnswer, type LabelInput, readLabel, readLabels } from './labels.ts'
import { type LiveDetector, longestSpanMs } from './live-detector.ts'
import {
  type ColumnCount,
  ColumnCounts,
  columnsBefore,
  historyColumns,
  LostHistories,
  refuseLosses,
  tellCounts,
} from './lost-histories.ts'
import { HistoryRebuild } from './rebuild.ts'

/** What the service says of itself. */
interface LiveLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** The log as the service needs it: appending, reading, and what keeps it short. */
export interface KeptLog extends DecisionLog {
  readonly reading: LogReading & {
    hashAt(sequence: number): Uint8Array | undefined
    lastBefore(timestampMs: number): number
  }
  prune(through: number): void
  erase(key: string, value: string, erasedAtMs: number, by: string): Promise<string | undefined>
  close(): Promise<void>
}

export interface LiveServiceOptions {
  readonly log: KeptLog
  readonly observer: DecisionObserver
  readonly pages: DecisionPages
  readonly persons: PersonalValues
  /** A keyed hash of the digits of a card number, where the detector wants such. */
  readonly hashCardNumber: Concealment['hashCardNumber']
  /** Tells the key of those hashes; undefined where there is no key. */
  readonly cardKeyCheck?: string | undefined
  readonly say: LiveLog
  readonly clock: () => number
  readonly maxAheadMs: number
  readonly maxPending: number
  readonly maxPendingLabels: number
  readonly maxHistoryBytes: number
  readonly snapshotEvery: number
  readonly snapshotEveryMs: number
  /** How long records are kept; undefined: for ever. */
  readonly retainMs: number | undefined
  /** Whether a detector may take over whose histories the log can't give. */
  readonly acceptLostHistories?: boolean | undefined
  /** Whether a field that the detector does not declare is refused. */
  readonly isStrict?: boolean
  readonly runtime: string
  /** Runs the path once before a detector decides, so that its first decision is not a slow one; without it only the model. */
  readonly warmUp?: (live: LiveDetector) => Promise<void>
  /** The newest snapshot that serves. */
  readonly findSnapshot: (live: LiveDetector) => Snapshot | undefined
  /** Takes a snapshot elsewhere, checks it, and says up to which record the older of those kept goes. */
  readonly takeSnapshot: () => Promise<{ readonly sequence: number; readonly safeThrough: number }>
}

const slowestRetryMs = 5000
const faultsSaidEveryMs = 60_000
const tickMs = 1000
const labelsAtOnce = 8

/** When work on many labels has to wait for other requests, and how. */
interface LabelTurns {
  isOver(): boolean
  next(): Promise<void>
}
const turnEach: LabelTurns = { isOver: () => true, next: nextTurn }

/** The live path with everything that keeps it alive: start, failure and recovery, reload, snapshots, retention. */
export class LiveService {
  readonly decider: Decider
  readonly #options: LiveServiceOptions
  readonly #log: KeptLog
  #live: LiveDetector
  #reader: LiveTransactionReader
  #resuming: Promise<void> | undefined
  #snapshotting: Promise<void> | undefined
  /** While one detector takes over from another. */
  #pause: Promise<void> | undefined
  /** The last takeover. */
  #taken: Promise<void> = Promise.resolve()
  #isClosing = false
  /** The detector whose path was warmed up last. */
  #warm: LiveDetector | undefined
  #snapshotSequence = 0
  #snapshotAtMs: number | undefined
  readonly #startedAtMs: number
  snapshots = { ok: 0, failed: 0 }
  readonly #views: DecisionViews
  readonly #timer: NodeJS.Timeout

  constructor(live: LiveDetector, options: LiveServiceOptions) {
    const { log, observer, clock, maxAheadMs, maxPending, maxPendingLabels } = options
    this.#options = options
    this.#log = log
    this.#live = live
    this.#startedAtMs = clock()
    this.#reader = this.#createReader(live)
    this.#views = new DecisionViews(log.reading, options.persons)
    checkRetention(live, options.retainMs)
    const onFault = faultReporter(options.say, clock)
    this.decider = new Decider({ log, observer, clock, maxAheadMs, maxPending, maxPendingLabels, onFault })
    log.onFailure(() => void this.resume())
    this.#timer = setInterval(() => void this.#keep(), tickMs)
    this.#timer.unref()
  }

  get live(): LiveDetector {
    return this.#live
  }

  /** Reads what is durable. */
  get reading(): LogReading {
    return this.#log.reading
  }

  get isReady(): boolean {
    return this.decider.isReady
  }

  /** The newest event time; undefined where there is none. */
  get newestMs(): number | undefined {
    return this.decider.state?.fold.histories.newestMs
  }

  /** When the newest snapshot was taken, as far as this process knows. */
  get snapshotAtMs(): number | undefined {
    return this.#snapshotAtMs
  }

  /** One transaction, from parsed JSON to its durable decision. */
  decide(
    value: unknown,
    repeated: ReadonlySet<string> | undefined,
    waitedMs: () => number,
    isAsked = false,
  ): Promise<Decision> {
    if (this.#pause !== undefined) return this.#pause.then(() => this.decide(value, repeated, waitedMs, isAsked))
    return this.#read(value, repeated, (input) => this.decider.decide(input, waitedMs, isAsked))
  }

  /** The fields in which a transaction differs from the one of its id that is known; undefined where none is known. */
  differences(value: unknown): readonly FieldError[] | undefined {
    return this.#read(value, undefined, (input) => this.decider.differences(input))
  }

  /** A transaction that is only to be known; false where it was known before. */
  bringIn(value: unknown, isLabelled: boolean): Promise<boolean> {
    if (this.#pause !== undefined) return this.#pause.then(() => this.bringIn(value, isLabelled))
    return this.#read(value, undefined, (input) => this.decider.bringIn(input, isLabelled))
  }

  /** One label or many that somebody says, from parsed JSON: all are checked first, then taken in a few at a time, between decisions. */
  async label(value: unknown, by: string, turns: LabelTurns = turnEach): Promise<readonly LabelAnswer[]> {
    const inputs = await this.#readLabels(value, turns)
    // All of them before the first is taken in; what comes in between is looked at again.
    for (let from = 0; inputs.length > labelsAtOnce && from < inputs.length; from += labelsAtOnce) {
      this.decider.refuseForeknown(inputs.slice(from, from + labelsAtOnce), from)
      if (turns.isOver()) await turns.next()
    }
    const groups: Promise<readonly LabelAnswer[]>[] = []
    for (let from = 0; from < inputs.length; from += labelsAtOnce) {
      while (from > 0) {
        await this.decider.room()
        await turns.next()
        if (this.decider.hasRoom()) break
      }
      await this.#pause
      const first = Array.isArray(value) ? from : undefined
      const group = this.decider.label(inputs.slice(from, from + labelsAtOnce), by, first)
      // One that fails is heard of below, or not at all where a later one is refused before.
      group.catch(() => {})
      groups.push(group)
    }
    return (await Promise.all(groups)).flat()
  }

  /**
   * One label of a file that may be sent again (`Decider.labelOfFile`), from parsed JSON. Up to its place in the log all is
   * done before this returns.
   */
  labelOfFile(value: unknown, by: string): Promise<FileLabel> {
    if (this.#pause !== undefined) return this.#pause.then(() => this.labelOfFile(value, by))
    const { clock, maxAheadMs } = this.#options
    return this.decider.labelOfFile(readLabel(value, clock(), maxAheadMs), by)
  }

  async #readLabels(value: unknown, turns: LabelTurns): Promise<readonly LabelInput[]> {
    const { clock, maxAheadMs } = this.#options
    const reading = readLabels(value, clock(), maxAheadMs)
    for (let step = reading.next(); ; step = reading.next()) {
      if (step.done === true) return step.value
      if (turns.isOver()) await turns.next()
    }
  }

  /** All that is known of a decision; why the model answered as it did only if asked. */
  find(id: string, isAsked = false): DecisionDetail | undefined {
    const record = this.#log.reading.find(id)
    if (record?.kind !== 'decision') return undefined
    return this.#views.detail(record, isAsked ? this.live.predictor : undefined)
  }

  /** The decision of an id, as pages show it. */
  view(id: string): DecisionView | undefined {
    const record = this.#log.reading.find(id)
    return record?.kind === 'decision' ? this.#views.view(record) : undefined
  }

  /** Decisions are made ready to be shown as they are asked for. */
  async page(query: DecisionQuery): Promise<{ records: Iterable<DecisionView>; next: number | null }> {
    const { records, next } = await this.#options.pages.page(query)
    return { records: records.values().map((record) => this.#views.view(record)), next }
  }

  /**
   * What the log keeps of a key's value: a hash of a card number, the token of a person, else the value; undefined where
   * it never came.
   *
   * @throws FraudError INPUT_INVALID or CARD_NUMBER_REFUSED, as of a transaction with this value
   */
  keptValue(key: string, value: string | number): string | undefined {
    const kept = this.#reader.readKey(key, value)
    const { personal = [] } = this.#live.detector.transaction
    return personal.includes(key) ? this.#options.persons.tokenOf(key, kept) : kept
  }

  /** The id of a transaction that was refused, where it can be read. */
  idOf(given: unknown): string | undefined {
    return this.#reader.idOf(given)
  }

  /** Whether records may hold values of a key in plain text that is personal now: no token finds those. */
  mayHoldInClear(key: string): boolean {
    const { transaction } = this.#live.detector
    if (transaction.personal?.includes(key) !== true) return false
    const { reading } = this.#log
    return reading
      .definitionSequences()
      .some((sequence) => plainColumns(reading.definition(sequence), key, columnOfName(transaction, key)).length > 0)
  }

  /** Makes histories from the log and decides from then on; tries again until it can. */
  resume(): Promise<void> {
    this.#resuming ??= this.#resume().finally(() => {
      this.#resuming = undefined
    })
    return this.#resuming
  }

  /** Decides with another detector as soon as its histories are there; until then with the one before. */
  async use(live: LiveDetector): Promise<void> {
    checkRetention(live, this.#options.retainMs)
    requireCardKey(live, this.#options.cardKeyCheck)
    await this.#resuming
    await this.#take(live)
  }

  /**
   * Forgets what the token of a person stands for, and keeps who asked for it; undefined where there is no such person.
   *
   * @throws FraudError INPUT_INVALID or CARD_NUMBER_REFUSED, as of a transaction with this value; ERASURE_INCOMPLETE
   *   where records of before the key was personal hold it
   */
  async erase(key: string, value: string, by: string): Promise<string | undefined> {
    const kept = this.#reader.readKey(key, value)
    // A log that was begun before texts were trimmed may hold the value with its blanks.
    const values = new Set([kept, value])
    return erasePerson(this.#log, this.#live.detector, key, values, this.#options.clock(), by)
  }

  async close(): Promise<void> {
    this.#isClosing = true
    clearInterval(this.#timer)
    await this.#snapshotting
    await this.#resuming
    await this.#log.close()
  }

  /** Nothing is kept of the person in a transaction that is refused. */
  #read<Taken>(
    value: unknown,
    repeated: ReadonlySet<string> | undefined,
    take: (input: LiveTransaction) => Taken,
  ): Taken {
    try {
      return take(this.#reader.read(value, repeated))
    } finally {
      this.#options.persons.dropProposed()
    }
  }

  readonly #token: Concealment['token'] = (key, value) => this.#options.persons.token(key, value)

  #createReader(
    { detector, features }: LiveDetector,
    token: Concealment['token'] = this.#token,
  ): LiveTransactionReader {
    const { hashCardNumber, clock, isStrict } = this.#options
    return new LiveTransactionReader(detector, features.layout, { hashCardNumber, token }, clock, isStrict)
  }

  async #resume(): Promise<void> {
    const { say } = this.#options
    this.decider.use(undefined)
    for (let waitMs = 100; !this.#isClosing; waitMs = Math.min(2 * waitMs, slowestRetryMs)) {
      const { failure } = this.#log
      if (failure !== undefined) {
        say.error(
          { reason: String(failure.cause) },
          'the log could not be written; histories are rebuilt once it can be',
        )
      }
      try {
        if (failure === undefined || (await this.#log.recover())) {
          await this.#take()
          return
        }
      } catch (error) {
        if (this.#isClosing) return
        if (!(error instanceof FraudError) || error.code !== 'LOG_UNAVAILABLE') throw error
      }
      await sleep(waitMs)
    }
  }

  /** One takeover after the other: two at once would not see what the other's detector decides. */
  #take(live?: LiveDetector): Promise<void> {
    const taken = this.#taken.then(() => this.#takeOver(live ?? this.#live))
    this.#taken = taken.catch(() => {})
    return taken
  }

  /** Histories for a detector, then its definition in the log, and from there it decides. */
  async #takeOver(live: LiveDetector): Promise<void> {
    const { say, findSnapshot, maxHistoryBytes, clock } = this.#options
    const { reading } = this.#log
    const startMs = clock()
    prepare(live)
    await this.#warmUp(live)
    const { cardKeyCheck, acceptLostHistories } = this.#options
    if (acceptLostHistories !== true) refuseCardKey(live, cardKeyCheck, reading)
    const lost = new LostHistories({ ...live, cardKeyCheck }, reading)
    while (lost.step()) await this.#nextTurn()
    const before = columnsBefore(reading)
    this.#refuseLosses(lost.lossesSince(before))
    const snapshot = findSnapshot(live)
    this.#snapshotSequence = Math.max(this.#snapshotSequence, snapshot?.sequence ?? 0)
    const rebuild = new HistoryRebuild(live, reading, snapshot, { maxBytes: maxHistoryBytes })
    // A snapshot already holds the histories, so no column is new.
    const fresh = snapshot === undefined ? [...historyColumns(live).keys()].filter((column) => !before.has(column)) : []
    const counts = new ColumnCounts(fresh, reading, live.detector)
    while (rebuild.step((record) => counts.see(record))) await this.#nextTurn()
    this.#refuseLosses(counts.empty)
    const { promise: pause, resolve: goOn } = Promise.withResolvers<void>()
    this.#pause = pause
    try {
      // What the detector before has just decided goes in, too; what comes now waits for this one.
      while (this.#log.pending > 0) await sleep(1)
      while (rebuild.step());
      while (lost.step());
      const definition = await this.#define(live)
      const { fold } = rebuild
      const coveredSinceMs = reading.firstTransactionMs()
      this.#live = live
      this.#reader = this.#createReader(live)
      this.decider.use({ live, fold, coveredSinceMs, lostUntilMs: lost.untilMs, ...definition })
      const { keys, events, bytes } = fold.histories.stats()
      say.info({ keys, events, bytes, milliseconds: clock() - startMs }, 'histories are ready')
      if (coveredSinceMs !== undefined) this.#warnIfShort(live, fold.histories.newestMs - coveredSinceMs)
      this.#warnIfEnded(live, fold.histories.newestMs)
      const unread = tellUnread(reading.unread)
      if (unread !== undefined) say.warn({ unread: reading.unread }, unread)
      if (lost.losses.length > 0) {
        say.warn(
          { lost: tellCounts(lost.losses) },
          'the log lacks what histories are made of: decisions say histories-lost',
        )
      }
    } finally {
      this.#pause = undefined
      goOn()
    }
  }

  /** Lets others go on; a log takes minutes to read, and a service that is to end does not wait for that. */
  async #nextTurn(): Promise<void> {
    await nextTurn()
    if (this.#isClosing) throw new FraudError('NOT_READY', 'The service is shutting down')
  }

  #refuseLosses(losses: readonly ColumnCount[]): void {
    if (this.#options.acceptLostHistories !== true) refuseLosses(losses)
  }

  #warnIfShort(live: LiveDetector, coverageMs: number): void {
    const spanMs = longestSpanMs(live.features)
    if (spanMs === Number.POSITIVE_INFINITY || coverageMs >= spanMs) return
    const days = (milliseconds: number) => Math.floor(milliseconds / 8_640_000) / 10
    this.#options.say.warn(
      { coveredDays: days(coverageMs), wantedDays: days(spanMs) },
      'the log is younger than the longest window: decisions say history-short; bring history in with `shrike replay FILE --as history`',
    )
  }

  /** Histories that end long before now are of no use to a transaction of now. */
  #warnIfEnded({ detector, features }: LiveDetector, newestMs: number): void {
    const { say, clock } = this.#options
    const { time } = detector.transaction
    if (time === undefined || !isOfCalendar(time) || newestMs === Number.NEGATIVE_INFINITY) return
    if (clock() - newestMs <= longestSpanMs(features)) return
    say.warn(
      { newest: formatIsoTime(newestMs) },
      'the newest transaction of the log is older than histories reach: those of transactions of today are empty, and decisions say history-short',
    )
  }

  /** Once for each detector: the code that another one compiled may not be all that this one runs. */
  async #warmUp(live: LiveDetector): Promise<void> {
    if (this.#warm === live) return
    await this.#options.warmUp?.(live)
    this.#warm = live
  }

  /** The definition in force: the log's last one where nothing changed, else a new one. */
  async #define(live: LiveDetector): Promise<{ definition: Definition; definitionSequence: number }> {
    const last = this.#log.reading.lastDefinition()
    const isSamePolicy =
      last !== undefined && isSame(last.definition.policy, { ...live.policy, version: last.definition.policy.version })
    const version = (last?.definition.policy.version ?? 0) + (isSamePolicy ? 0 : 1)
    const definition = this.#definitionOf(live, this.#createReader(live), version)
    if (last !== undefined && isSame(withoutPlace(last.definition), definition)) {
      return { definition: last.definition, definitionSequence: last.sequence }
    }
    return { definition, definitionSequence: await this.#append({ kind: 'definition', ...definition }) }
  }

  #definitionOf(live: LiveDetector, { columns }: LiveTransactionReader, version: number): Definition {
    const { cardKeyCheck, runtime } = this.#options
    return {
      format: recordFormat,
      detector: live.detector,
      model: live.predictor.modelId,
      policy: { ...live.policy, version },
      columns,
      features: live.features.names,
      ...(Object.keys(live.features.categories).length > 0 && { categories: live.features.categories }),
      ...(live.predictor.contributionScale && { contributionScale: live.predictor.contributionScale }),
      ...(hashesCards(live.detector) && cardKeyCheck !== undefined && { cardKeyCheck }),
      runtime,
    }
  }

  #append(record: LogRecord): Promise<number> {
    return new Promise((resolve, reject) => {
      const sequence = this.#log.append(record, (error) => (error ? reject(error) : resolve(sequence)))
    })
  }

  async #keep(): Promise<void> {
    const { snapshotEvery, snapshotEveryMs, clock } = this.#options
    if (this.#snapshotting !== undefined || !this.isReady || snapshotEvery === Number.POSITIVE_INFINITY) return
    const grown = this.#log.nextSequence - 1 - this.#snapshotSequence
    const isOld = clock() - (this.#snapshotAtMs ?? this.#startedAtMs) >= snapshotEveryMs
    if (grown < snapshotEvery && !(grown > 0 && isOld)) return
    this.#snapshotting = this.snapshot().finally(() => {
      this.#snapshotting = undefined
    })
    await this.#snapshotting
  }

  /** Takes a snapshot, and lets go of records that are no longer to be kept. */
  async snapshot(): Promise<void> {
    const { say, takeSnapshot, clock } = this.#options
    try {
      const { sequence, safeThrough } = await takeSnapshot()
      this.#snapshotSequence = sequence
      this.#snapshotAtMs = clock()
      this.snapshots.ok += 1
      await this.#retain(safeThrough)
    } catch (error) {
      if (this.#isClosing) return
      this.snapshots.failed += 1
      // Not at once again: what failed is likely to fail again.
      this.#snapshotSequence = this.#log.nextSequence - 1
      say.error({ reason: error instanceof Error ? error.message : String(error) }, 'a snapshot could not be taken')
    }
  }

  async #retain(safeThrough: number): Promise<void> {
    const { retainMs, clock, say } = this.#options
    const state = this.decider.state
    if (retainMs === undefined || state === undefined) return
    const { reading } = this.#log
    const cutoffMs = Math.min(clock() - retainMs, state.fold.histories.newestMs - leastRetentionMs(state.live))
    const through = Math.min(reading.lastBefore(cutoffMs), safeThrough)
    const hash = through > reading.prunedThrough() ? reading.hashAt(through) : undefined
    if (hash === undefined) return
    const checkpoint: CheckpointRecord = {
      kind: 'checkpoint',
      prunedThrough: through,
      hash: Buffer.from(hash).toString('hex'),
      definitions: definitionsThrough(reading, through),
      prunedAtMs: clock(),
    }
    await this.#append(checkpoint)
    this.#log.prune(through)
    say.info({ through }, 'records that are no longer to be kept are deleted')
  }
}

/** A model may prepare itself at its first row, which should not be a customer's. */
function prepare({ predictor }: LiveDetector): void {
  try {
    const row = new Float64Array(predictor.inputs.length)
    predictor.predict(row)
    if (predictor.explainsLive) predictor.explain?.(row)
  } catch {
    // Decisions will say so, by the policy of what is unavailable.
  }
}

/** Says why there was no score: at once, then once a minute, since a bug comes with every transaction. */
function faultReporter(say: LiveLog, clock: () => number): DeciderOptions['onFault'] {
  let silentUntilMs = Number.NEGATIVE_INFINITY
  let unsaid = 0
  return (what, error) => {
    const nowMs = clock()
    if (nowMs < silentUntilMs) {
      unsaid += 1
      return
    }
    const reason = error instanceof Error ? error.stack : String(error)
    say.error({ what, reason, unsaid }, 'a transaction could not be scored')
    silentUntilMs = nowMs + faultsSaidEveryMs
    unsaid = 0
  }
}

/** What the log has to keep at least: histories, and labels that are still to come. */
function leastRetentionMs({ detector, features }: LiveDetector): number {
  const { label } = detector.transaction
  const spanMs = longestSpanMs(features)
  const labelMs = durationMs(label.maturity ?? label.delay ?? '0s')
  return (spanMs === Number.POSITIVE_INFINITY ? 0 : spanMs) + labelMs
}

function checkRetention(live: LiveDetector, retainMs: number | undefined): void {
  const leastMs = leastRetentionMs(live)
  if (retainMs === undefined || retainMs >= leastMs) return
  throw new FraudError(
    'OPTION_INVALID',
    `--retain must be at least ${Math.ceil(leastMs / 86_400_000)}d: the longest window and delay, and the labels' maturity`,
  )
}

/** Definitions up to a number that records behind it may rest on: all that the log still knows. */
function definitionsThrough(reading: LogReading, through: number): Record<string, Definition> {
  const kept: Record<string, Definition> = {}
  for (const sequence of reading.definitionSequences()) {
    if (sequence > through) continue
    kept[sequence] = reading.definition(sequence)
  }
  return kept
}

/** What a detector, its model and its policy define; not what the log says of itself with it. */
function withoutPlace({ personMacsFrom, ...content }: Definition): Definition {
  return content
}

/** Both come from JSON, or go there, with their fields in any order. */
function isSame(one: unknown, other: unknown): boolean {
  return canonical(one) === canonical(other)
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}
