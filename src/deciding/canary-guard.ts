import { FraudError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { whyRolledBack } from './canary-figures.ts'
import type { Decider } from './decider.ts'
import type { DecisionObserver } from './decision-observer.ts'
import type { Deployer } from './deployer.ts'
import { guardName } from './require-approval.ts'

const lookEveryMs = 1000

export interface CanaryGuardOptions {
  readonly logger: Logger
  readonly observer: Pick<DecisionObserver, 'canaryRolledBack'>
}

/** Looks at what a canary does, and takes it back by itself where its guard says so, with a record that says why. */
export class CanaryGuard {
  readonly #deployer: Deployer
  readonly #decider: Pick<Decider, 'state'>
  readonly #options: CanaryGuardOptions
  readonly #timer: NodeJS.Timeout
  #looking: Promise<void> | undefined

  constructor(deployer: Deployer, decider: Pick<Decider, 'state'>, options: CanaryGuardOptions) {
    this.#deployer = deployer
    this.#decider = decider
    this.#options = options
    this.#timer = setInterval(() => void this.look(), lookEveryMs).unref()
  }

  /** Looks now; resolves once a canary that is to go is gone. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
  }

  async #look(): Promise<void> {
    const { state } = this.#decider
    const { canary } = state?.projections.deployments.inForce ?? {}
    const figures = state?.projections.canary.figures
    if (canary === undefined || figures === undefined) return
    const why = whyRolledBack(figures, canary.guard, state?.judge.canaryP99Ms)
    if (why === undefined) return
    const { logger, observer } = this.#options
    try {
      await this.#deployer.deploy(canary.id, { role: 'retired' }, { by: guardName, why })
      observer.canaryRolledBack(canary.id)
      logger.error({ model: canary.id, why }, 'the guard has rolled the canary back: the champion decides alone')
    } catch (error) {
      const reason = error instanceof FraudError ? `${error.code}: ${error.message}` : String(error)
      logger.error({ model: canary.id, why, reason }, 'the guard could not roll the canary back, and tries again')
    }
  }
}
