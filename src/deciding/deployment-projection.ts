import { StateReader, StateWriter } from '../core/state-bytes.ts'
import { atOnce, type Steps } from '../core/time-slices.ts'
import { readJson } from '../decisioning/saved-definitions.ts'
import { contentOfChange } from '../log/change-format.ts'
import type { CarriedPart, ChangeRecord, LogRecord, Sequenced } from '../log/log-record.ts'
import type { Projection } from '../log/projection.ts'
import {
  type AddedModel,
  type Deployment,
  deploymentSchema,
  inForceAfter,
  type ModelsInForce,
  nobodyInForce,
} from './deployment.ts'

/** Who did something to models, when and why. */
interface Deed {
  readonly sequence: number
  readonly atMs: number
  readonly by: string
  readonly why: string
}

/** A bundle that was added and not removed since. */
export interface RegisteredModel {
  readonly added: AddedModel
  readonly on: Deed
}

/** A change of who is in force, and who was after it. */
export interface DeploymentStep extends Deed {
  readonly change: Exclude<Deployment, { kind: 'added' }>
  readonly led: ModelsInForce
}

/** The models of the log and what became of each, as its `deployment` records say. */
export class DeploymentProjection implements Projection {
  readonly name = 'deployments'
  readonly version = 1
  readonly #models = new Map<string, RegisteredModel>()
  readonly #steps: DeploymentStep[] = []
  #last = 0

  /** Who is in force. */
  get inForce(): ModelsInForce {
    return this.#steps.at(-1)?.led ?? nobodyInForce
  }

  /** The number of the last record that did something to models; 0 before the first. */
  get lastChange(): number {
    return this.#last
  }

  /** In the order in which they were added. */
  get models(): ReadonlyMap<string, RegisteredModel> {
    return this.#models
  }

  /** Every change of who is in force, the oldest first. */
  get steps(): readonly DeploymentStep[] {
    return this.#steps
  }

  /** Who was in force after a record; undefined where there was nothing yet. */
  at(version: number): ModelsInForce | undefined {
    return this.#steps.findLast(({ sequence }) => sequence <= version)?.led
  }

  /** @throws FraudError LOG_TOO_NEW where a change means nothing to this version: who is in force is then not known. */
  take(record: LogRecord, sequence: number): void {
    if (record.kind === 'deployment') this.#apply(record, sequence)
  }

  isCarried(): boolean {
    return this.#last > 0
  }

  *save(): Generator<Uint8Array> {
    const writer = new StateWriter()
    const state = { last: this.#last, models: this.#models.size, steps: this.#steps.length }
    writer.text(JSON.stringify(state))
    for (const part of [...this.#models.values(), ...this.#steps]) {
      writer.text(JSON.stringify(part))
      yield* writer.take()
    }
    yield* writer.take(true)
  }

  *load(chunks: Iterable<Uint8Array>): Steps {
    const reader = new StateReader(chunks)
    const { last, models, steps } = readJson<{ last: number; models: number; steps: number }>(reader)
    this.#last = last
    for (let left = models; left > 0; left--) {
      const model = readJson<RegisteredModel>(reader)
      this.#models.set(model.added.model, model)
      yield
    }
    for (let left = steps; left > 0; left--) this.#steps.push(readStep(reader))
    reader.end()
  }

  #apply(record: ChangeRecord, sequence: number): void {
    const { by, why, atMs } = record
    const data = contentOfChange(deploymentSchema, record, sequence, 'changes models in a way')
    this.#last = sequence
    const on: Deed = { sequence, atMs, by, why }
    if (data.kind === 'added') {
      this.#models.set(data.model, { added: data, on })
      return
    }
    if (data.kind === 'removed') this.#models.delete(data.model)
    const led = data.kind === 'rollback' ? (this.at(data.to) ?? nobodyInForce) : inForceAfter(this.inForce, data)
    this.#steps.push({ ...on, change: data, led })
  }
}

/** JSON has no undefined: a step from before the first champion lacks it. */
function readStep(reader: StateReader): DeploymentStep {
  const step = readJson<DeploymentStep>(reader)
  return { ...step, led: { ...nobodyInForce, ...step.led } }
}

/** A log that can be asked for its records of one kind. */
export interface DeploymentReading {
  carried(): Readonly<Record<string, CarriedPart>>
  ofKind(kind: 'deployment'): Iterable<Sequenced>
}

/** The deployments of a log, without anything else of it being read. */
export function readDeployments(reading: DeploymentReading): DeploymentProjection {
  const projection = new DeploymentProjection()
  const carried = reading.carried()[projection.name]
  if (carried !== undefined) atOnce(projection.load([Buffer.from(carried.state, 'base64')]))
  for (const record of reading.ofKind('deployment')) projection.take(record, record.sequence)
  return projection
}
