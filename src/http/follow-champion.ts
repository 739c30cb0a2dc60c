import type { Logger } from '../core/logger.ts'

export interface FollowOptions {
  /** Who the log says is champion by now; undefined where nobody was deployed. Throws where the log can't be read. */
  readonly find: () => string | undefined
  /** The models of those that follow, as they last said. */
  readonly served: () => readonly (string | null)[]
  /** Tells them to load the champion. */
  readonly reload: () => void
  readonly logger: Logger
  /** Milliseconds. */
  readonly clock: () => number
}

const lookEveryMs = 1000
const slowestRetryMs = 60_000

/** Whether those who follow a log that another process writes serve its champion, looked at each second. */
export class ChampionFollower {
  readonly #options: FollowOptions
  #timer: NodeJS.Timeout | undefined
  #asked: string | undefined
  #askAgainAtMs = 0
  #waitMs = lookEveryMs
  #problem: string | undefined

  constructor(options: FollowOptions) {
    this.#options = options
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), lookEveryMs)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  look(): void {
    const { served, reload, logger, clock } = this.#options
    const champion = this.#find()
    if (champion === undefined || served().every((id) => id === champion)) return
    if (champion !== this.#asked) {
      this.#waitMs = lookEveryMs
      logger.info({ model: champion }, 'another model is champion: the workers load it')
    } else if (clock() < this.#askAgainAtMs) return
    else this.#waitMs = Math.min(2 * this.#waitMs, slowestRetryMs)
    this.#asked = champion
    this.#askAgainAtMs = clock() + this.#waitMs
    reload()
  }

  /** What keeps it from being known is said once. */
  #find(): string | undefined {
    try {
      const champion = this.#options.find()
      this.#problem = undefined
      return champion
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (reason !== this.#problem) {
        this.#options.logger.warn(
          { reason },
          "who is champion can't be read: the workers go on with the model they have",
        )
      }
      this.#problem = reason
      return undefined
    }
  }
}
