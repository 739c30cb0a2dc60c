import { isDeepStrictEqual } from 'node:util'
import { hashText } from '../core/hash-text.ts'
import { isRecord } from '../core/json-value.ts'
import { StateReader, StateWriter } from '../core/state-bytes.ts'
import type { Steps } from '../core/time-slices.ts'
import { readJson } from '../decisioning/saved-definitions.ts'
import type { DecisionRecord, Definition, LogRecord } from '../log/log-record.ts'
import type { LabelledTransaction, Projection } from '../log/projection.ts'
import type { CanaryFigures } from './canary-figures.ts'
import { nobodyInForce } from './deployment.ts'
import type { DeploymentProjection } from './deployment-projection.ts'
import { type GroupedCounts, groupCount, noCounts, spreadOf, sumGroups } from './grouped-counts.ts'
import type { StandingLabels } from './standing-labels.ts'

/** What is counted while a canary is in force. */
interface Trial {
  readonly canary: string
  readonly champion: string | undefined
  readonly by: string
  /** The record that deployed it. */
  readonly since: number
  readonly counts: { readonly canary: GroupedCounts; readonly champion: GroupedCounts }
}

/** Where records of a definition have the values of keys. */
interface KeyPlaces {
  /** The definition's number. */
  readonly sequence: number
  readonly keys: Readonly<Record<string, number>>
}

/** What a canary and its champion have done side by side, counted from the records of decisions and labels. */
export class CanaryProjection implements Projection {
  readonly name = 'canary'
  readonly version = 2
  readonly #deployments: DeploymentProjection
  readonly #standing: Pick<StandingLabels, 'isFraud'>
  #trial: Trial | undefined
  /** Of each definition since the canary was deployed, which took over with one: a label speaks of any of them. */
  #places: readonly KeyPlaces[] = []
  /** By the numbers of labelled decisions that were not approved. */
  readonly #labels = new Map<number, boolean>()

  /** Both take each record before this does. */
  constructor(deployments: DeploymentProjection, standing: Pick<StandingLabels, 'isFraud'>) {
    this.#deployments = deployments
    this.#standing = standing
  }

  /** Undefined where there is no canary. */
  get figures(): CanaryFigures | undefined {
    if (this.#trial === undefined) return undefined
    const { canary, champion } = this.#trial.counts
    return { canary: sumGroups(canary), champion: sumGroups(champion), spread: spreadOf([canary, champion]) }
  }

  take(record: LogRecord, sequence: number, about?: LabelledTransaction): void {
    if (record.kind === 'deployment') this.#follow(sequence)
    else if (this.#trial === undefined) return
    else if (record.kind === 'definition') this.#places = [...this.#places, { sequence, keys: keyPlaces(record) }]
    else if (record.kind === 'decision') this.#count(this.#trial, record, sequence)
    else if (record.kind === 'label' || record.kind === 'label-withdrawn') {
      if (about?.kind === 'decision') this.#label(this.#trial, about)
    } else if (record.kind === 'checkpoint') this.letGo(record.prunedThrough)
  }

  isCarried(): boolean {
    return this.#trial !== undefined
  }

  /** Whose decisions are no longer kept can't be labelled again. */
  letGo(through: number): void {
    for (const sequence of this.#labels.keys()) if (sequence <= through) this.#labels.delete(sequence)
  }

  *save(): Generator<Uint8Array> {
    const writer = new StateWriter()
    writer.text(JSON.stringify({ trial: this.#trial, places: this.#places }))
    writer.double(this.#labels.size)
    for (const [sequence, isFraud] of this.#labels) {
      writer.double(isFraud ? -sequence : sequence)
      yield* writer.take()
    }
    yield* writer.take(true)
  }

  *load(chunks: Iterable<Uint8Array>): Steps {
    const reader = new StateReader(chunks)
    const { trial, places } = readJson<{ trial?: Trial; places: readonly KeyPlaces[] }>(reader)
    this.#trial = trial
    this.#places = places
    for (let left = reader.count(2 ** 32); left > 0; left--) {
      const signed = reader.double()
      this.#labels.set(Math.abs(signed), signed < 0)
      yield
    }
    reader.end()
  }

  /** Another canary, another share or another champion: what was counted is of another comparison. */
  #follow(since: number): void {
    const { steps, inForce } = this.#deployments
    const step = steps.at(-1)
    // A model that was added has no role.
    if (step?.sequence !== since) return
    const { canary, champion } = inForce
    const before = steps.at(-2)?.led ?? nobodyInForce
    const isSame = champion === before.champion && isDeepStrictEqual(canary, before.canary)
    if (isSame && step.change.kind !== 'canary') return
    this.#labels.clear()
    this.#places = canary === undefined ? [] : this.#places.slice(-1)
    this.#trial = canary && {
      ...{ canary: canary.id, champion, by: canary.by, since },
      counts: { canary: noCounts(), champion: noCounts() },
    }
  }

  /** Whose decision it was; undefined of a transaction without the key, which was never drawn, so that it is not compared. */
  #placeOf({ canary, by, counts }: Trial, { model, fields, definition }: DecidedBy) {
    const place = this.#places.findLast(({ sequence }) => sequence === definition)?.keys[by]
    const value = place === undefined ? undefined : fields[place]
    // Of a record from before a definition is known, the key can't be told apart from that of others.
    const group = value === undefined ? 0 : hashText(String(value)) % groupCount
    if (model !== undefined) return model === canary ? { arm: counts.canary, group } : undefined
    return place !== undefined && value === undefined ? undefined : { arm: counts.champion, group }
  }

  #count(trial: Trial, decision: DecisionRecord, sequence: number): void {
    const found = this.#placeOf(trial, decision)
    if (found === undefined) return
    const { arm, group } = found
    arm.decisions[group] += 1
    arm.outcomes[decision.outcome][group] += 1
    if (decision.score === null) arm.faults[group] += 1
    // A label may have waited for it.
    if (this.#standing.isFraud(sequence) !== undefined) this.#label(trial, { ...decision, sequence })
  }

  /** What labels say of a decision now, in the place of what they said before. */
  #label(trial: Trial, about: LabelledTransaction): void {
    if (about.kind !== 'decision' || about.sequence <= trial.since || about.outcome === 'approve') return
    const found = this.#placeOf(trial, about)
    if (found === undefined) return
    const before = this.#labels.get(about.sequence) === true
    const isFraud = this.#standing.isFraud(about.sequence)
    if (isFraud === undefined) this.#labels.delete(about.sequence)
    else this.#labels.set(about.sequence, isFraud)
    found.arm.flaggedFrauds[found.group] += Number(isFraud) - Number(before)
  }
}

type DecidedBy = Pick<DecisionRecord, 'model' | 'fields' | 'definition'>

/** Where the values of keys are among the fields of a record. */
function keyPlaces({ detector, columns }: Definition): Readonly<Record<string, number>> {
  const transaction = isRecord(detector) && isRecord(detector.transaction) ? detector.transaction : {}
  const keys = isRecord(transaction.keys) ? transaction.keys : {}
  return Object.fromEntries(Object.entries(keys).map(([name, column]) => [name, columns.indexOf(String(column))]))
}
