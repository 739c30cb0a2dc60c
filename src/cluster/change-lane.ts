import { FraudError } from '../core/errors.ts'
import { isRecord } from '../core/json-value.ts'
import { z } from '../core/zod.ts'
import type { NewChange } from '../deciding/append-change.ts'
import { DeploymentProjection } from '../deciding/deployment-projection.ts'
import { PolicyProjection } from '../deciding/policy-projection.ts'
import type { PolicyNames } from '../decisioning/index.ts'
import { changeFromText } from '../log/change-format.ts'
import { definitionFromJson, definitionToJson } from '../log/definition-format.ts'
import type { Definition, Sequenced } from '../log/log-record.ts'
import { type BundlePlace, bundlePlaceSchema } from './bundle-lane.ts'
import type { Entry } from './entries.ts'

/** What somebody wants to change. */
export interface Proposed {
  readonly record: NewChange
  /** What decides from then on, where that is another model. */
  readonly definition?: Definition
  /** Where the file of a model that is added is. */
  readonly bundle?: BundlePlace | undefined
}

/** A change as its entry has it. */
interface ProposedChange extends Proposed {
  /** Names it, so that whoever proposed it hears what became of it. */
  readonly proposal: string
  /** The head that it was made of: where another change came first, it does not count. */
  readonly after: number
}

export function changeEntry({ proposal, after, record, definition, bundle }: ProposedChange): Entry {
  const defined = definition && { definition: definitionToJson(definition) }
  return { kind: 'change', json: JSON.stringify({ proposal, after, ...record, ...defined, ...(bundle && { bundle }) }) }
}

const form = z.looseObject({
  proposal: z.string(),
  after: z.number(),
  kind: z.enum(['rule', 'list', 'policy', 'deployment']),
  definition: z
    .unknown()
    .optional()
    .transform((value) => (value === undefined ? undefined : definitionFromJson(value))),
  bundle: bundlePlaceSchema.optional(),
})

/** @throws FraudError LOG_TOO_NEW where this version does not know such a change */
function readChange(json: string, position: number): ProposedChange {
  const { data, error } = form.safeParse(JSON.parse(json))
  if (data === undefined) {
    const message = `The control lane has a change at ${position} that a newer Shrike wrote`
    throw new FraudError('LOG_TOO_NEW', message, { cause: error })
  }
  const { proposal, after, kind, definition, bundle } = data
  const { others, ...content } = changeFromText(json)
  return { proposal, after, record: { kind, ...content }, ...(definition && { definition }), bundle }
}

/** Hears where a change is in the lane; undefined where another one came first, so that it does not count. */
type Hear = (position: number | undefined) => void

/**
 * The policy, and who decides, as definitions and changes of the control lane make them. A change names the one that it was
 * made of, and counts only right behind that: so each was checked against what it changes, and one that is there twice
 * counts once.
 */
export class ChangeLane {
  /** The models that were added, and who decided when. */
  readonly deployments = new DeploymentProjection()
  /** The changes of models that count, the oldest first. */
  readonly deploymentRecords: Sequenced[] = []
  /** Where the files of models are, by their ids. */
  readonly bundles = new Map<string, BundlePlace>()
  #policy: PolicyProjection | undefined
  #names: PolicyNames | undefined
  #head = -1
  readonly #waiting = new Map<string, Hear>()

  /** The position of the last entry that counts. */
  get head(): number {
    return this.#head
  }

  /** @throws FraudError NOT_READY before the first definition */
  get policy(): PolicyProjection {
    if (this.#policy === undefined) throw new FraudError('NOT_READY', 'The control lane has no definition')
    return this.#policy
  }

  define(position: number, definition: Definition, names: PolicyNames): void {
    if (this.#policy === undefined) this.#policy = new PolicyProjection(names, definition.policy)
    // Rules are made ready again, which may be thousands.
    else if (names !== this.#names) this.#policy.rename(names)
    this.#names = names
    this.#policy.take({ kind: 'definition', ...definition }, position)
    this.#head = position
  }

  /** What an entry would put in force, which has to be ready before that counts; undefined where it changes no model. */
  definitionIn(entry: Entry): Definition | undefined {
    const json: unknown = entry.kind === 'change' ? JSON.parse(entry.json) : undefined
    const isOfModels = isRecord(json) && json.definition !== undefined && json.after === this.#head
    return isOfModels ? definitionFromJson(json.definition) : undefined
  }

  /**
   * @param define puts what a change brings in force.
   * @throws FraudError LOG_TOO_NEW: what is in force is then not known.
   */
  change(position: number, json: string, define: (definition: Definition) => void): void {
    const { proposal, after, record, definition, bundle } = readChange(json, position)
    const isTaken = after === this.#head
    if (isTaken) {
      this.policy.take(record, position)
      if (record.kind === 'deployment') this.#deploy({ ...record, sequence: position }, bundle)
      if (definition !== undefined) define(definition)
      this.#head = position
    }
    this.#waiting.get(proposal)?.(isTaken ? position : undefined)
  }

  #deploy(record: NewChange & { readonly sequence: number }, bundle: BundlePlace | undefined): void {
    this.deployments.take(record, record.sequence)
    this.deploymentRecords.push(record)
    const { kind, model } = record.change
    if (kind === 'added' && bundle !== undefined) this.bundles.set(String(model), bundle)
  }

  /** Has somebody told what became of a proposal, until the returned function is called. */
  listen(proposal: string, hear: Hear): () => void {
    this.#waiting.set(proposal, hear)
    return () => this.#waiting.delete(proposal)
  }
}
