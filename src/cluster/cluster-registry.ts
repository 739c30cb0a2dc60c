import { Models, type ModelsOptions } from '../deciding/models.ts'
import type { Changes } from './changes.ts'
import type { ClusterBundles } from './cluster-bundles.ts'
import type { ClusterControl } from './cluster-control.ts'

export interface RegistryOptions {
  readonly control: ClusterControl
  readonly changes: Changes
  readonly bundles: ModelsOptions['bundles'] & Pick<ClusterBundles, 'placeOf'>
  readonly clock: () => number
}

/** The models that were added to a cluster, as its control lane has them here. */
export function createRegistry({ control, changes, bundles, clock }: RegistryOptions): Models {
  const { lane } = control
  const definition = (position: number) => {
    const found = control.definition(position)?.definition
    if (found === undefined) throw new RangeError(`the control lane has no definition at ${position}`)
    return found
  }
  return new Models({
    reading: {
      carried: () => ({}),
      ofKind: () => lane.deploymentRecords,
      definitionSequences: () => control.definitionPositions,
      definition,
      lastDefinition: () => control.newest && { definition: control.newest.definition },
      lastSequence: () => control.position,
      // A cluster keeps its models, and its decisions are not counted here.
      decidesWithin: () => true,
    },
    bundles,
    record: async (make) => {
      const proposed = () => {
        const record = make()
        return { record, bundle: bundles.placeOf(String(record.change.model)) }
      }
      return (await changes.make(proposed, () => undefined)).position
    },
    clock,
  })
}
