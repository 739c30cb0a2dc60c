import { FraudError } from '../core/errors.ts'
import { canonicalJson, type JsonObject } from '../core/json-value.ts'
import { definitionOf } from '../deciding/define.ts'
import { changeOf, readDeployRequest, refuseRole, rollbackTo } from '../deciding/deploy-request.ts'
import { cannotGoBack, type Deployed, type DeploymentState, type Rehearsal } from '../deciding/deployer.ts'
import type { Deployment } from '../deciding/deployment.ts'
import type { DetectorInForce } from '../deciding/detector-in-force.ts'
import type { ModelDesk } from '../deciding/model-desk.ts'
import type { ModelChangeContext, Models, ModelView } from '../deciding/models.ts'
import { warnOfRanks } from '../deciding/rank-warnings.ts'
import type { Definition } from '../log/log-record.ts'
import type { Changes } from './changes.ts'
import { type ClusterControl, refuseDetector } from './cluster-control.ts'
import { type ClusterDefinition, readBy, sharesFolds } from './cluster-definition.ts'
import type { ClusterModels } from './cluster-models.ts'

export interface ClusterDeployerOptions {
  readonly control: Pick<ClusterControl, 'newest' | 'lane'>
  readonly changes: Changes
  readonly models: Models
  readonly loaded: ClusterModels
  readonly clock: () => number
  /** The names of a detector's fields, in the order in which intakes have them. */
  readonly columnsOf: (inForce: DetectorInForce) => readonly string[]
  readonly runtime: string
  /** The bytes of the bundle that this replica was started with. */
  readonly readServed: (() => Promise<Uint8Array>) | undefined
  /** Why nothing can be changed now; undefined where it can. */
  readonly whyNotReady: () => string | undefined
}

/** Brings models into force in a cluster, one after the other, wherever that is asked for. */
export class ClusterDeployer implements ModelDesk {
  readonly #options: ClusterDeployerOptions
  #underway: string | undefined
  #failed: { readonly id: string; readonly code: string; readonly detail: string } | undefined

  constructor(options: ClusterDeployerOptions) {
    this.#options = options
  }

  /** @throws FraudError NOT_READY where what this replica knows of models may be old */
  get models(): Models {
    const reason = this.#options.whyNotReady()
    if (reason !== undefined) throw new FraudError('NOT_READY', reason)
    return this.#options.models
  }

  /** The model that this replica decides by. */
  get servedId(): string | undefined {
    return this.#options.control.newest?.definition.model ?? undefined
  }

  /** @throws FraudError MODEL_UNKNOWN */
  find(id: string): DeploymentState {
    return this.#tell(this.models.find(id))
  }

  list(): readonly DeploymentState[] {
    return this.models.list().map((model) => this.#tell(model))
  }

  async remove(): Promise<never> {
    throw new FraudError('CLUSTER_UNSUPPORTED', 'A cluster keeps all models that were added to it')
  }

  /** What a deployment would meet now; nothing is changed. @throws FraudError MODEL_UNKNOWN, INPUT_INVALID, NOT_READY */
  async rehearse(id: string, given: unknown): Promise<Rehearsal> {
    const { role } = readDeployRequest(given)
    this.models.find(id)
    try {
      const next = await this.#loadFor(id, given)
      return { id, role, problems: [], warnings: this.#warnOfRanks(next), records: 0 }
    } catch (error) {
      if (!(error instanceof FraudError) || error.code === 'NOT_READY') throw error
      return { id, role, problems: [{ code: error.code, detail: error.message }], warnings: [], records: 0 }
    }
  }

  /**
   * Makes a model champion: here from the answer on, in other replicas as soon as they have read that and loaded it.
   *
   * @throws FraudError MODEL_UNKNOWN, INPUT_INVALID, MODELS_CHANGED, CLUSTER_UNSUPPORTED
   */
  async deploy(id: string, given: unknown, context: ModelChangeContext): Promise<Deployed> {
    this.models.find(id)
    return await this.#alone(id, () => this.#deploy(id, given, context))
  }

  async #deploy(id: string, given: unknown, context: ModelChangeContext): Promise<Deployed> {
    this.models.refuseOldVersion(context.ifVersion)
    const request = readDeployRequest(given)
    const next = await this.#loadFor(id, given)
    const { warnings, version } = await this.#enrolServed(context)
    // What was enrolled moved the version that the caller knows.
    const ifVersion = context.ifVersion === undefined ? undefined : (version ?? context.ifVersion)
    return await this.#bring(next, changeOf(id, request), { ...context, ifVersion }, warnings)
  }

  /** Puts the model in force again that was in a version. @param to by default the last version with another one. */
  async rollback(to: number | undefined, context: ModelChangeContext): Promise<Deployed> {
    this.models.refuseOldVersion(context.ifVersion)
    const { champion, change } = rollbackTo(this.models.deployments, to)
    return await this.#alone(champion, async () =>
      this.#bring(await this.#loadFor(champion, { role: 'champion' }), change, context),
    )
  }

  /** @throws FraudError where the model can't have the role that is asked for */
  async #loadFor(id: string, given: unknown): Promise<DetectorInForce> {
    const request = readDeployRequest(given)
    refuseRole(id, request, this.models.deployments)
    if (request.role !== 'champion') {
      const message = `A cluster does not have a model that is ${request.role}; make it champion, or use one process`
      throw new FraudError('CLUSTER_UNSUPPORTED', message)
    }
    const next = await this.#options.loaded.loadModel(id)
    refuseDetector(next.detector)
    refuseOtherRows(id, this.#definitionOf(next), this.#newest.definition)
    return next
  }

  async #bring(
    next: DetectorInForce,
    change: Deployment,
    { by, why, ifVersion }: ModelChangeContext,
    before: readonly string[] = [],
  ): Promise<Deployed> {
    const { changes, clock } = this.#options
    const { position } = await changes.make(
      () => {
        this.models.refuseOldVersion(ifVersion)
        const kept: JsonObject = JSON.parse(JSON.stringify(change))
        const record = { kind: 'deployment', by, why, atMs: clock(), change: kept } as const
        return { record, definition: this.#definitionOf(next) }
      },
      () => undefined,
    )
    const id = next.predictor?.modelId ?? ''
    return { id, role: 'champion', version: position, warnings: [...before, ...this.#warnOfRanks(next)] }
  }

  /** The first champion is the one that the cluster was made with, so that it can be gone back to. */
  async #enrolServed({ by }: ModelChangeContext): Promise<{
    readonly warnings: readonly string[]
    readonly version?: number
  }> {
    const { control, changes, clock, readServed } = this.#options
    const isEnrolled = () => control.lane.deployments.inForce.champion !== undefined
    const { servedId } = this
    if (isEnrolled() || servedId === undefined) return { warnings: [] }
    const why = 'The cluster was made with it'
    try {
      const bytes = await readServed?.()
      // Another one may lie there by now, or the replica was started with another.
      if (bytes === undefined || (await this.models.idOf(bytes)) !== servedId)
        return { warnings: [cannotGoBack(servedId)] }
      await this.models.add(bytes, { by, why })
    } catch (error) {
      const isOfFile = error instanceof FraudError && ['FILE_UNREADABLE', 'BUNDLE_INVALID'].includes(error.code)
      if (!isOfFile) throw error
      return { warnings: [cannotGoBack(servedId)] }
    }
    const make = () => {
      if (isEnrolled()) throw new FraudError('MODELS_CHANGED', 'Another replica has deployed a model meanwhile')
      const record = { kind: 'deployment', by, why, atMs: clock() } as const
      const { definition } = this.#newest
      return { record: { ...record, change: { kind: 'champion', model: servedId } }, definition }
    }
    const { position } = await changes.make(make, () => undefined)
    return { warnings: [], version: position }
  }

  get #newest(): ClusterDefinition {
    const { newest } = this.#options.control
    if (newest === undefined) throw new FraudError('NOT_READY', 'The control lane has no definition')
    return newest
  }

  /** What the control lane would say of a model that decides from now on. */
  #definitionOf(next: DetectorInForce): Definition {
    const { columnsOf, runtime } = this.#options
    const { version, ...before } = this.#newest.definition.policy
    const isSamePolicy = canonicalJson(before) === canonicalJson(JSON.parse(JSON.stringify(next.policy)))
    // A model that reads some features of the row alone has no others behind its own.
    const whole = { ...next, own: next }
    return definitionOf(whole, isSamePolicy ? version : version + 1, { columns: columnsOf(next), runtime })
  }

  #warnOfRanks(next: DetectorInForce): readonly string[] {
    return warnOfRanks(next, 'champion', this.#options.control.lane.policy.changed?.definitions.policy)
  }

  /** One after the other here; of those at several replicas each is checked again behind the one that came first. */
  async #alone(id: string, work: () => Promise<Deployed>): Promise<Deployed> {
    if (this.#underway !== undefined) {
      throw new FraudError('DEPLOYMENT_UNDERWAY', `${this.#underway} is being deployed: wait until that has ended`)
    }
    this.#underway = id
    this.#failed = undefined
    try {
      return await work()
    } catch (error) {
      const { code, message: detail } =
        error instanceof FraudError ? error : new FraudError('INTERNAL', 'Something went wrong inside the service')
      this.#failed = { id, code, detail }
      throw error
    } finally {
      this.#underway = undefined
    }
  }

  #tell(view: ModelView): DeploymentState {
    if (this.#underway === view.id) return { ...view, state: 'preparing' }
    if (this.#failed?.id !== view.id) return { ...view, state: 'idle' }
    const { code, detail } = this.#failed
    return { ...view, state: 'failed', error: { code, detail } }
  }
}

/**
 * Parts of rows are computed where histories are kept, for the features that the cluster was made with.
 *
 * @throws FraudError CLUSTER_UNSUPPORTED
 */
function refuseOtherRows(id: string, next: Definition, now: Definition): void {
  if (sharesFolds(next, now)) return
  const added = next.features.filter((name) => !now.features.includes(name))
  const [mine, theirs] = [readBy(next.detector), readBy(now.detector)]
  const parts = (['transaction', 'features', 'histories'] as const).filter(
    (part) => canonicalJson(mine[part]) !== canonicalJson(theirs[part]),
  )
  const reason =
    added.length > 0
      ? `histories that this cluster does not keep: those of ${added.join(', ')}`
      : `rows that this cluster does not make: its detector declares other ${parts.join(' and ')}`
  const cure = 'train it with the detector of the cluster, or make another cluster'
  throw new FraudError('CLUSTER_UNSUPPORTED', `${id} needs ${reason}; ${cure}`)
}
