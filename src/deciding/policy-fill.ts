import { FraudError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'

interface Filling {
  /** Whether all that the policy declares is computed. */
  readonly isFilled: () => boolean
  /** Takes over with what the policy declares now. */
  readonly take: () => Promise<void>
  readonly logger: Logger
  /** Ends it, once the round that is under way has. */
  readonly signal: AbortSignal
}

/** Makes histories for the features that the policy declares, while what is in force goes on, and takes over with them. */
export class PolicyFill {
  readonly #options: Filling
  #underway: Promise<void> | undefined
  #failure: string | undefined

  constructor(options: Filling) {
    this.#options = options
  }

  /** Resolves once it has ended; undefined where nothing is filled. */
  get underway(): Promise<void> | undefined {
    return this.#underway
  }

  /** Why features of the policy can't be computed, so that they stay unknown; undefined where they can. */
  get failure(): string | undefined {
    return this.#failure
  }

  /** Begins where something is missing; what is missing by the end of a round is in the next one. */
  begin(): void {
    if (this.#underway !== undefined) return
    this.#failure = undefined
    if (!this.#hasEnded()) this.#underway = this.#fill()
  }

  async #fill(): Promise<void> {
    const { take, logger, signal } = this.#options
    try {
      while (!this.#hasEnded()) await take()
    } catch (error) {
      // Where the log failed, all is made again, and this with it.
      const isKnown = error instanceof FraudError && error.code === 'LOG_UNAVAILABLE'
      if (signal.aborted || isKnown) return
      this.#failure = error instanceof FraudError ? error.message : String(error)
      logger.error({ reason: this.#failure }, "the policy's features can't be computed: rules take them for unknown")
    } finally {
      this.#underway = undefined
    }
  }

  #hasEnded(): boolean {
    const { isFilled, signal } = this.#options
    return signal.aborted || isFilled()
  }
}
