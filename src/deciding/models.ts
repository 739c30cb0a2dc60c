import assert from 'node:assert/strict'
import { FraudError } from '../core/errors.ts'
import { formatIsoTime } from '../core/time-parser.ts'
import { inSlices } from '../core/time-slices.ts'
import type { Definition } from '../log/log-record.ts'
import { type Bundle, decodeBundleInSteps, shortHash } from '../models/bundle.ts'
import { hashOfTensors } from '../models/safetensors.ts'
import { createPredictor } from '../scoring/load-predictor.ts'
import type { Predictor } from '../scoring/predictor.ts'
import type { NewChange } from './append-change.ts'
import {
  type AddedModel,
  type Canary,
  type Deployment,
  type ModelRole,
  modelIdSchema,
  nobodyInForce,
  roleIn,
} from './deployment.ts'
import {
  type DeploymentProjection,
  type DeploymentReading,
  type DeploymentStep,
  readDeployments,
} from './deployment-projection.ts'
import { canDecide, createDetectorInForce, type DetectorInForce, type OtherModel } from './detector-in-force.ts'
import { tellOtherTransaction } from './other-transaction.ts'

/** Where bundles are kept, each under its id: whole, or not there. */
interface BundleStore {
  has(id: string): boolean
  /** Resolves once it is durable. */
  keep(id: string, bytes: Uint8Array): Promise<void>
  /** @throws FraudError FILE_UNREADABLE */
  read(id: string): Promise<Uint8Array>
  /** The same in pieces, each of which the next one overwrites. */
  pieces(id: string): AsyncIterable<Uint8Array>
  remove(id: string): void
}

interface ModelReading extends DeploymentReading {
  definitionSequences(): readonly number[]
  definition(sequence: number): Definition
  lastDefinition(): { readonly definition: Definition } | undefined
  lastSequence(): number
  /** Whether a decision is kept behind one number and up to another. */
  decidesWithin(after: number, through: number): boolean
}

/** Where models are, and what the log says of them. */
interface Registry {
  readonly reading: ModelReading
  readonly bundles: BundleStore
}

export interface ModelsOptions extends Registry {
  /**
   * Puts a change where they have their order, and resolves with its number there; without it there are none.
   *
   * @param make is called in the turn in which the change gets its place.
   */
  readonly record?: (make: () => NewChange) => Promise<number>
  readonly clock: () => number
}

/** Who changes something about models, and why. */
export interface ModelChangeContext {
  readonly by: string
  /** Somebody else who let it through. */
  readonly approvedBy?: string | undefined
  readonly why: string
  /** The version that it is a change of; it is refused where another one is in force by now. */
  readonly ifVersion?: number | undefined
}

/** A model as people see it. */
export interface ModelView extends Omit<AddedModel, 'kind' | 'model'> {
  readonly id: string
  /** Null where it never had one. */
  readonly role: ModelRole | null
  readonly canary?: Omit<Canary, 'id'>
  readonly addedAt: string
  readonly addedBy: string
  readonly why: string
  /** The last change of its role. */
  readonly deployed?: { readonly version: number; readonly at: string; readonly by: string; readonly why: string }
  /** Its record is there, and its file is not. */
  readonly isMissing?: true
}

/**
 * The registry: bundles that were added, and what the log's records say became of them. One change after the other, each
 * durable before the next is looked at.
 */
export class Models {
  readonly #options: ModelsOptions
  #turn: Promise<unknown> = Promise.resolve()
  /** The one that was asked for last to explain a decision: there are often several in a row. */
  #past: Predictor | undefined
  /** The champion before the one that decides, as it was served. */
  #before: (DetectorInForce & OtherModel) | undefined

  constructor(options: ModelsOptions) {
    this.#options = options
  }

  /** As durable records make it. */
  get deployments(): DeploymentProjection {
    return readDeployments(this.#options.reading)
  }

  /** In the order in which they were added. */
  list(): readonly ModelView[] {
    const { deployments } = this
    return [...deployments.models.keys()].map((id) => this.#view(id, deployments))
  }

  /** @throws FraudError MODEL_UNKNOWN */
  find(id: string): ModelView {
    const { deployments } = this
    requireKnown(deployments, id)
    return this.#view(id, deployments)
  }

  /**
   * Keeps a bundle under its id; the same bytes again change nothing.
   *
   * @param parent the model that it is meant to follow.
   * @throws FraudError BUNDLE_INVALID where it is damaged or too new; INPUT_INVALID where it is of other transactions
   */
  add(
    bytes: Uint8Array,
    context: Omit<ModelChangeContext, 'ifVersion'> & { readonly parent?: string | undefined },
  ): Promise<{ readonly id: string; readonly isNew: boolean }> {
    return this.inTurn(async () => {
      const bundle = await decode(bytes)
      const { id } = bundle
      const { bundles } = this.#options
      const known = this.deployments.models.has(id)
      if (known && bundles.has(id)) return { id, isNew: false }
      this.#refuseOthers(bundle)
      await bundles.keep(id, bytes)
      if (known) return { id, isNew: false }
      const added = addedOf(bundle, bytes.length, readParent(context.parent))
      try {
        await this.record(added, context)
        return { id, isNew: true }
      } catch (error) {
        if (!(error instanceof FraudError) || error.code !== 'MODELS_CHANGED') throw error
        return { id, isNew: false }
      }
    })
  }

  /** The id that a bundle would have. @throws FraudError BUNDLE_INVALID */
  async idOf(bytes: Uint8Array): Promise<string> {
    return (await decode(bytes)).id
  }

  /** Whether somebody has removed this bundle from them since. @throws FraudError BUNDLE_INVALID */
  async wasRemovedSince(sinceMs: number, bytes: Uint8Array): Promise<boolean> {
    const id = await this.idOf(bytes)
    const isRemoval = ({ change, atMs }: DeploymentStep) =>
      change.kind === 'removed' && change.model === id && atMs >= sinceMs
    return this.deployments.steps.some(isRemoval)
  }

  /**
   * Forgets a bundle.
   *
   * @param forgets whether it may be although decisions that are kept name it: they can't be explained again.
   * @throws FraudError MODEL_UNKNOWN; MODEL_IN_USE where it has a role, or such a decision is kept; MODELS_CHANGED
   */
  remove(id: string, context: ModelChangeContext, forgets: boolean): Promise<{ readonly version: number }> {
    return this.inTurn(async () => {
      const { deployments } = this
      requireKnown(deployments, id)
      const role = roleIn(deployments.inForce, id)
      if (role !== undefined) {
        const cure = role === 'champion' ? 'deploy another one as champion first' : 'retire it first'
        throw new FraudError('MODEL_IN_USE', `${id} is ${role}: ${cure}`)
      }
      const isNamed = this.#isNamed(id, deployments)
      if (isNamed && !forgets) {
        const cost =
          'without it they can not be explained or replayed. To remove it all the same, say that it is to be forgotten'
        throw new FraudError('MODEL_IN_USE', `Decisions that are kept were made by ${id}: ${cost}`)
      }
      const change: Deployment = { kind: 'removed', model: id, ...(isNamed && { forgets: true }) }
      const version = await this.record(change, context)
      this.#options.bundles.remove(id)
      if (this.#before?.predictor.modelId === id) this.#before = undefined
      return { version }
    })
  }

  /** A registered bundle, ready to decide. @throws FraudError MODEL_UNKNOWN, BUNDLE_INVALID, RUNTIME_MISSING */
  async load(id: string): Promise<DetectorInForce & OtherModel> {
    requireKnown(this.deployments, id)
    const { bundles } = this.#options
    if (!bundles.has(id)) {
      throw new FraudError(
        'MODEL_UNKNOWN',
        `The file of ${id} is missing from the data directory: add the bundle again`,
      )
    }
    const before = this.#before
    if (before?.predictor.modelId === id) {
      // A restart reads the file, so it has to be sound. To hold all of it would make V8 collect garbage, and decisions wait.
      const sha256 = await hashOfTensors(bundles.pieces(id))
      if (!id.endsWith(`@${shortHash(sha256)}`)) throw holdsAnother(id, shortHash(sha256))
      return before
    }
    const bundle = await decode(await bundles.read(id))
    if (bundle.id !== id) throw holdsAnother(id, bundle.id)
    if (!canDecide(bundle.detector)) {
      throw new FraudError('BUNDLE_INVALID', `The detector of ${id} declares no id or no time, so it cannot decide`)
    }
    return createDetectorInForce(bundle.detector, createPredictor(bundle))
  }

  /** Keeps a champion that another one has replaced as it is, so that going back to it compiles nothing. */
  keepReady({ own, predictor }: DetectorInForce): void {
    this.#before = predictor && createDetectorInForce(own.detector, predictor)
  }

  /** A model that decided once, to explain what it did; undefined where it is not kept, or can't be read. */
  async findPredictor(id: string): Promise<Predictor | undefined> {
    if (this.#past?.modelId === id) return this.#past
    try {
      const { predictor } = await this.load(id)
      this.#past = predictor
      return predictor
    } catch (error) {
      if (error instanceof FraudError) return undefined
      throw error
    }
  }

  /**
   * Appends a change; its number.
   *
   * @param drawSecret what draws are made under, where the log does not have it yet.
   * @throws FraudError MODELS_CHANGED, LOG_UNAVAILABLE, INPUT_INVALID
   */
  record(
    change: Deployment,
    { by, approvedBy, why, ifVersion }: ModelChangeContext,
    drawSecret?: string,
  ): Promise<number> {
    const { record, clock } = this.#options
    assert(record !== undefined, 'who changes models has a log to write to')
    const kept = JSON.parse(JSON.stringify({ ...change, drawSecret }))
    const approved = approvedBy !== undefined && { approvedBy }
    return record(() => {
      this.refuseOldVersion(ifVersion)
      // Another replica may have added the same one at that moment.
      if (change.kind === 'added' && this.deployments.models.has(change.model))
        throw new FraudError('MODELS_CHANGED', `${change.model} was added meanwhile`)
      return { kind: 'deployment', by, why, atMs: clock(), change: kept, ...approved }
    })
  }

  /** @throws FraudError MODELS_CHANGED where models are in another version than a caller knows. */
  refuseOldVersion(ifVersion: number | undefined): void {
    const { version } = versionOf(this.deployments)
    if (ifVersion === undefined || ifVersion === version) return
    const message = `Models are in version ${version} by now; what was sent is a change of version ${ifVersion}`
    throw new FraudError('MODELS_CHANGED', message)
  }

  /** Removes files whose removal a process did not come to. */
  removeLeftovers(): void {
    const { models, steps } = this.deployments
    const removed = steps.flatMap(({ change }) => (change.kind === 'removed' ? [change.model] : []))
    for (const id of removed) if (!models.has(id)) this.#options.bundles.remove(id)
  }

  /** Does something while no other change of models is under way. */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }

  #view(id: string, { models, steps, inForce }: DeploymentProjection): ModelView {
    const registered = models.get(id)
    if (registered === undefined) throw unknownModel(id)
    const { added, on } = registered
    const { kind: _, model: __, ...content } = added
    const last = steps.findLast(({ led }, i) => roleIn(led, id) !== roleIn(steps[i - 1]?.led ?? nobodyInForce, id))
    const { canary } = inForce
    return {
      id,
      role: roleIn(inForce, id) ?? (last === undefined ? null : 'retired'),
      ...(canary?.id === id && { canary: { share: canary.share, by: canary.by, guard: canary.guard } }),
      ...content,
      ...{ addedAt: formatIsoTime(on.atMs), addedBy: on.by, why: on.why },
      ...(last && { deployed: tellDeed(last) }),
      ...(!this.#options.bundles.has(id) && { isMissing: true as const }),
    }
  }

  /** A model of other transactions could never take over. */
  #refuseOthers({ detector }: Bundle): void {
    const last = this.#options.reading.lastDefinition()
    const errors = last === undefined ? [] : tellOtherTransaction(last.definition.detector, detector)
    if (errors.length === 0) return
    throw new FraudError('INPUT_INVALID', 'The bundle is of other transactions than those of this service', { errors })
  }

  /** Whether a decision that is kept was made under a definition of the model, or while the model had a role. */
  #isNamed(id: string, { steps }: DeploymentProjection): boolean {
    const { reading } = this.#options
    const sequences = reading.definitionSequences()
    const spans = sequences.flatMap((from, i) =>
      reading.definition(from).model === id ? [{ from, to: sequences[i + 1] ?? reading.lastSequence() }] : [],
    )
    const roles = steps.flatMap(({ sequence, led }, i) =>
      roleIn(led, id) === undefined ? [] : [{ from: sequence, to: steps[i + 1]?.sequence ?? reading.lastSequence() }],
    )
    return [...spans, ...roles].some(({ from, to }) => reading.decidesWithin(from, to))
  }
}

/** The number of the last record that changed who is in force, or removed a model; 0 before the first. */
export function versionOf({ steps }: Pick<DeploymentProjection, 'steps'>): { readonly version: number } {
  return { version: steps.at(-1)?.sequence ?? 0 }
}

export function tellDeed({ sequence, atMs, by, why }: Omit<DeploymentStep, 'change' | 'led'>) {
  return { version: sequence, at: formatIsoTime(atMs), by, why }
}

function holdsAnother(id: string, found: string): FraudError {
  return new FraudError('BUNDLE_INVALID', `The file of ${id} holds ${found}: add ${id} again`)
}

/** What can't be used is told as the bundle's fault, whatever part of it is to blame. */
async function decode(bytes: Uint8Array): Promise<Bundle> {
  try {
    return await inSlices(decodeBundleInSteps(bytes))
  } catch (cause) {
    if (!(cause instanceof FraudError) || cause.code === 'BUNDLE_INVALID') throw cause
    throw new FraudError('BUNDLE_INVALID', `This bundle can't be used here: ${cause.message}`, { cause })
  }
}

function addedOf(bundle: Bundle, bytes: number, parent: string | undefined): AddedModel {
  const { id, detector, learner, preset, model, training, metrics } = bundle
  return {
    ...{ kind: 'added', model: id, bytes, detector: detector.detector, learner, preset },
    ...{ features: model.features.length, training: { ...training }, metrics },
    ...(parent !== undefined && { parent }),
  }
}

function readParent(parent: string | undefined): string | undefined {
  if (parent === undefined || modelIdSchema.safeParse(parent).success) return parent
  const errors = [{ field: 'parent', reason: 'is not the id of a model, such as cards@9f2c41d07ab3' }]
  throw new FraudError('INPUT_INVALID', 'The model that it is to follow is not named by its id', { errors })
}

function requireKnown({ models }: DeploymentProjection, id: string): void {
  if (!models.has(id)) throw unknownModel(id)
}

function unknownModel(id: string): FraudError {
  const hint = 'shrike models list shows those there are'
  const isId = modelIdSchema.safeParse(id).success
  return new FraudError('MODEL_UNKNOWN', isId ? `There is no model ${id}` : 'There is no model with this id', { hint })
}
