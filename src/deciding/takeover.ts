import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { FraudError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { FeatureEntry } from '../detector/detector-schema.ts'
import type { TakeRecord } from '../log/projection.ts'
import type { Snapshot } from '../log/snapshots.ts'
import { tellUnread } from '../log/unread-parts.ts'
import { refuseCardKey, requireCardKey } from './card-key.ts'
import { warnIfEnded, warnIfShort } from './coverage-warnings.ts'
import type { Decider } from './decider.ts'
import { createReceiver, modelOf, prepareModels, type ReadingOptions } from './deciding-champion.ts'
import { createDecidingState, type DecidingStateOptions } from './deciding-state.ts'
import { define } from './define.ts'
import { type DetectorInForce, longestSpanMs } from './detector-in-force.ts'
import { bringFirstPolicy } from './first-model.ts'
import type { DecidingChampion, Lineup } from './lineup.ts'
import { notReady } from './local-intake.ts'
import {
  type ColumnCount,
  ColumnCounts,
  columnsBefore,
  historyColumns,
  LostHistories,
  refuseLosses,
  tellCounts,
} from './lost-histories.ts'
import { refuseLostNames } from './lost-names.ts'
import { type LostValues, lostValues, refuseLostValues, tellValues } from './lost-values.ts'
import { namesOf } from './policy-vocabulary.ts'
import { type Projections, takeInto } from './projections.ts'
import { Rebuild, startRebuild } from './rebuild.ts'
import { checkRetention } from './retention.ts'
import type { ServiceLog } from './service-log.ts'
import { isUnited, onRowOf, withPolicyFeatures } from './united-features.ts'

export interface TakeoverOptions extends DecidingStateOptions, ReadingOptions {
  readonly log: ServiceLog
  /** Tells the key of those hashes; undefined where there is no key. */
  readonly cardKeyCheck?: string | undefined
  readonly logger: Logger
  readonly maxHistoryBytes: number
  /** How long records are kept; undefined: for ever. */
  readonly retainMs: number | undefined
  /** Whether a detector may take over whose histories the log can't give. */
  readonly acceptLostHistories?: boolean | undefined
  readonly runtime: string
  /** Runs the path once before a detector decides, so that its first decision is not a slow one; without it only the model. */
  readonly warmUp?: (inForce: DetectorInForce) => Promise<void>
  /** The models that the log names, where they are others than those that are served. */
  readonly loadDeployed?: (served: DetectorInForce) => Promise<DetectorInForce | undefined> | undefined
  /** The newest snapshot that serves. */
  readonly findSnapshot: (inForce: DetectorInForce) => Snapshot | undefined
  /** Who hears of new records after the projections, and that some may not have become durable. */
  readonly follower?: { readonly take: TakeRecord; failed(): void }
}

/** How far a detector that is to take over has come in the log. */
export interface TakeoverProgress {
  readonly records: number
  readonly of: number
}

/** What goes with a takeover that somebody asked for. */
export interface TakeoverOrder {
  /** Makes it durable that this one decides from now on; called when nothing else can come in between. */
  readonly announce?: () => Promise<unknown>
  readonly onProgress?: (progress: TakeoverProgress) => void
}

interface Newcomer extends Pick<DecidingChampion, 'model' | 'inForce'>, TakeoverOrder {
  /** Whether the same model goes on, and the past of features that only rules use may be lost. */
  readonly isFill?: boolean
}

const slowestRetryMs = 5000
const lostValuesMessage =
  'lists or snoozes hold values in a form that the detector does not keep, so they never match: add them again'

/** How a bundle takes over: at the start, after a failure of the log, and at a reload. */
export class Takeover {
  readonly lineup: Lineup<DecidingChampion>
  readonly #decider: Pick<Decider, 'isLookingUp'>
  readonly #options: TakeoverOptions
  readonly #log: ServiceLog
  #resuming: Promise<void> | undefined
  #pause: Promise<void> | undefined
  /** The last takeover. */
  #taken: Promise<void> = Promise.resolve()
  #isClosing = false
  /** While histories of features of the policy are made. */
  #filling: Promise<void> | undefined
  #fillFailure: string | undefined
  /** The detector whose path was warmed up last. */
  #warm: DetectorInForce | undefined

  constructor(lineup: Lineup<DecidingChampion>, decider: Pick<Decider, 'isLookingUp'>, options: TakeoverOptions) {
    checkRetention(lineup.champion.inForce, options.retainMs)
    this.lineup = lineup
    this.#decider = decider
    this.#options = options
    this.#log = options.log
    options.log.onFailure(() => {
      options.follower?.failed()
      void this.resume()
    })
  }

  /** While one detector takes over from another; what comes meanwhile waits for it. */
  get pause(): Promise<void> | undefined {
    return this.#pause
  }

  /** Whether histories of features of the policy are being made. */
  get isFilling(): boolean {
    return this.#filling !== undefined
  }

  /** Why features of the policy can't be computed, so that they stay unknown; undefined where they can. */
  get fillFailure(): string | undefined {
    return this.#fillFailure
  }

  /**
   * Makes histories from the log and decides from then on; tries again until it can. Resolves once features of the policy
   * count that the log says nothing of yet.
   */
  async resume(): Promise<void> {
    this.#resuming ??= this.#resume().finally(() => {
      this.#resuming = undefined
    })
    await this.#resuming
    await this.#filling
  }

  /** Answers with another bundle as soon as its histories are there; until then, or where it is refused, with the one before. */
  async use(inForce: DetectorInForce, order: TakeoverOrder = {}): Promise<void> {
    const newcomer = this.#newcomer(inForce)
    await this.#resuming
    await this.#take({ ...newcomer, ...order })
  }

  /** What a takeover would meet now, without one. @throws FraudError as `use` would, where it can be known before. */
  async examine(given: DetectorInForce): Promise<ExaminedTakeover> {
    const { reading } = this.#log
    this.#newcomer(given)
    const { cardKeyCheck, acceptLostHistories, clock, retainMs } = this.#options
    const { state, inForce: now } = this.lineup.champion
    if (state === undefined) throw new FraudError('NOT_READY', 'Histories are still being made')
    const inForce = withPolicyFeatures(given, this.#declared())
    checkRetention(inForce, retainMs)
    refuseLostNames(state.projections.policy, clock(), namesOf(inForce, retainMs))
    const lost = new LostHistories({ ...inForce, cardKeyCheck }, reading)
    while (lost.step()) await this.#nextTurn()
    if (acceptLostHistories !== true) {
      refuseCardKey(inForce, cardKeyCheck, reading)
      refuseLosses(lost.lossesSince(columnsBefore(reading)))
    }
    const lostOfPolicy = this.#lostOfPolicy(inForce, state.projections)
    if (acceptLostHistories !== true) refuseLostValues(lostOfPolicy)
    const { newestMs } = state.projections.histories.histories
    const firstMs = reading.firstTransactionMs()
    return {
      records: reading.lastSequence() - reading.prunedThrough(),
      makesHistories: onRowOf(inForce, now) === undefined && this.#options.findSnapshot(inForce) === undefined,
      coveredMs: firstMs === undefined ? 0 : Math.max(0, newestMs - firstMs),
      wantedMs: longestSpanMs(inForce.features),
      losses: lost.losses,
      lostValues: lostOfPolicy,
    }
  }

  #newcomer(inForce: DetectorInForce): Newcomer {
    requireCardKey(inForce, this.#options.cardKeyCheck)
    return { model: modelOf(inForce), inForce }
  }

  /** Ends what goes on, and waits for that. */
  async close(): Promise<void> {
    this.#isClosing = true
    await this.#resuming
    await this.#filling
  }

  async #resume(): Promise<void> {
    const { logger } = this.#options
    this.lineup.put({ ...this.lineup.champion, state: undefined })
    for (let waitMs = 100; !this.#isClosing; waitMs = Math.min(2 * waitMs, slowestRetryMs)) {
      const { failure } = this.#log
      if (failure !== undefined) {
        logger.error(
          { reason: String(failure.cause) },
          'the log could not be written; histories are rebuilt once it can be',
        )
      }
      try {
        if (failure === undefined || (await this.#log.recover())) {
          await this.#take(await this.#deployed())
          return
        }
      } catch (error) {
        if (this.#isClosing) return
        if (!(error instanceof FraudError) || error.code !== 'LOG_UNAVAILABLE') throw error
      }
      await sleep(waitMs)
    }
  }

  /** The log's models, which a crash or a failure may have kept from taking over. */
  async #deployed(): Promise<Newcomer | undefined> {
    const inForce = await this.#options.loadDeployed?.(this.lineup.champion.inForce)
    return inForce && this.#newcomer(inForce)
  }

  /** One takeover after the other: two at once would not see what the other's detector decides. */
  #take(next?: Newcomer): Promise<void> {
    const taken = this.#taken.then(() => this.#takeOver(next ?? this.lineup.champion))
    this.#taken = taken.catch(() => {})
    return taken
  }

  /** Histories for a detector, then its definition in the log, and from there it decides. */
  async #takeOver({ model, inForce: given, isFill = false, announce, onProgress }: Newcomer): Promise<void> {
    const { logger, findSnapshot, clock, retainMs } = this.#options
    const { reading } = this.#log
    const startMs = clock()
    const inForce = isFill ? withPolicyFeatures(given, this.#declared()) : this.#withComputed(given)
    checkRetention(inForce, retainMs)
    prepareModels(inForce)
    const { champion } = this.lineup
    const onRow = isFill || champion.state === undefined ? undefined : onRowOf(inForce, champion.inForce)
    if (onRow !== undefined) return await this.#putOnRow(onRow, announce)
    await this.#warmUp(inForce)
    const { cardKeyCheck, runtime } = this.#options
    const acceptLostHistories = isFill || this.#options.acceptLostHistories === true
    if (!acceptLostHistories) refuseCardKey(inForce, cardKeyCheck, reading)
    const lost = new LostHistories({ ...inForce, cardKeyCheck }, reading)
    while (lost.step()) await this.#nextTurn()
    const before = columnsBefore(reading)
    if (!acceptLostHistories) refuseLosses(lost.lossesSince(before))
    const snapshot = findSnapshot(inForce)
    const rebuild = this.#startRebuild(inForce, snapshot)
    // Where histories come from a snapshot, no column is new.
    const fresh = rebuild.makesHistories
      ? [...historyColumns(inForce).keys()].filter((column) => !before.has(column))
      : []
    const counts = new ColumnCounts(fresh, reading, inForce.detector)
    while (rebuild.step((record) => counts.see(record))) {
      onProgress?.({ records: rebuild.sequence, of: reading.lastSequence() })
      await this.#nextTurn()
    }
    if (!acceptLostHistories) refuseLosses(counts.empty)
    const { promise: pause, resolve: goOn } = Promise.withResolvers<void>()
    this.#pause = pause
    try {
      // What the detector before has just decided goes in, too; what comes now waits for this one.
      await this.#quiet()
      while (rebuild.step());
      while (lost.step());
      refuseLostNames(rebuild.projections.policy, clock())
      const lostOfPolicy = this.#lostOfPolicy(inForce, rebuild.projections)
      if (!acceptLostHistories) refuseLostValues(lostOfPolicy)
      if (announce === undefined) refuseOtherChampion(rebuild.projections.deployments, model?.modelId)
      else await announce()
      const receiver = createReceiver(inForce, this.#options)
      const { columns } = receiver.reader
      const coveredSinceMs = reading.firstTransactionMs()
      const { projections } = rebuild
      const { histories } = projections.histories
      await bringFirstPolicy(inForce, projections.policy, this.#log, clock())
      const definition = await define(inForce, this.#log, { columns, cardKeyCheck, runtime })
      projections.policy.define(definition.definition.policy)
      await this.#quiet()
      while (rebuild.step());
      const standing = { inForce, projections, coveredSinceMs, lostUntilMs: lost.untilMs, ...definition }
      this.#log.follow(this.#following(projections))
      this.lineup.put({ model, inForce, receiver, state: createDecidingState(standing, this.#options) })
      this.#fill()
      const { keys, events, bytes } = histories.stats()
      logger.info({ keys, events, bytes, milliseconds: clock() - startMs }, 'histories are ready')
      if (coveredSinceMs !== undefined) warnIfShort(logger, inForce, histories.newestMs - coveredSinceMs)
      warnIfEnded(logger, inForce, histories.newestMs, clock())
      const unread = tellUnread(reading.unread)
      if (unread !== undefined) logger.warn({ unread: reading.unread }, unread)
      if (lost.losses.length > 0) {
        logger.warn(
          { lost: tellCounts(lost.losses) },
          'the log lacks fields that histories need: decisions are degraded by histories-lost',
        )
      }
      if (lostOfPolicy.length > 0) logger.warn({ lost: tellValues(lostOfPolicy) }, lostValuesMessage)
    } finally {
      this.#pause = undefined
      goOn()
    }
  }

  /** Another line-up on the histories that there are; what nothing needs any more goes later. */
  async #putOnRow(inForce: DetectorInForce, announce: TakeoverOrder['announce']): Promise<void> {
    const { cardKeyCheck, runtime } = this.#options
    const { promise: pause, resolve: goOn } = Promise.withResolvers<void>()
    this.#pause = pause
    try {
      await this.#quiet()
      await announce?.()
      const { columns } = this.lineup.champion.receiver.reader
      const definition = await define(inForce, this.#log, { columns, cardKeyCheck, runtime })
      await this.#quiet()
      const { champion } = this.lineup
      if (champion.state === undefined) throw notReady
      const coveredSinceMs = this.#log.reading.firstTransactionMs()
      const standing = { ...champion.state, inForce, coveredSinceMs, ...definition }
      this.lineup.put({ ...champion, inForce, state: createDecidingState(standing, this.#options) })
      this.#fill()
    } finally {
      this.#pause = undefined
      goOn()
    }
  }

  /** What of the policy's lists and snoozes a detector would never find again. */
  #lostOfPolicy({ detector }: DetectorInForce, { policy }: Projections): readonly LostValues[] {
    const { cardKeyCheck, clock } = this.#options
    const { reading } = this.#log
    if (policy.changed === undefined) return []
    const before = reading.definitionSequences().map((sequence) => reading.definition(sequence))
    const now = { detector, ...(cardKeyCheck !== undefined && { cardKeyCheck }) }
    return lostValues(policy.changed, now, before, clock())
  }

  /** The features that the policy declares now. */
  #declared(): readonly FeatureEntry[] {
    return this.lineup.champion.state?.projections.policy.inForce.definitions.policy.features ?? []
  }

  /** With those features of the policy that decided last: what it declares beside them is filled in afterwards. */
  #withComputed(given: DetectorInForce): DetectorInForce {
    const { state, inForce } = this.lineup.champion
    const last = this.#log.reading.lastDefinition()
    const before = last === undefined ? given.policyFeatures : (last.definition.policyFeatures?.declared ?? [])
    const wanted = this.#declared()
    const computed =
      state === undefined
        ? before
        : inForce.policyFeatures.filter((feature) => wanted.some((each) => isDeepStrictEqual(each, feature)))
    try {
      return withPolicyFeatures(given, computed)
    } catch (error) {
      // Whether the policy still declares them, its records say, and what they say counts.
      if (error instanceof FraudError && error.code === 'POLICY_NAMES_LOST') return withPolicyFeatures(given, [])
      throw error
    }
  }

  #following(projections: Projections): TakeRecord {
    const take = takeInto(projections)
    const { follower } = this.#options
    return (record, sequence, about) => {
      take(record, sequence, about)
      follower?.take(record, sequence, about)
      if (record.kind === 'policy') this.#fill()
    }
  }

  /** Makes histories for what the policy declares now, while what is in force goes on, and takes over with them. */
  #fill(): void {
    if (this.#filling !== undefined) return
    this.#fillFailure = undefined
    if (!this.#isFilled()) this.#filling = this.#fillNow()
  }

  #isFilled(): boolean {
    const { inForce, state } = this.lineup.champion
    return this.#isClosing || state === undefined || isUnited(inForce, this.#declared())
  }

  async #fillNow(): Promise<void> {
    const { logger } = this.#options
    try {
      while (!this.#isFilled()) await this.#take({ ...this.lineup.champion, isFill: true })
    } catch (error) {
      // Where the log failed, all is made again, and this with it.
      const isKnown = error instanceof FraudError && error.code === 'LOG_UNAVAILABLE'
      if (this.#isClosing || isKnown) return
      this.#fillFailure = error instanceof FraudError ? error.message : String(error)
      logger.error(
        { reason: this.#fillFailure },
        "the policy's features can't be computed: rules take them for unknown",
      )
    } finally {
      this.#filling = undefined
    }
  }

  #startRebuild(inForce: DetectorInForce, snapshot: Snapshot | undefined): Rebuild {
    const { logger, maxHistoryBytes, retainMs } = this.#options
    const rebuild = startRebuild(
      snapshot,
      (held) => new Rebuild(inForce, this.#log.reading, held, { maxBytes: maxHistoryBytes, retainMs }),
      ({ code, message }) =>
        logger.error({ code, reason: message }, "a snapshot can't be used; the log is read instead"),
    )
    const { unknownParts, missingParts } = rebuild
    if (unknownParts.length > 0)
      logger.warn({ parts: unknownParts }, 'the snapshot has parts from a newer Shrike, which are skipped')
    if (missingParts.length > 0)
      logger.info({ parts: missingParts }, 'the snapshot lacks parts, which are computed from the log')
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

  /** Once for each detector: the code that another one compiled may not be all that this one runs. */
  async #warmUp(inForce: DetectorInForce): Promise<void> {
    if (this.#warm === inForce) return
    await this.#options.warmUp?.(inForce)
    this.#warm = inForce
  }
}

/** What is known of a takeover before it begins. */
export interface ExaminedTakeover {
  /** Records of the log that it may have to go through. */
  readonly records: number
  /** Whether no snapshot holds its histories, so that the log makes them. */
  readonly makesHistories: boolean
  /** How far back the log reaches, and how far back the detector looks. */
  readonly coveredMs: number
  readonly wantedMs: number
  /** Columns of histories that transactions lack; empty unless the operator accepts that. */
  readonly losses: readonly ColumnCount[]
  /** Lists and snoozes with values that never match; as well. */
  readonly lostValues: readonly LostValues[]
}

/** From the first deployment on, the champion is who the log says. */
function refuseOtherChampion({ inForce: { champion } }: Projections['deployments'], id: string | undefined): void {
  if (champion === undefined || champion === id) return
  throw new FraudError(
    'MODEL_NOT_CHAMPION',
    `The log's champion is ${champion}, so ${id ?? 'a detector without a model'} does not take over: deploy it with ` +
      `\`shrike models deploy ${id ?? 'ID'} --champion\``,
  )
}
