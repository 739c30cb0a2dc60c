import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { FraudError } from '../core/errors.ts'
import { atOnce, inSlices } from '../core/time-slices.ts'
import type { FeatureEntry } from '../detector/detector-schema.ts'
import type { TakeRecord } from '../log/projection.ts'
import { tellUnread } from '../log/unread-parts.ts'
import { serveable } from '../scoring/served-model.ts'
import { requireCardKey } from './card-key.ts'
import { warnIfEnded, warnIfSetBack, warnIfShort } from './coverage-warnings.ts'
import type { Decider } from './decider.ts'
import { createReceiver, modelOf, prepareModels, type ReadingOptions } from './deciding-champion.ts'
import { createDecidingState, type DecidingState, type DecidingStateOptions } from './deciding-state.ts'
import { define } from './define.ts'
import type { DetectorInForce } from './detector-in-force.ts'
import { type ExaminedTakeover, type ExamineOptions, examineTakeover, findLostValues } from './examine-takeover.ts'
import { bringFirstPolicy } from './first-model.ts'
import type { DecidingChampion, Lineup } from './lineup.ts'
import { notReady } from './local-intake.ts'
import { tellCounts } from './lost-histories.ts'
import { NamesCheck } from './lost-names.ts'
import { type LostValues, refuseLostValues, tellValues } from './lost-values.ts'
import { PolicyFill } from './policy-fill.ts'
import { namesOf } from './policy-vocabulary.ts'
import { catchUp, type PreparedState, prepareState, type TakeoverProgress } from './prepare-state.ts'
import { type Projections, takeInto } from './projections.ts'
import { refuseOtherChampion } from './refuse-other-champion.ts'
import { checkRetention } from './retention.ts'
import { bringSampleSecret } from './sample-secret.ts'
import type { ServiceLog } from './service-log.ts'
import { type KeptUp, Standby } from './standby.ts'
import { agrees, goOnWith } from './standing-part.ts'
import { isSameLineup, isUnited, onRowOf, withPolicyFeatures } from './united-features.ts'

export interface TakeoverOptions extends DecidingStateOptions, ReadingOptions, ExamineOptions {
  readonly log: ServiceLog
  readonly clock: () => number
  readonly retainMs: number | undefined
  readonly runtime: string
  /** 32 random bytes in hex. */
  readonly makeDrawSecret: () => string
  /** Runs the path once before a detector decides, so that its first decision is not a slow one; without it only the model. */
  readonly warmUp?: (inForce: DetectorInForce) => Promise<void>
  /** The models that the log names, where they are others than those that are served. */
  readonly loadDeployed?: (served: DetectorInForce) => Promise<DetectorInForce | undefined> | undefined
  /** Who hears of new records after the projections, and that some may not have become durable. */
  readonly follower?: { readonly take: TakeRecord; failed(): void }
}

/** What goes with a takeover that somebody asked for. */
export interface TakeoverOrder {
  /** Makes it durable that this one decides from now on; called when nothing else can come in between. */
  readonly announce?: () => Promise<unknown>
  readonly onProgress?: (progress: TakeoverProgress) => void
}

interface Newcomer extends Pick<DecidingChampion, 'inForce'>, TakeoverOrder {
  /** Whether the same model goes on, and the past of features that only rules use may be lost. */
  readonly isFill?: boolean
  /** What was made for it while another process wrote the log. */
  readonly kept?: KeptUp
}

const slowestRetryMs = 5000
/** How often a process that follows sees whether it may lead. */
const followEveryMs = 50
/** How often names are looked at beside decisions, while the policy changes again and again. */
const roundsOfNames = 3
/** After so many rows V8 has compiled what a model does. */
const rowsOfWarmUp = 300
/** What is changed over to. */
interface ChangeOver {
  readonly announce: TakeoverOrder['announce']
  readonly inForce: DetectorInForce
  readonly prepared: PreparedState
  readonly names: NamesCheck
  readonly acceptsLosses: boolean
}

/** What stood has changed under what goes on with it: all is made of the log instead. */
const notStanding = Symbol('not standing')

const lostValuesMessage =
  'lists or snoozes hold values in a form that the detector does not keep, so they never match: add them again'

/** How a bundle takes over: at the start, after a failure of the log, and at a reload. */
export class Takeover {
  readonly lineup: Lineup<DecidingChampion>
  readonly #decider: Pick<Decider, 'hasUnplaced'>
  readonly #options: TakeoverOptions
  readonly #log: ServiceLog
  #resuming: Promise<void> | undefined
  #pause: Promise<void> | undefined
  /** The last takeover. */
  #taken: Promise<void> = Promise.resolve()
  /** The last that was asked for: however long each takes to be ready, the last asked for is the one that stays. */
  #used: Promise<void> = Promise.resolve()
  readonly #closing = new AbortController()
  readonly #fill: PolicyFill
  /** The detector whose path was warmed up last. */
  #warm: DetectorInForce | undefined
  /** What the log makes, kept up while another process writes it. */
  readonly #standby: Standby

  constructor(lineup: Lineup<DecidingChampion>, decider: Pick<Decider, 'hasUnplaced'>, options: TakeoverOptions) {
    checkRetention(lineup.champion.inForce, options.retainMs)
    this.lineup = lineup
    this.#decider = decider
    this.#options = options
    this.#log = options.log
    this.#standby = new Standby({
      ...options,
      load: async () => (await this.#deployed())?.inForce ?? this.lineup.champion.inForce,
      compute: (given) => this.#withComputed(given),
      warmUp: (inForce) => this.#warmUp(inForce),
      signal: this.#closing.signal,
    })
    this.#fill = new PolicyFill({
      isFilled: () => this.#isFilled(),
      take: () => this.#take({ ...this.lineup.champion, isFill: true }),
      logger: options.logger,
      signal: this.#closing.signal,
    })
    options.log.onFailure(() => {
      options.follower?.failed()
      void this.resume()
    })
  }

  /** While one detector takes over from another; what comes meanwhile waits for it. */
  get pause(): Promise<void> | undefined {
    return this.#pause
  }

  get #isClosing(): boolean {
    return this.#closing.signal.aborted
  }

  #refuseClosing(): void {
    if (this.#isClosing) throw new FraudError('NOT_READY', 'The service is shutting down')
  }

  /** How far features of the policy are that the models do not have. */
  get fill(): Pick<PolicyFill, 'underway' | 'failure'> {
    return this.#fill
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
    await this.#fill.underway
  }

  /** Answers with another bundle as soon as its histories are there; until then, or where it is refused, with the one before. */
  use(inForce: DetectorInForce, order: TakeoverOrder = {}): Promise<void> {
    const used = this.#used.then(async () => {
      await this.#makeReady(inForce)
      await this.#resuming
      await this.#take({ inForce, ...order })
    })
    this.#used = used.catch(() => {})
    return used
  }

  /** What a takeover would meet now, without one. @throws FraudError as `use` would, where it can be known before. */
  async examine(given: DetectorInForce): Promise<ExaminedTakeover> {
    await this.#makeReady(given)
    return await examineTakeover(withPolicyFeatures(given, this.#declared()), this.lineup.champion, this.#options)
  }

  /** @throws FraudError BUNDLE_INVALID where a model can't predict its own example; OPTION_INVALID */
  async #makeReady(inForce: DetectorInForce): Promise<void> {
    requireCardKey(inForce, this.#options.cardKeyCheck)
    const rows = this.#options.warmUp === undefined ? 1 : rowsOfWarmUp
    await inSlices(prepareModels(inForce, rows), () => this.#refuseClosing())
    modelOf(inForce)
  }

  /** Ends what goes on, and waits for that. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#resuming
    await this.#fill.underway
  }

  async #resume(): Promise<void> {
    const { logger } = this.#options
    this.lineup.put({ ...this.lineup.champion, state: undefined })
    for (let waitMs = 100; !this.#isClosing; waitMs = Math.min(2 * waitMs, slowestRetryMs)) {
      const { failure } = this.#log
      if (failure !== undefined && this.#log.leader === undefined) {
        logger.error(
          { reason: String(failure.cause) },
          'the log could not be written; histories are rebuilt once it can be',
        )
      }
      try {
        if (failure === undefined || (await this.#recover())) {
          const kept = await this.#standby.take()
          await this.#take(kept ? { inForce: kept.given, kept } : await this.#deployed())
          return
        }
      } catch (error) {
        if (this.#isClosing) return
        if (!(error instanceof FraudError) || error.code !== 'LOG_UNAVAILABLE') throw error
      }
      await sleep(waitMs)
    }
  }

  /** Tries to write again; while another process writes, follows it until that ends. */
  async #recover(): Promise<boolean> {
    while (!(await this.#log.recover())) {
      if (this.#isClosing || this.#log.leader === undefined) return false
      await this.#standby.keepUp(this.#log.leader.holder)
      await sleep(followEveryMs)
    }
    return true
  }

  /** The log's models, which a crash or a failure may have kept from taking over. */
  async #deployed(): Promise<Newcomer | undefined> {
    const inForce = await this.#options.loadDeployed?.(this.lineup.champion.inForce)
    if (inForce === undefined) return undefined
    await this.#makeReady(inForce)
    return { inForce }
  }

  /** One takeover after the other: two at once would not see what the other's detector decides. */
  #take(next?: Newcomer): Promise<void> {
    const taken = this.#taken.then(() => this.#takeOver(next ?? this.lineup.champion))
    this.#taken = taken.catch(() => {})
    return taken
  }

  /** Histories for a detector, then its definition in the log, and from there it decides. */
  async #takeOver(newcomer: Newcomer, isWhole = false): Promise<void> {
    const { inForce: given, isFill = false, kept, announce, onProgress = () => {} } = newcomer
    const { clock, retainMs } = this.#options
    const startMs = clock()
    const inForce = isFill ? withPolicyFeatures(given, this.#declared()) : this.#withComputed(given)
    checkRetention(inForce, retainMs)
    const { champion } = this.lineup
    const { state: standing } = champion
    const onRow = isFill || standing === undefined ? undefined : onRowOf(inForce, champion.inForce)
    if (onRow !== undefined) return await this.#putOnRow(onRow, announce)
    // While another one decides, the path is in use already.
    if (standing === undefined) await this.#warmUp(inForce)
    const acceptsLosses = isFill || this.#options.acceptLostHistories === true
    const isAgain = !isFill && isSameLineup(inForce, champion.inForce)
    const order = { standing, isWhole: isWhole || isAgain, acceptsLosses, onProgress, signal: this.#closing.signal }
    const prepared = kept?.serves(inForce) ? kept.prepared : await prepareState(inForce, this.#options, order)
    const names = namesCheck(inForce, prepared, this.#options)
    for (let round = 0; round < roundsOfNames; round++) {
      await inSlices(names.steps(), () => this.#refuseClosing())
      await inSlices(catchUp(prepared.rebuild, names.see), () => this.#refuseClosing())
    }
    const change = { inForce, prepared, names, acceptsLosses, announce }
    const lostOfPolicy = await this.#whilePaused(() => this.#changeOver(change))
    if (lostOfPolicy === notStanding) return await this.#takeOver(newcomer, true)
    const { keys, events, bytes } = projectionsOf(prepared).histories.histories.stats()
    const told = { keys, events, bytes, ...countHistories(inForce, prepared), milliseconds: clock() - startMs }
    this.#options.logger.info(told, 'histories are ready')
    this.#warn(inForce, prepared, lostOfPolicy)
  }

  /**
   * With what the detector before has just decided; what comes now waits for this one.
   *
   * @returns what of the policy's lists and snoozes never matches from now on.
   */
  async #changeOver(change: ChangeOver): Promise<readonly LostValues[] | typeof notStanding> {
    const { inForce, prepared, names, acceptsLosses, announce } = change
    const { rebuild, lost, goesOn } = prepared
    const { clock, cardKeyCheck, runtime } = this.#options
    const { reading } = this.#log
    const projections = projectionsOf(prepared)
    while (rebuild.step(undefined, names.see));
    if (!this.#stillStands(prepared)) return notStanding
    while (lost.step());
    atOnce(names.steps())
    const lostOfPolicy = findLostValues(inForce, projections.policy, this.#options)
    if (!acceptsLosses) refuseLostValues(lostOfPolicy)
    if (announce === undefined) refuseOtherChampion(projections.deployments, inForce.predictor?.modelId)
    else await announce()
    const receiver = createReceiver(inForce, this.#options)
    const { columns } = receiver.reader
    const coveredSinceMs = reading.firstTransactionMs()
    await bringFirstPolicy(inForce, projections.policy, this.#log, clock())
    await bringSampleSecret(inForce, projections.policy, this.#log, clock(), this.#options.makeDrawSecret)
    const definition = await define(inForce, this.#log, { columns, cardKeyCheck, runtime })
    if (goesOn === undefined) projections.policy.define(definition.definition.policy)
    await this.#quiet()
    while (rebuild.step(undefined, names.see));
    // The log failed meanwhile, and what stood holds what is not in it. Nothing else can change it: no transaction has come.
    if (!this.#stillStands(prepared)) throw notReady
    try {
      if (goesOn !== undefined) {
        goOnWith(goesOn, rebuild.projections, names)
        projections.policy.define(definition.definition.policy)
      }
      const standing = { inForce, projections, coveredSinceMs, lostUntilMs: lost.untilMs, ...definition }
      this.#log.follow(this.#following(projections))
      const state = createDecidingState(standing, this.#options)
      this.lineup.put({ model: this.#modelOf(inForce), inForce, receiver, state })
    } catch (error) {
      // What still decides has the histories of another detector by now: all is made of the log again.
      if (goesOn !== undefined) this.#log.mistrust(error)
      throw error
    }
    this.#fill.begin()
    return lostOfPolicy
  }

  /** Whether what was prepared goes on with what decides, if with anything. */
  #stillStands({ goesOn, rebuild }: PreparedState): boolean {
    if (goesOn === undefined) return true
    const { projections, remake } = goesOn
    return this.lineup.champion.state?.projections === projections && agrees(rebuild.projections, remake)
  }

  /** One whose histories were made once more is served as it was. */
  #modelOf({ predictor }: DetectorInForce): DecidingChampion['model'] {
    const { champion } = this.lineup
    if (champion.inForce.predictor === predictor) return champion.model
    return predictor && serveable(predictor)
  }

  /** What decisions lack now. */
  #warn(inForce: DetectorInForce, prepared: PreparedState, lostOfPolicy: readonly LostValues[]): void {
    const { lost, unread } = prepared
    const { logger, clock } = this.#options
    const { newestMs } = projectionsOf(prepared).histories.histories
    const coveredSinceMs = this.#log.reading.firstTransactionMs()
    if (coveredSinceMs !== undefined) warnIfShort(logger, inForce, newestMs - coveredSinceMs)
    warnIfEnded(logger, inForce, newestMs, clock())
    warnIfSetBack(logger, projectionsOf(prepared).policy.decidedAtMs, clock())
    const skipped = tellUnread(unread)
    if (skipped !== undefined) logger.warn({ unread }, skipped)
    if (lost.losses.length > 0) {
      logger.warn(
        { lost: tellCounts(lost.losses) },
        'the log lacks fields that histories need: decisions are degraded by histories-lost',
      )
    }
    if (lostOfPolicy.length > 0) logger.warn({ lost: tellValues(lostOfPolicy) }, lostValuesMessage)
  }

  /** Decisions wait for what is done, which begins once all that was decided before is durable. */
  async #whilePaused<Result>(change: () => Promise<Result>): Promise<Result> {
    const { promise: pause, resolve: goOn } = Promise.withResolvers<void>()
    this.#pause = pause
    try {
      await this.#quiet()
      return await change()
    } finally {
      this.#pause = undefined
      goOn()
    }
  }

  /** Another line-up on the histories that there are; what nothing needs any more goes later. */
  async #putOnRow(inForce: DetectorInForce, announce: TakeoverOrder['announce']): Promise<void> {
    const { cardKeyCheck, runtime } = this.#options
    await this.#whilePaused(async () => {
      const { deployments } = this.#stateNow().projections
      if (announce === undefined) refuseOtherChampion(deployments, inForce.predictor?.modelId)
      else await announce()
      const { columns } = this.lineup.champion.receiver.reader
      const definition = await define(inForce, this.#log, { columns, cardKeyCheck, runtime })
      await this.#quiet()
      const coveredSinceMs = this.#log.reading.firstTransactionMs()
      const state = createDecidingState({ ...this.#stateNow(), inForce, coveredSinceMs, ...definition }, this.#options)
      this.lineup.put({ ...this.lineup.champion, model: this.#modelOf(inForce), inForce, state })
      this.#fill.begin()
    })
  }

  /** Once for each detector. */
  async #warmUp(inForce: DetectorInForce): Promise<void> {
    if (this.#warm === inForce) return
    await this.#options.warmUp?.(inForce)
    this.#warm = inForce
  }

  #stateNow(): DecidingState {
    const { state } = this.lineup.champion
    if (state === undefined) throw notReady
    return state
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
      if (record.kind === 'policy') this.#fill.begin()
    }
  }

  #isFilled(): boolean {
    const { inForce, state } = this.lineup.champion
    return state === undefined || isUnited(inForce, this.#declared())
  }

  /** Waits until the log holds all that came so far. */
  async #quiet(): Promise<void> {
    while (this.#log.pending > 0 || this.#decider.hasUnplaced) await sleep(1)
  }
}

/** What decides in the end. */
function projectionsOf({ goesOn, rebuild }: PreparedState): Projections {
  return goesOn?.projections ?? rebuild.projections
}

function namesCheck(
  inForce: DetectorInForce,
  prepared: PreparedState,
  { clock, retainMs }: Pick<TakeoverOptions, 'clock' | 'retainMs'>,
): NamesCheck {
  const { policy } = projectionsOf(prepared)
  return new NamesCheck(policy, clock, prepared.goesOn && namesOf(inForce, retainMs))
}

/** How many histories were made of the log, and how many go on. */
function countHistories({ features }: DetectorInForce, { goesOn }: PreparedState) {
  const all = features.plan.histories.length
  const goOn = goesOn?.remake.standingPlaces.filter((place) => place !== undefined).length ?? 0
  return { made: all - goOn, goOn }
}
