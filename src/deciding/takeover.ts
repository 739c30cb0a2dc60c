import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { FraudError } from '../core/errors.ts'
import { isOfCalendar } from '../core/time-formats.ts'
import { formatIsoTime } from '../core/time-parser.ts'
import { type Concealment, LiveTransactionReader } from '../detector/live-transaction.ts'
import type { PersonalValues } from '../log/personal-values.ts'
import type { Snapshot } from '../log/snapshots.ts'
import { tellUnread } from '../log/unread-parts.ts'
import { serveable } from '../scoring/served-model.ts'
import { refuseCardKey, requireCardKey } from './card-key.ts'
import type { Decider } from './decider.ts'
import { define } from './define.ts'
import type { KeptLog, LiveLog } from './kept-log.ts'
import type { DecidingChampion, Lineup } from './lineup.ts'
import { type LiveDetector, longestSpanMs } from './live-detector.ts'
import { createLiveState, type LiveStateOptions } from './live-state.ts'
import {
  type ColumnCount,
  ColumnCounts,
  columnsBefore,
  historyColumns,
  LostHistories,
  refuseLosses,
  tellCounts,
} from './lost-histories.ts'
import { takeInto } from './projections.ts'
import { Rebuild, startRebuild } from './rebuild.ts'
import { Receiver } from './receiver.ts'
import { checkRetention } from './retention.ts'

export interface TakeoverOptions extends LiveStateOptions {
  readonly log: KeptLog
  readonly persons: PersonalValues
  /** A keyed hash of the digits of a card number, where the detector wants such. */
  readonly hashCardNumber: Concealment['hashCardNumber']
  /** Tells the key of those hashes; undefined where there is no key. */
  readonly cardKeyCheck?: string | undefined
  readonly say: LiveLog
  readonly maxHistoryBytes: number
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
}

type Newcomer = Pick<DecidingChampion, 'model' | 'live'>

const slowestRetryMs = 5000

/** How a bundle takes over: at the start, after a failure of the log, and at a reload. */
export class Takeover {
  readonly lineup: Lineup<DecidingChampion>
  readonly #decider: Pick<Decider, 'isLookingUp'>
  readonly #options: TakeoverOptions
  readonly #log: KeptLog
  #resuming: Promise<void> | undefined
  #pause: Promise<void> | undefined
  /** The last takeover. */
  #taken: Promise<void> = Promise.resolve()
  #isClosing = false
  /** The detector whose path was warmed up last. */
  #warm: LiveDetector | undefined

  constructor(lineup: Lineup<DecidingChampion>, decider: Pick<Decider, 'isLookingUp'>, options: TakeoverOptions) {
    checkRetention(lineup.champion.live, options.retainMs)
    this.lineup = lineup
    this.#decider = decider
    this.#options = options
    this.#log = options.log
    options.log.onFailure(() => void this.resume())
  }

  /** While one detector takes over from another; what comes meanwhile waits for it. */
  get pause(): Promise<void> | undefined {
    return this.#pause
  }

  /** Makes histories from the log and decides from then on; tries again until it can. */
  resume(): Promise<void> {
    this.#resuming ??= this.#resume().finally(() => {
      this.#resuming = undefined
    })
    return this.#resuming
  }

  /** Answers with another bundle as soon as its histories are there; until then, or where it is refused, with the one before. */
  async use(live: LiveDetector): Promise<void> {
    checkRetention(live, this.#options.retainMs)
    requireCardKey(live, this.#options.cardKeyCheck)
    const model = serveable(live.predictor)
    await this.#resuming
    await this.#take({ model, live })
  }

  /** Ends what goes on, and waits for that. */
  async close(): Promise<void> {
    this.#isClosing = true
    await this.#resuming
  }

  async #resume(): Promise<void> {
    const { say } = this.#options
    this.lineup.put({ ...this.lineup.champion, state: undefined })
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
  #take(next?: Newcomer): Promise<void> {
    const taken = this.#taken.then(() => this.#takeOver(next ?? this.lineup.champion))
    this.#taken = taken.catch(() => {})
    return taken
  }

  /** Histories for a detector, then its definition in the log, and from there it decides. */
  async #takeOver({ model, live }: Newcomer): Promise<void> {
    const { say, findSnapshot, clock } = this.#options
    const { reading } = this.#log
    const startMs = clock()
    prepare(live)
    await this.#warmUp(live)
    const { cardKeyCheck, acceptLostHistories, runtime } = this.#options
    if (acceptLostHistories !== true) refuseCardKey(live, cardKeyCheck, reading)
    const lost = new LostHistories({ ...live, cardKeyCheck }, reading)
    while (lost.step()) await this.#nextTurn()
    const before = columnsBefore(reading)
    this.#refuseLosses(lost.lossesSince(before))
    const snapshot = findSnapshot(live)
    const rebuild = this.#startRebuild(live, snapshot)
    // Where histories come from a snapshot, no column is new.
    const fresh = rebuild.makesHistories ? [...historyColumns(live).keys()].filter((column) => !before.has(column)) : []
    const counts = new ColumnCounts(fresh, reading, live.detector)
    while (rebuild.step((record) => counts.see(record))) await this.#nextTurn()
    this.#refuseLosses(counts.empty)
    const { promise: pause, resolve: goOn } = Promise.withResolvers<void>()
    this.#pause = pause
    try {
      // What the detector before has just decided goes in, too; what comes now waits for this one.
      await this.#quiet()
      while (rebuild.step());
      while (lost.step());
      const receiver = createReceiver(live, this.#options)
      const { columns } = receiver.reader
      const coveredSinceMs = reading.firstTransactionMs()
      const { projections } = rebuild
      const { histories } = projections.histories
      const definition = await define(live, this.#log, { columns, cardKeyCheck, runtime })
      await this.#quiet()
      while (rebuild.step());
      const standing = { live, projections, coveredSinceMs, lostUntilMs: lost.untilMs, ...definition }
      this.#log.follow(takeInto(projections))
      this.lineup.put({ model, live, receiver, state: createLiveState(standing, this.#options) })
      const { keys, events, bytes } = histories.stats()
      say.info({ keys, events, bytes, milliseconds: clock() - startMs }, 'histories are ready')
      if (coveredSinceMs !== undefined) this.#warnIfShort(live, histories.newestMs - coveredSinceMs)
      this.#warnIfEnded(live, histories.newestMs)
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

  #startRebuild(live: LiveDetector, snapshot: Snapshot | undefined): Rebuild {
    const { say, maxHistoryBytes } = this.#options
    const rebuild = startRebuild(
      snapshot,
      (held) => new Rebuild(live, this.#log.reading, held, { maxBytes: maxHistoryBytes }),
      ({ code, message }) =>
        say.error({ code, reason: message }, 'a snapshot can not be used, and the log is read in its place'),
    )
    const { unknownParts, missingParts } = rebuild
    if (unknownParts.length > 0)
      say.warn(
        { parts: unknownParts },
        'a newer Shrike wrote parts of the snapshot that this one does not know: they are skipped',
      )
    if (missingParts.length > 0)
      say.info({ parts: missingParts }, 'the snapshot lacks parts, which are made from the log')
    return rebuild
  }

  /** Waits until the log holds all that came so far. */
  async #quiet(): Promise<void> {
    while (this.#log.pending > 0 || this.#decider.isLookingUp) await sleep(1)
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

/** The first of a lineup. Throws BUNDLE_INVALID where the model can't predict its own example. */
export function firstChampion(live: LiveDetector, options: ReadingOptions): DecidingChampion {
  return { model: serveable(live.predictor), live, receiver: createReceiver(live, options), state: undefined }
}

type ReadingOptions = Pick<TakeoverOptions, 'hashCardNumber' | 'clock' | 'isStrict' | 'persons'>

function createReceiver({ detector, features }: LiveDetector, options: ReadingOptions): Receiver {
  const { hashCardNumber, clock, isStrict, persons } = options
  return new Receiver(
    persons,
    (token) => new LiveTransactionReader(detector, features.layout, { hashCardNumber, token }, clock, isStrict),
  )
}
