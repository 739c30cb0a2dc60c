import { FraudError } from '../core/errors.ts'
import { canonicalJson } from '../core/json-value.ts'
import { inSlices } from '../core/time-slices.ts'
import { modelOf, prepareModels } from '../deciding/deciding-champion.ts'
import type { DetectorInForce } from '../deciding/detector-in-force.ts'
import type { Models } from '../deciding/models.ts'
import type { Definition } from '../log/log-record.ts'
import type { LoadedModels } from './cluster-control.ts'
import { sharesFolds } from './cluster-definition.ts'

/** Those that a rollback, or two deployments in a row, may ask for again. */
const mostLoaded = 3

/** What a replica was started with, and how a definition would tell it. */
interface Served {
  readonly inForce: DetectorInForce
  readonly definition: Definition
}

/** The models that a replica has at hand: the one that it was started with, and those that were deployed since. */
export class ClusterModels implements LoadedModels {
  readonly #registry: () => Pick<Models, 'load' | 'deployments'>
  readonly #served: Served
  /** The newest last. */
  #loaded: readonly DetectorInForce[] = []
  #found: { readonly definition: Definition; readonly inForce: DetectorInForce } | undefined
  #underway: string | undefined
  #problem: { readonly id: string; readonly error: FraudError } | undefined

  /** @param registry of the models that were added. */
  constructor(served: Served, registry: () => Pick<Models, 'load' | 'deployments'>) {
    this.#served = served
    this.#registry = registry
  }

  /** The model that is being loaded to decide. */
  get underway(): string | undefined {
    return this.#underway
  }

  /** Why what is in force could not be loaded here when that was last tried. */
  get problem(): { readonly id: string; readonly error: FraudError } | undefined {
    return this.#problem
  }

  find(definition: Definition): DetectorInForce | undefined {
    if (this.#found?.definition === definition) return this.#found.inForce
    const inForce = [this.#served.inForce, ...this.#loaded].find((each) => decidesBy(definition, each))
    if (inForce !== undefined) this.#found = { definition, inForce }
    return inForce
  }

  async load(definition: Definition): Promise<void> {
    const { model } = definition
    const id = model ?? 'no model'
    try {
      const isKnown = model !== null && this.#registry().deployments.models.has(model)
      // What came in is read by what it was started with.
      if (!isKnown || !sharesFolds(this.#served.definition, definition)) {
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

  /** A registered model, ready to decide. @throws FraudError as `Models.load`, and BUNDLE_INVALID where it can't predict */
  async loadModel(id: string): Promise<DetectorInForce> {
    const known = this.#loaded.find(({ predictor }) => predictor?.modelId === id)
    if (known !== undefined) return known
    const inForce = await this.#registry().load(id)
    await inSlices(prepareModels(inForce, 1))
    modelOf(inForce)
    this.#loaded = [...this.#loaded.slice(1 - mostLoaded), inForce]
    return inForce
  }
}

/** Decisions name the cluster's definition, so nothing else may make them. */
function decidesBy({ model, detector, policy: { version, ...policy } }: Definition, inForce: DetectorInForce): boolean {
  const here = { model: inForce.predictor?.modelId ?? null, detector: inForce.detector, policy: inForce.policy }
  return canonicalJson(JSON.parse(JSON.stringify(here))) === canonicalJson({ model, detector, policy })
}
