import { FraudError } from '../core/errors.ts'
import { canonicalJson } from '../core/json-value.ts'
import { inSlices } from '../core/time-slices.ts'
import { modelOf, prepareModels } from '../deciding/deciding-champion.ts'
import type { DetectorInForce, RowMaker } from '../deciding/detector-in-force.ts'
import type { Models } from '../deciding/models.ts'
import type { Definition } from '../log/log-record.ts'
import type { LoadedModels } from './cluster-control.ts'
import { readBy, sharesFolds } from './cluster-definition.ts'

/** Those that a rollback, or two deployments in a row, may ask for again. */
const mostLoaded = 3

export interface ClusterModelsOptions {
  /** What a replica was started with, and how a definition would tell it. */
  readonly served: { readonly inForce: DetectorInForce; readonly definition: Definition }
  /** Of the models that were added. */
  readonly registry: () => Pick<Models, 'load' | 'deployments'>
  /** What is in force, whose model stays at hand. */
  readonly newest: () => Definition | undefined
}

/** The models that a replica has at hand: the one that it was started with, and those that were deployed since. */
export class ClusterModels implements LoadedModels {
  readonly #options: ClusterModelsOptions
  /** The newest last. */
  #loaded: readonly DetectorInForce[] = []
  #found: { readonly definition: Definition; readonly inForce: DetectorInForce } | undefined
  #underway: string | undefined
  #problem: { readonly id: string; readonly error: FraudError } | undefined

  constructor(options: ClusterModelsOptions) {
    this.#options = options
  }

  /** The model that is being loaded to decide. */
  get underway(): string | undefined {
    return this.#underway
  }

  /** Why what is in force could not be loaded here when that was last tried; undefined where it can decide. */
  get problem(): { readonly id: string; readonly error: FraudError } | undefined {
    const definition = this.#options.newest()
    return definition === undefined || this.find(definition) === undefined ? this.#problem : undefined
  }

  find(definition: Definition): DetectorInForce | undefined {
    if (this.#found?.definition === definition) return this.#found.inForce
    const inForce = [this.#options.served.inForce, ...this.#loaded].find((each) => decidesBy(definition, each))
    if (inForce !== undefined) this.#found = { definition, inForce }
    return inForce
  }

  async load(definition: Definition): Promise<void> {
    const { model } = definition
    const id = model ?? 'no model'
    try {
      const isKnown = model !== null && this.#options.registry().deployments.models.has(model)
      // What came in is read by what it was started with.
      if (!isKnown || !sharesFolds(this.#options.served.definition, definition)) {
        const message = `The cluster decides by ${id} and its detector and policy, and this replica has others`
        throw new FraudError('NOT_READY', message)
      }
      this.#underway = id
      if (!decidesBy(definition, await this.loadModel(model))) {
        throw new FraudError('LOG_INVALID', `${id} is another model than the one that was deployed: deploy it again`)
      }
      this.#problem = undefined
    } catch (error) {
      if (error instanceof FraudError) this.#problem = { id, error }
      throw error
    } finally {
      this.#underway = undefined
    }
  }

  /** A registered model, ready to decide on the cluster's rows, where it can. @throws FraudError as `Models.load`, and BUNDLE_INVALID where it can't predict */
  async loadModel(id: string): Promise<DetectorInForce> {
    const known = this.#loaded.find(({ predictor }) => predictor?.modelId === id)
    if (known !== undefined) return known
    const inForce = onRowsOf(await this.#options.registry().load(id), this.#options.served.inForce)
    await inSlices(prepareModels(inForce, 1))
    modelOf(inForce)
    const { newest } = this.#options
    const isDeciding = (each: DetectorInForce) => {
      const definition = newest()
      return definition !== undefined && decidesBy(definition, each)
    }
    const kept = this.#loaded.slice(1 - mostLoaded)
    this.#loaded = [...this.#loaded.filter((each) => kept.includes(each) || isDeciding(each)), inForce]
    return inForce
  }
}

/** A model on the rows of a cluster, of which it may read some features alone; as it is where it needs others. */
function onRowsOf(next: DetectorInForce, { detector, features }: RowMaker): DetectorInForce {
  const [mine, theirs] = [readBy(next.detector), readBy(detector)]
  const parts = ['transaction', 'histories'] as const
  const there = new Set(features.declared.map(({ name, declaration }) => `${name} ${declaration}`))
  const isServed = next.features.declared.every(({ name, declaration }) => there.has(`${name} ${declaration}`))
  const isAlike = parts.every((part) => canonicalJson(mine[part]) === canonicalJson(theirs[part]))
  return isServed && isAlike && canonicalJson(mine) !== canonicalJson(theirs) ? { ...next, detector, features } : next
}

/** Decisions name the cluster's definition, so nothing else may make them. */
function decidesBy({ model, detector, policy: { version, ...policy } }: Definition, inForce: DetectorInForce): boolean {
  const id = inForce.predictor?.modelId ?? null
  // An id is the hash of a bundle's file.
  const told = (given: unknown) => (id === null ? JSON.parse(JSON.stringify(given)) : readBy(given))
  const here = { model: id, detector: told(inForce.detector), policy: JSON.parse(JSON.stringify(inForce.policy)) }
  return canonicalJson(here) === canonicalJson({ model, detector: told(detector), policy })
}
