import { FraudError } from '../core/errors.ts'
import { canonicalJson, isRecord } from '../core/json-value.ts'
import { hashesCards } from '../deciding/card-key.ts'
import { longestSpanMs } from '../deciding/detector-in-force.ts'
import { namesOf } from '../deciding/policy-vocabulary.ts'
import { type Detector, parseDetector } from '../detector/detector.ts'
import { personalColumns } from '../detector/personal-columns.ts'
import { compileDetector } from '../features/feature-set.ts'
import { definitionFromJson, definitionToJson } from '../log/definition-format.ts'
import type { Definition } from '../log/log-record.ts'
import { type ClusterDefinition, createClusterDefinition } from './cluster-definition.ts'
import type { Control } from './control.ts'
import type { Entry } from './entries.ts'
import { PolicyLane } from './policy-lane.ts'

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

/** What the control lane has put in force. */
export class ClusterControl implements Control {
  position = -1
  newest: ClusterDefinition | undefined
  /** The clock's time at which the cluster was made: it knows of nothing before. */
  createdAtMs = Number.POSITIVE_INFINITY
  readonly lane = new PolicyLane()
  readonly #definitions = new Map<number, ClusterDefinition>()

  definition(position: number): ClusterDefinition | undefined {
    return this.#definitions.get(position)
  }

  /** How far back the newest definition's features look. */
  get spanMs(): number {
    const spanMs = this.newest === undefined ? Number.POSITIVE_INFINITY : longestSpanMs(this.newest.features.whole)
    return spanMs === Number.POSITIVE_INFINITY ? 0 : spanMs
  }

  /** @throws FraudError LOG_TOO_NEW, LOG_INVALID */
  apply(position: number, entry: Entry): void {
    if (entry.kind === 'change') this.lane.change(position, entry.json)
    else this.#define(position, entry)
    this.position = position
  }

  #define(position: number, entry: Entry): void {
    if (entry.kind !== 'definition') {
      throw new FraudError(
        'LOG_TOO_NEW',
        `The control lane has "${entry.kind}" at ${position}, which a newer Shrike wrote`,
      )
    }
    const json: unknown = JSON.parse(entry.json)
    if (!isRecord(json)) throw new FraudError('LOG_INVALID', `The definition at ${position} can't be read`)
    const definition = definitionFromJson(json.definition)
    const detector = parseDetector(definition.detector)
    const find = (at: number) => this.#definitions.get(at)?.definition ?? definition
    // Rules that are in force read rows of the first detector's features, by their places.
    const before = this.newest?.definition.detector ?? definition.detector
    if (canonicalJson(before) !== canonicalJson(definition.detector)) {
      throw new FraudError(
        'LOG_TOO_NEW',
        `The control lane has another detector at ${position}, which a newer Shrike wrote`,
      )
    }
    const maker = { detector, features: compileDetector(detector) }
    this.newest = createClusterDefinition(position, maker, definition, find)
    this.#definitions.set(position, this.newest)
    if (typeof json.createdAtMs === 'number') this.createdAtMs = Math.min(this.createdAtMs, json.createdAtMs)
    const names = namesOf({ ...maker, ...(definition.model === null && { predictor: undefined }) })
    this.lane.define(position, definition, names)
  }
}
