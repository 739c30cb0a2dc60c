import { FraudError } from '../core/errors.ts'
import type { ModelsOptions } from '../deciding/models.ts'
import { type BundleLane, type BundlePlace, hashOf } from './bundle-lane.ts'
import type { ChangeLane } from './change-lane.ts'

type BundleStore = ModelsOptions['bundles']

export interface ClusterBundlesOptions {
  readonly lane: Pick<ChangeLane, 'bundles'>
  readonly bundles: Pick<BundleLane, 'put' | 'get'>
  /** Where files are kept here, so that a start does not fetch them again. */
  readonly files: BundleStore
}

/** The files of a cluster's models: all of them are in the lane of bundles, and here those that were needed. */
export class ClusterBundles implements BundleStore {
  readonly #options: ClusterBundlesOptions
  /** Files that are in the lane, and that no change of the control lane names yet. */
  readonly #put = new Map<string, BundlePlace>()

  constructor(options: ClusterBundlesOptions) {
    this.#options = options
  }

  /** Where a file is in the lane that was put there from here. */
  placeOf(id: string): BundlePlace | undefined {
    return this.#put.get(id)
  }

  has(id: string): boolean {
    return this.#options.lane.bundles.has(id)
  }

  async keep(id: string, file: Uint8Array): Promise<void> {
    const { bundles, files } = this.#options
    this.#put.set(id, await bundles.put(id, file))
    await files.keep(id, file)
  }

  /** @throws FraudError LOG_INVALID, LOG_UNAVAILABLE, MODEL_UNKNOWN */
  async read(id: string): Promise<Uint8Array> {
    const { lane, bundles, files } = this.#options
    const place = lane.bundles.get(id)
    if (place === undefined) throw new FraudError('MODEL_UNKNOWN', `There is no model ${id}`)
    const kept = files.has(id) ? await files.read(id) : undefined
    if (kept !== undefined && (await hashOf(kept)) === place.sha256) return kept
    const file = await bundles.get(id, place)
    await files.keep(id, file)
    return file
  }

  async *pieces(id: string): AsyncIterable<Uint8Array> {
    yield await this.read(id)
  }

  remove(id: string): void {
    this.#options.files.remove(id)
  }
}
