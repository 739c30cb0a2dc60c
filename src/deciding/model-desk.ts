import type { Deployer } from './deployer.ts'
import type { Models } from './models.ts'

/** What people do to models, and see of them, wherever their changes have their order. */
export interface ModelDesk
  extends Pick<Deployer, 'list' | 'find' | 'deploy' | 'rehearse' | 'rollback' | 'remove' | 'servedId'> {
  readonly models: Pick<Models, 'add' | 'deployments' | 'refuseOldVersion'>
}
