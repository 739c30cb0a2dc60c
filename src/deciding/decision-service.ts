import type { Logger } from '../core/logger.ts'
import type { DecisionTracing } from '../core/tracing.ts'
import { EventHub } from '../events/event-hub.ts'
import type { Leader } from '../log/commit-target.ts'
import { recordIn } from './append-change.ts'
import { CanaryGuard } from './canary-guard.ts'
import { Decider } from './decider.ts'
import { firstChampion } from './deciding-champion.ts'
import type { DecisionObserver } from './decision-observer.ts'
import { Decisions, type DecisionsOptions } from './decisions.ts'
import { Deployer, type DeployerOptions } from './deployer.ts'
import type { DetectorInForce } from './detector-in-force.ts'
import { Keeper, type KeeperOptions } from './keeper.ts'
import { Lineup } from './lineup.ts'
import { recordEvents } from './record-events.ts'
import { ShadowScorer } from './shadow-scorer.ts'
import { Takeover, type TakeoverOptions } from './takeover.ts'
import type { ShadowCount } from './watched-state.ts'

export interface DecisionServiceOptions
  extends Omit<DecisionsOptions, 'events'>,
    Omit<TakeoverOptions, 'onFault' | 'follower'>,
    KeeperOptions {
  readonly observer: DecisionObserver
  readonly maxPending: number
  readonly maxPendingLabels: number
  /** Told of the steps of each decision. */
  readonly tracing?: DecisionTracing | undefined
  /** Where models are kept; without it the bundle is the one that is given. */
  readonly registry?: Pick<DeployerOptions, 'reading' | 'bundles' | 'readServed'> | undefined
  /** How many scores shadows may give within a second; 1,000 by default. */
  readonly shadowScoresPerSecond?: number
}

const shadowScoresPerSecond = 1000
const faultsSaidEveryMs = 60_000

/** The decision path with everything that keeps it alive: start, failure and recovery, reload, snapshots, retention. */
export class DecisionService extends Decisions {
  readonly #takeover: Takeover
  readonly #keeper: Keeper
  readonly #log: DecisionServiceOptions['log']
  /** Takes a canary back; undefined where no models are kept. */
  readonly guard: CanaryGuard | undefined
  /** Models that may be deployed; undefined where none are kept. */
  readonly deployer: Deployer | undefined
  /** Throws BUNDLE_INVALID where the model can't predict its own example. */
  constructor(inForce: DetectorInForce, options: DecisionServiceOptions) {
    const onFault = faultReporter(options.logger, options.clock)
    const lineup = new Lineup(firstChampion(inForce, options))
    const shadowCounts = new Map<string, ShadowCount>()
    const observer = countShadows(tellPolicy(options.observer, options.logger), shadowCounts)
    const shadows = new ShadowScorer({ shadowScoresPerSecond, ...options, observer, lineup })
    const decider = new Decider({ ...options, observer, lineup, shadows })
    const findSnapshot: TakeoverOptions['findSnapshot'] = (next) => {
      const snapshot = options.findSnapshot(next)
      if (snapshot !== undefined) keeper.found(snapshot.sequence)
      return snapshot
    }
    const loadDeployed: TakeoverOptions['loadDeployed'] = (served) => this.deployer?.load(served)
    const events = openEvents(options)
    const cases = () => lineup.champion.state?.projections.cases
    const take = recordEvents(events, { reading: options.log.reading, cases })
    const follower = { take, failed: () => events.restart() }
    const takeover = new Takeover(lineup, decider, { ...options, onFault, findSnapshot, loadDeployed, follower })
    const keeper = new Keeper(decider, options)
    const findPredictor = async (id: string) => this.deployer?.models.findPredictor(id)
    super(takeover, decider, { ...options, findPredictor, events, shadowCounts: () => [...shadowCounts.values()] })
    this.#takeover = takeover
    this.#keeper = keeper
    this.#log = options.log
    this.deployer =
      options.registry && new Deployer(takeover, { ...options, ...options.registry, record: recordIn(options.log) })
    this.guard = this.deployer && new CanaryGuard(this.deployer, decider, { ...options, observer })
  }

  /** Makes histories from the log and decides from then on; tries again until it can. */
  resume(): Promise<void> {
    return this.#takeover.resume()
  }

  /** Answers with another bundle as soon as its histories are there; until then, or where it is refused, with the one before. */
  use(inForce: DetectorInForce): Promise<void> {
    return this.#takeover.use(inForce)
  }

  /** The process that decides in place of this one. */
  get leader(): Leader | undefined {
    return this.#log.leader
  }

  /** Snapshots that this process took, or could not take. */
  get snapshots(): Keeper['snapshots'] {
    return this.#keeper.snapshots
  }

  /** When the newest snapshot was taken, as far as this process knows. */
  get snapshotAtMs(): number | undefined {
    return this.#keeper.snapshotAtMs
  }

  /** Takes a snapshot, and lets go of records that are no longer to be kept. */
  snapshot(): Promise<void> {
    return this.#keeper.snapshot()
  }

  async close(): Promise<void> {
    try {
      await Promise.all([this.alerts.close(), this.guard?.close(), this.#takeover.close(), this.#keeper.close()])
    } finally {
      await this.#log.close()
    }
  }
}

/** A service starts once in a millisecond, so the time tells its events from those of another. */
function openEvents({ log, clock, logger }: Pick<DecisionServiceOptions, 'log' | 'clock' | 'logger'>): EventHub {
  const onFault = (error: unknown) => logger.error({ err: error }, 'an event could not be told, and was left out')
  return new EventHub({ log, epoch: clock().toString(36), onFault })
}

function countShadows(observer: DecisionObserver, counts: Map<string, ShadowCount>): DecisionObserver {
  return {
    ...observer,
    shadowScored(model, result) {
      observer.shadowScored(model, result)
      const { dropped, all } = counts.get(model) ?? { dropped: 0, all: 0 }
      counts.set(model, { model, dropped: dropped + (result === 'dropped' ? 1 : 0), all: all + 1 })
    },
  }
}

/** Somebody has to look at what tripped a fuse, and at reviews that nobody gets to. */
function tellPolicy(observer: DecisionObserver, logger: Logger): DecisionObserver {
  return {
    ...observer,
    fusesTripped(fuses) {
      observer.fusesTripped(fuses)
      logger.warn({ fuses }, 'fuses of the policy have tripped: what they protect from is held back until they cool')
    },
    reviewsOverloaded(reviews) {
      observer.reviewsOverloaded(reviews)
      const { last24h, perDay } = reviews
      logger.warn(
        { last24h, perDay },
        'the last 24 hours brought more reviews than people can do (costs.review.perDay)',
      )
    },
  }
}

/** Says why there was no score: at once, then once a minute, since a bug comes with every transaction. */
function faultReporter(logger: Logger, clock: () => number): TakeoverOptions['onFault'] {
  let silentUntilMs = Number.NEGATIVE_INFINITY
  let unsaid = 0
  return (what, error) => {
    const nowMs = clock()
    if (nowMs < silentUntilMs) {
      unsaid += 1
      return
    }
    const reason = error instanceof Error ? error.stack : String(error)
    logger.error({ what, reason, unsaid }, 'a transaction could not be scored')
    silentUntilMs = nowMs + faultsSaidEveryMs
    unsaid = 0
  }
}
