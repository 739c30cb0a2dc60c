import { hash } from 'node:crypto'
import type { Logger } from '../core/logger.ts'
import { inSlices } from '../core/time-slices.ts'
import { decodeBundleInSteps } from '../models/bundle.ts'
import type { Deployer } from './deployer.ts'

/**
 * The bundle that an operator named at the start, on a data directory whose log says who is champion. A file that is new
 * to the log is deployed; one that it knows is not, since a restart must not undo what somebody has deployed since.
 */
export class OfferedBundle {
  readonly #deployer: Deployer
  readonly #read: (() => Promise<Uint8Array>) | undefined
  readonly #logger: Logger
  #last: string | undefined

  constructor(deployer: Deployer, read: (() => Promise<Uint8Array>) | undefined, logger: Logger) {
    this.#deployer = deployer
    this.#read = read
    this.#logger = logger
  }

  /** Looks at the bundle once the service decides. */
  async atStart(): Promise<void> {
    if (this.#read === undefined) return
    const bytes = await this.#read()
    this.#last = hash('sha256', bytes)
    if (!this.#deployer.isByLog) return
    const { id } = await inSlices(decodeBundleInSteps(bytes))
    const { models, inForce } = this.#deployer.models.deployments
    const { champion } = inForce
    if (models.has(id) && id !== champion) {
      const message = `the log says that ${champion} is champion, so the bundle that was named is not served: shrike models deploy ${id} --champion makes it champion again`
      this.#logger.warn({ named: id, champion }, message)
      return
    }
    await this.#deployer.offer(bytes, { by: 'command:serve', why: 'The service was started with this bundle' })
  }

  /** Looks at its file again: another one than before is deployed, whether the log knows it or not. */
  async again(): Promise<void> {
    const { champion } = this.#deployer.models.deployments.inForce
    const bytes = await this.#read?.()
    const now = bytes && hash('sha256', bytes)
    if (bytes === undefined || now === this.#last) {
      const what = bytes === undefined ? 'no bundle was named' : 'the bundle that was named is the same'
      this.#logger.info({ champion }, `${what}: who is champion is for deployments to say`)
      return
    }
    this.#last = now
    await this.#deployer.offer(bytes, { by: 'signal:SIGHUP', why: 'The bundle file was loaded again' })
  }
}
