import { isDeepStrictEqual } from 'node:util'
import type { Logger } from '../core/logger.ts'
import { inSlices } from '../core/time-slices.ts'
import type { DetectorInForce } from './detector-in-force.ts'
import { catchUp, type PreparedState, type PrepareOptions, prepareState } from './prepare-state.ts'

interface StandbyOptions extends PrepareOptions {
  readonly logger: Logger
  readonly acceptLostHistories?: boolean | undefined
  /** The models that would decide now. */
  readonly load: () => Promise<DetectorInForce>
  /** With what the policy computes beside them. */
  readonly compute: (given: DetectorInForce) => DetectorInForce
  readonly warmUp: (inForce: DetectorInForce) => Promise<void>
  readonly signal: AbortSignal
}

export interface KeptUp {
  readonly given: DetectorInForce
  readonly prepared: PreparedState
  /** Whether it is what a detector needs. */
  serves(inForce: DetectorInForce): boolean
}

/**
 * While another process writes the log, what its records make is kept up here, so that this one can take over at once. What
 * is kept only saves time: where it does not fit any more, all is made from the log.
 */
export class Standby {
  readonly #options: StandbyOptions
  #kept: (KeptUp & { readonly models: unknown }) | undefined
  #leader: string | undefined

  constructor(options: StandbyOptions) {
    this.#options = options
  }

  /** Takes in what the other process wrote meanwhile. */
  async keepUp(leader: string): Promise<void> {
    if (leader !== this.#leader) this.#options.logger.info({ leader }, 'another process leads, and this one follows')
    this.#leader = leader
    await this.#tryTo(async () => {
      this.#kept ??= await this.#make()
      await this.#follow()
    })
  }

  /** What was kept up, with all that the log holds by now; undefined where it would not do. */
  async take(): Promise<KeptUp | undefined> {
    this.#leader = undefined
    await this.#tryTo(() => this.#follow())
    const kept = this.#kept
    this.#kept = undefined
    return kept
  }

  async #tryTo(work: () => Promise<void>): Promise<void> {
    const { logger, signal } = this.#options
    try {
      await work()
    } catch (error) {
      this.#kept = undefined
      if (!signal.aborted) logger.debug({ err: error }, 'what the log makes is not kept up, and is made at a takeover')
    }
  }

  async #make() {
    const { load, compute, warmUp, acceptLostHistories, signal } = this.#options
    const given = await load()
    const inForce = compute(given)
    await warmUp(inForce)
    const order = {
      ...{ standing: undefined, isWhole: true },
      acceptsLosses: acceptLostHistories === true,
      onProgress: () => {},
      signal,
    }
    const prepared = await prepareState(inForce, this.#options, order)
    const { detector, policyFeatures, predictor } = inForce
    const serves = (other: DetectorInForce) =>
      other.predictor === predictor &&
      isDeepStrictEqual([other.detector, other.policyFeatures], [detector, policyFeatures])
    return { given, prepared, serves, models: modelsOf(prepared) }
  }

  /** Models that were deployed meanwhile may compute other features. */
  async #follow(): Promise<void> {
    const kept = this.#kept
    if (kept === undefined) return
    await inSlices(catchUp(kept.prepared.rebuild), () => this.#options.signal.throwIfAborted())
    if (!isDeepStrictEqual(modelsOf(kept.prepared), kept.models)) this.#kept = undefined
  }
}

function modelsOf({ rebuild }: PreparedState): unknown {
  return rebuild.projections.deployments.inForce
}
