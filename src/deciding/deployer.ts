import { FraudError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { CanaryFigures } from './canary-figures.ts'
import { daysOf } from './coverage-warnings.ts'
import { changeOf, readDeployRequest, refuseRole, rollbackTo } from './deploy-request.ts'
import { isLineupOf, loadLineup } from './deployed-lineup.ts'
import {
  type Deployment,
  type DeployRequest,
  inForceAfter,
  type ModelRole,
  type ModelsInForce,
  nobodyInForce,
} from './deployment.ts'
import type { DetectorInForce } from './detector-in-force.ts'
import type { ExaminedTakeover } from './examine-takeover.ts'
import { tellCounts } from './lost-histories.ts'
import { tellValues } from './lost-values.ts'
import { type ModelChangeContext, Models, type ModelsOptions, type ModelView } from './models.ts'
import type { TakeoverProgress } from './prepare-state.ts'
import { warnOfRanks } from './rank-warnings.ts'
import { requireApproval } from './require-approval.ts'
import type { Takeover } from './takeover.ts'

export interface DeployerOptions extends ModelsOptions {
  readonly logger: Logger
  /** Whether somebody else has to approve deployments. */
  readonly asksForApproval?: (() => boolean) | undefined
  /** 32 random bytes in hex, which a log gets with its first canary. */
  readonly makeDrawSecret: () => string
  /** The bytes of the bundle that was served before anybody deployed one. */
  readonly readServed?: (() => Promise<Uint8Array>) | undefined
}

/** A model that is on its way to a role. */
interface Underway extends TakeoverProgress {
  readonly id: string
}

/** What became of the last attempt that failed. */
interface Failed {
  readonly code: string
  readonly detail: string
}

export interface DeploymentState extends ModelView {
  /** `preparing` while its histories are made, `failed` where it could not take its role, or could not be loaded for it. */
  readonly state: 'idle' | 'preparing' | 'failed'
  readonly progress?: TakeoverProgress
  /** Of a canary: what it and the champion have done since. */
  readonly figures?: CanaryFigures
  readonly error?: Failed
}

export interface Deployed {
  readonly id: string
  readonly role: ModelRole
  readonly version: number
  readonly warnings: readonly string[]
}

/** What a deployment would meet. */
export interface Rehearsal {
  readonly id: string
  readonly role: ModelRole
  /** Why it would be refused. */
  readonly problems: readonly { readonly code: string; readonly detail: string }[]
  readonly warnings: readonly string[]
  /** Records of the log that it goes through, at most; 0 where no histories have to be made. */
  readonly records: number
}

/** Brings models into force and out of it, beside a service that goes on, one deployment after the other. */
export class Deployer {
  readonly models: Models
  readonly #takeover: Takeover
  readonly #options: DeployerOptions
  #underway: Underway | undefined
  #failed: (Failed & { readonly id: string }) | undefined
  /** Why the champion decides without the canary and the shadows that the log names. */
  #unloaded: Failed | undefined

  constructor(takeover: Takeover, options: DeployerOptions) {
    this.models = new Models(options)
    this.#takeover = takeover
    this.#options = options
  }

  /** Whether the log says who is champion. */
  get isByLog(): boolean {
    return this.models.deployments.inForce.champion !== undefined
  }

  /** The model that is on its way into its role, and how far it is; undefined where none is. */
  get underway(): Underway | undefined {
    return this.#underway
  }

  /** The id of the model that decides now. */
  get servedId(): string | undefined {
    return this.#takeover.lineup.champion.model?.modelId
  }

  /**
   * The models that the log names; undefined where they are those that are served.
   *
   * @throws FraudError where the champion can't be loaded. Without a canary or shadows the champion decides alone.
   */
  async load(served: DetectorInForce): Promise<DetectorInForce | undefined> {
    const { inForce } = this.models.deployments
    if (isLineupOf(served, inForce)) return undefined
    this.#unloaded = undefined
    try {
      return await loadLineup(this.models, inForce, served)
    } catch (error) {
      if (!(error instanceof FraudError)) throw error
      const alone = await loadLineup(this.models, { ...nobodyInForce, champion: inForce.champion }, served)
      const { code, message: reason } = error
      this.#unloaded = { code, detail: reason }
      this.#options.logger.error(
        { code, reason },
        'a canary or a shadow could not be loaded: the champion decides alone',
      )
      return alone
    }
  }

  /** @throws FraudError MODEL_UNKNOWN */
  find(id: string): DeploymentState {
    return this.#tell(this.models.find(id))
  }

  list(): readonly DeploymentState[] {
    return this.models.list().map((model) => this.#tell(model))
  }

  /** @throws FraudError as `Models.remove`; MODEL_IN_USE of the model that decides. */
  remove(id: string, context: ModelChangeContext, forgets: boolean): Promise<{ readonly version: number }> {
    if (id === this.servedId || id === this.#underway?.id) {
      throw new FraudError('MODEL_IN_USE', `${id} decides, or is about to: deploy another one as champion first`)
    }
    return this.models.remove(id, context, forgets)
  }

  /** What a deployment would meet now; nothing is changed. @throws FraudError MODEL_UNKNOWN, INPUT_INVALID, NOT_READY */
  async rehearse(id: string, given: unknown): Promise<Rehearsal> {
    const request = readDeployRequest(given)
    this.models.find(id)
    const told = { id, role: request.role }
    try {
      refuseRole(id, request, this.models.deployments)
      if (request.role === 'retired' || id === this.servedId) return { ...told, problems: [], warnings: [], records: 0 }
      const roles = inForceAfter(this.models.deployments.inForce, changeOf(id, request))
      const inForce = await loadLineup(this.models, roles, this.#served)
      const examined = await this.#takeover.examine(inForce)
      const warnings = [...warningsOf(examined), ...this.#warnOfRanks(inForce, request.role)]
      return { ...told, problems: [], warnings, records: examined.records }
    } catch (error) {
      if (!(error instanceof FraudError) || error.code === 'NOT_READY') throw error
      return { ...told, problems: [{ code: error.code, detail: error.message }], warnings: [], records: 0 }
    }
  }

  /**
   * Gives a model a role. A champion decides as soon as its histories are there, and until then, or where it is refused,
   * the one before does.
   *
   * @throws FraudError MODEL_UNKNOWN, INPUT_INVALID, MODELS_CHANGED, DEPLOYMENT_UNDERWAY, and what a takeover refuses
   */
  async deploy(id: string, given: unknown, context: ModelChangeContext): Promise<Deployed> {
    const request = readDeployRequest(given)
    requireApproval(this.#options.asksForApproval, context)
    return await this.#alone(id, () => this.#deploy(id, request, context))
  }

  /** Puts those in force again who were in a version. @param to by default the last version with others in force. */
  async rollback(to: number | undefined, context: ModelChangeContext): Promise<Deployed> {
    requireApproval(this.#options.asksForApproval, context)
    const { champion, then, change } = rollbackTo(this.models.deployments, to)
    const others = [...(then.canary ? [then.canary.id] : []), ...then.shadows]
    for (const id of [champion, ...others]) this.models.find(id)
    return await this.#alone(champion, () => this.#bring(champion, 'champion', { roles: then, change }, context))
  }

  /** Serves a bundle that an operator put in the place of the one before: it is added and deployed, unless it is in force. */
  async offer(bytes: Uint8Array, context: ModelChangeContext): Promise<Deployed | undefined> {
    const { id } = await this.models.add(bytes, context)
    if (this.models.deployments.inForce.champion === id) return undefined
    return await this.deploy(id, { role: 'champion' }, context)
  }

  async #deploy(id: string, request: DeployRequest, context: ModelChangeContext): Promise<Deployed> {
    this.models.find(id)
    this.models.refuseOldVersion(context.ifVersion)
    refuseRole(id, request, this.models.deployments)
    const warnings = id === this.servedId ? [] : await this.#enrolServed(context)
    // What was enrolled moved the version that the caller knows.
    const moved = { ...context, ifVersion: undefined }
    const change = changeOf(id, request)
    const after = { roles: inForceAfter(this.models.deployments.inForce, change), change }
    const done = await this.#bring(id, request.role, after, moved)
    return { ...done, warnings: [...warnings, ...done.warnings] }
  }

  /** Brings models into their roles, with a record that says so in the moment in which they take over. */
  async #bring(
    id: string,
    role: ModelRole,
    { roles, change }: { readonly roles: ModelsInForce; readonly change: Deployment },
    context: ModelChangeContext,
  ): Promise<Deployed> {
    const record = () => this.models.inTurn(() => this.models.record(change, context, this.#drawSecret(roles)))
    if (isLineupOf(this.#served, roles)) return { id, role, version: await record(), warnings: [] }
    const before = this.#served
    try {
      const inForce = await loadLineup(this.models, roles, before)
      const examined = role === 'retired' ? undefined : await this.#takeover.examine(inForce)
      const found = [...(examined ? warningsOf(examined) : []), ...this.#warnOfRanks(inForce, role)]
      let version = 0
      await this.#takeover.use(inForce, {
        announce: async () => {
          version = await record()
        },
        onProgress: (progress) => {
          this.#underway = { id, ...progress }
        },
      })
      this.#unloaded = undefined
      if (this.servedId !== before.predictor?.modelId) this.models.keepReady(before)
      return { id, role, version, warnings: found }
    } catch (error) {
      const { code, message: detail } =
        error instanceof FraudError ? error : new FraudError('INTERNAL', 'Something went wrong inside the service')
      // What was asked for wrongly says nothing of the model.
      if (code !== 'INPUT_INVALID') this.#failed = { id, code, detail }
      const reason = error instanceof FraudError ? detail : error
      this.#options.logger.error({ model: id, code, reason }, 'a model could not take over; the one before goes on')
      throw error
    }
  }

  get #served(): DetectorInForce {
    return this.#takeover.lineup.champion.inForce
  }

  #warnOfRanks(inForce: DetectorInForce, role: ModelRole): readonly string[] {
    const { state } = this.#takeover.lineup.champion
    return warnOfRanks(inForce, role, state?.projections.policy.changed?.definitions.policy)
  }

  #drawSecret({ canary }: ModelsInForce): string | undefined {
    const secret = this.#takeover.lineup.champion.state?.projections.policy.secret
    return canary !== undefined && secret?.length === 0 ? this.#options.makeDrawSecret() : undefined
  }

  /** Adds the bundle that decides to the models, where it is none of them yet; false where it can't be had. */
  async keepServed(context: ModelChangeContext): Promise<boolean> {
    const { servedId, models } = this
    if (servedId === undefined) return false
    if (models.deployments.models.has(servedId)) return true
    const bytes = await this.#options.readServed?.()
    // Another one may lie there by now, which nobody has asked for.
    if (bytes === undefined || (await models.idOf(bytes)) !== servedId) return false
    await models.add(bytes, context)
    return true
  }

  /**
   * The bundle that was served before anybody deployed one is the first champion of the log, so that it can be gone back
   * to.
   */
  async #enrolServed({ by }: ModelChangeContext): Promise<readonly string[]> {
    const { servedId, models } = this
    const { inForce } = models.deployments
    if (inForce.champion !== undefined || servedId === undefined) return []
    const context = { by, why: 'It was served when the first model was deployed' }
    try {
      if (!(await this.keepServed(context))) return [cannotGoBack(servedId)]
    } catch (error) {
      if (!(error instanceof FraudError)) throw error
      return [cannotGoBack(servedId)]
    }
    await models.inTurn(() => models.record({ kind: 'champion', model: servedId }, context))
    return []
  }

  async #alone(id: string, work: () => Promise<Deployed>): Promise<Deployed> {
    if (this.#underway !== undefined) {
      throw new FraudError('DEPLOYMENT_UNDERWAY', `${this.#underway.id} is being deployed: wait until that has ended`)
    }
    this.#underway = { id, records: 0, of: 0 }
    this.#failed = undefined
    try {
      const done = await work()
      this.#options.logger.info({ model: id, role: done.role, version: done.version }, 'a model was deployed')
      return done
    } finally {
      this.#underway = undefined
    }
  }

  #tell(view: ModelView): DeploymentState {
    const { id } = view
    const figures = this.#takeover.lineup.champion.state?.projections.canary.figures
    const model = { ...view, ...(view.role === 'canary' && figures && { figures }) }
    if (this.#underway?.id === id) {
      const { records, of } = this.#underway
      return { ...model, state: 'preparing', progress: { records, of } }
    }
    const isBeside = view.role === 'canary' || view.role === 'shadow'
    const failed = this.#failed?.id === id ? this.#failed : isBeside ? this.#unloaded : undefined
    if (failed === undefined) return { ...model, state: 'idle' }
    const { code, detail } = failed
    return { ...model, state: 'failed', error: { code, detail } }
  }
}

/** Said where the model that was served before can't be kept. */
export function cannotGoBack(id: string): string {
  return `${id}, which was served before, can't be gone back to: its file is not the one that was loaded any more`
}

/** What decisions of the model will lack at first. */
function warningsOf({ coveredMs, wantedMs, losses, lostValues }: ExaminedTakeover): readonly string[] {
  const isShort = Number.isFinite(wantedMs) && coveredMs < wantedMs
  const short =
    `Decisions will be degraded by history-short: the log reaches back ${daysOf(coveredMs)} days, and the longest window ` +
    `${daysOf(wantedMs)}`
  const lost = `Decisions will be degraded by histories-lost: ${tellCounts(losses)}`
  const values = `Values of the policy never match: ${tellValues(lostValues)}`
  return [...(isShort ? [short] : []), ...(losses.length > 0 ? [lost] : []), ...(lostValues.length > 0 ? [values] : [])]
}
