import { FraudError } from '../core/errors.ts'
import { isRecord } from '../core/json-value.ts'
import { hashesCards } from '../deciding/card-key.ts'
import { type DetectorInForce, longestSpanMs } from '../deciding/detector-in-force.ts'
import { namesOf } from '../deciding/policy-vocabulary.ts'
import type { PolicyNames } from '../decisioning/index.ts'
import { type Detector, parseDetector } from '../detector/detector.ts'
import { personalColumns } from '../detector/personal-columns.ts'
import { compileDetector } from '../features/feature-set.ts'
import { definitionFromJson, definitionToJson } from '../log/definition-format.ts'
import type { Definition } from '../log/log-record.ts'
import { ChangeLane } from './change-lane.ts'
import { type ClusterDefinition, createClusterDefinition, sharesFolds } from './cluster-definition.ts'
import type { Control } from './control.ts'
import type { Entry } from './entries.ts'

/** A definition as the control lane has it. */
export function controlText(definition: Definition, createdAtMs: number): string {
  return JSON.stringify({ createdAtMs, definition: definitionToJson(definition) })
}

/**
 * What keeps a detector out of a cluster, beside its features.
 *
 * @throws FraudError CLUSTER_UNSUPPORTED
 */
export function refuseDetector(detector: Detector): void {
  const refused = [
    [personalColumns(detector.transaction).size > 0, 'keep tokens of persons (transaction.personal)'],
    [hashesCards(detector), 'hash card numbers (transaction.hashCardNumber)'],
  ] as const
  const [found] = refused.filter(([is]) => is)
  if (found === undefined) return
  throw new FraudError('CLUSTER_UNSUPPORTED', `A cluster does not ${found[1]} yet; send tokens, or use one process`)
}

/** The models that this replica has at hand. */
export interface LoadedModels {
  /** What decides by a definition; undefined where it is not loaded. */
  find(definition: Definition): DetectorInForce | undefined
  /** @throws FraudError where it can't be loaded here */
  load(definition: Definition): Promise<void>
}

/** What the control lane has put in force. */
export class ClusterControl implements Control {
  position = -1
  newest: ClusterDefinition | undefined
  /** The clock's time at which the cluster was made: it knows of nothing before. */
  createdAtMs = Number.POSITIVE_INFINITY
  readonly lane = new ChangeLane()
  readonly #models: LoadedModels | undefined
  readonly #definitions = new Map<number, ClusterDefinition>()
  /** What rules may speak of, where a model scores and where none does. */
  readonly #names = new Map<boolean, PolicyNames>()

  /** @param models without which nothing is decided. */
  constructor(models?: LoadedModels) {
    this.#models = models
  }

  definition(position: number): ClusterDefinition | undefined {
    return this.#definitions.get(position)
  }

  get definitionPositions(): readonly number[] {
    return [...this.#definitions.keys()]
  }

  /** All share their parts: a detector with other features is refused. */
  judgedBy(definition: ClusterDefinition): ClusterDefinition {
    return this.newest ?? definition
  }

  /** How far back the newest definition's features look. */
  get spanMs(): number {
    const spanMs = this.newest === undefined ? Number.POSITIVE_INFINITY : longestSpanMs(this.newest.features.whole)
    return spanMs === Number.POSITIVE_INFINITY ? 0 : spanMs
  }

  makeReady(entry?: Entry): Promise<void> | undefined {
    const definition = entry === undefined ? this.newest?.definition : this.#definitionIn(entry)
    if (definition === undefined || this.#models?.find(definition) !== undefined) return undefined
    return this.#models?.load(definition)
  }

  #definitionIn(entry: Entry): Definition | undefined {
    return entry.kind === 'definition' ? readDefinition(entry.json).definition : this.lane.definitionIn(entry)
  }

  /** @throws FraudError LOG_TOO_NEW, LOG_INVALID */
  apply(position: number, entry: Entry): void {
    if (entry.kind === 'change') {
      this.lane.change(position, entry.json, (definition) => this.#define(position, definition))
    } else if (entry.kind === 'definition') {
      const { definition, createdAtMs } = readDefinition(entry.json)
      this.#define(position, definition)
      if (typeof createdAtMs === 'number') this.createdAtMs = Math.min(this.createdAtMs, createdAtMs)
    } else {
      throw new FraudError(
        'LOG_TOO_NEW',
        `The control lane has "${entry.kind}" at ${position}, which a newer Shrike wrote`,
      )
    }
    this.position = position
  }

  #define(position: number, definition: Definition): void {
    const detector = parseDetector(definition.detector)
    const find = (at: number) => this.#definitions.get(at)?.definition ?? definition
    const before = this.newest
    // Rules that are in force, and transactions that are under way, rest on rows of the first definition's features.
    if (before !== undefined && !sharesFolds(before.definition, definition)) {
      throw new FraudError(
        'LOG_TOO_NEW',
        `The control lane has another detector at ${position}, which a newer Shrike wrote`,
      )
    }
    const maker = { detector, features: compileDetector(detector) }
    this.newest = createClusterDefinition(position, maker, definition, find, before?.keyedBy)
    this.#definitions.set(position, this.newest)
    const hasModel = definition.model !== null
    const names = this.#names.get(hasModel) ?? namesOf({ ...maker, ...(!hasModel && { predictor: undefined }) })
    this.#names.set(hasModel, names)
    this.lane.define(position, definition, names)
  }
}

/** What `controlText` wrote. @throws FraudError LOG_INVALID */
export function readDefinition(json: string): { readonly definition: Definition; readonly createdAtMs: unknown } {
  const value: unknown = JSON.parse(json)
  if (!isRecord(value)) throw new FraudError('LOG_INVALID', 'A definition of the control lane is not an object')
  return { definition: definitionFromJson(value.definition), createdAtMs: value.createdAtMs }
}
