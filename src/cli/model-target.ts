import type { Deployed, DeploymentState, Rehearsal } from '../deciding/deployer.ts'
import type { ModelChangeContext } from '../deciding/models.ts'

/** Why something is done to models; who does it is for the target to know. */
export type ModelReason = Omit<ModelChangeContext, 'by'>

interface ModelVersion {
  readonly version: number
  readonly at: string
  readonly by: string
  readonly why: string
  readonly change: Readonly<Record<string, unknown>>
}

interface ModelList {
  readonly version: number
  readonly models: readonly DeploymentState[]
}

/** The models of a service, or of a data directory that none works on. */
export interface ModelTarget {
  readonly where: string
  list(): Promise<ModelList>
  find(id: string): Promise<DeploymentState>
  /** The newest first. */
  versions(): Promise<readonly ModelVersion[]>
  add(
    bytes: Uint8Array,
    reason: { readonly why: string; readonly parent?: string | undefined },
  ): Promise<{ readonly id: string; readonly isNew: boolean }>
  remove(id: string, reason: ModelReason, forgets: boolean): Promise<{ readonly version: number }>
  rehearse(id: string, request: object): Promise<Rehearsal>
  /** Resolves once the model has its role. */
  deploy(id: string, request: object, reason: ModelReason): Promise<Deployed>
  rollback(to: number | undefined, reason: ModelReason): Promise<Deployed>
}
