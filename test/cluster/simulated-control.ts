import { type ClusterDefinition, createClusterDefinition } from '../../src/cluster/cluster-definition.ts'
import type { Control } from '../../src/cluster/control.ts'
import type { Entry, SentTransaction } from '../../src/cluster/entries.ts'
import type { PartsJudge } from '../../src/cluster/front.ts'
import { PolicyLane } from '../../src/cluster/policy-lane.ts'
import type { PartReply } from '../../src/cluster/replies.ts'
import { namesOf } from '../../src/deciding/policy-vocabulary.ts'
import type { Degradation } from '../../src/decisioning/decision.ts'
import { outcomeOf } from '../../src/decisioning/policy.ts'
import { declaredFields } from '../../src/detector/declared-fields.ts'
import type { Detector } from '../../src/detector/detector.ts'
import { compileDetector } from '../../src/features/feature-set.ts'
import { joinRow } from '../../src/features/parts.ts'
import { splitFrames } from '../../src/log/frames.ts'
import type { DecisionRecord, Definition } from '../../src/log/log-record.ts'
import { ValueWriter } from '../../src/log/packed-values.ts'
import { decodeRecord, encodeFrame } from '../../src/log/record-format.ts'
import { type Defined, definedFeatures } from '../feature-definitions.ts'

/** Features that read the history of a card or a shop, by what they should be. */
export const keyed = definedFeatures.filter(({ past }) => past.length === 1 && ['card', 'shop'].includes(past[0][0]))

/** A detector of these features, as a definition of the control lane. */
export function definitionOf(features: readonly Defined[], model: string): Definition {
  const detector: Detector = {
    detector: 'simulated',
    transaction: {
      id: 'ID',
      time: { field: 'TIME', format: 'epoch-ms' },
      amount: { field: 'AMOUNT', digits: 2 },
      keys: { card: 'CARD', shop: 'SHOP' },
      fields: { city: 'CITY', points: 'POINTS' },
      position: { latitude: 'LATITUDE', longitude: 'LONGITUDE' },
      label: { field: 'FRAUD', delay: '2h' },
    },
    features: ['amount', ...features.map(({ entry }) => entry)],
  }
  const set = compileDetector(detector)
  return {
    format: 2,
    detector,
    model,
    policy: { version: 1, review: 0.5, whenUnavailable: 'review', deadlineMs: 1_000 },
    columns: declaredFields(detector, set.layout).map(({ column }) => column),
    features: set.names,
    runtime: 'simulated',
  }
}

const compiled = new Map<string, ReturnType<typeof compileDetector>>()

/** What the control lane makes: definitions, and the policy as changes made it. */
export class SimulatedControl implements Control {
  position = -1
  newest: ClusterDefinition | undefined
  readonly lane = new PolicyLane()
  readonly #definitions = new Map<number, ClusterDefinition>()

  definition(position: number): ClusterDefinition | undefined {
    return this.#definitions.get(position)
  }

  apply(position: number, entry: Entry): void {
    this.position = position
    if (entry.kind === 'change') this.lane.change(position, entry.json)
    if (entry.kind !== 'definition') return
    const definition: Definition & { readonly detector: Detector } = JSON.parse(entry.json)
    const features = compiled.get(entry.json) ?? compileDetector(definition.detector)
    compiled.set(entry.json, features)
    const find = (at: number) => this.#definitions.get(at)?.definition ?? definition
    this.newest = createClusterDefinition(position, { detector: definition.detector, features }, definition, find)
    this.#definitions.set(position, this.newest)
    this.lane.define(position, definition, namesOf({ detector: definition.detector, features }))
  }

  readonly judge: PartsJudge = {
    deadlineMs: 1_000,
    judge: (definition, sent, parts, isUnanswered) => {
      const to = new ValueWriter()
      encodeFrame(this.record(definition, sent, parts, isUnanswered), 0, to)
      return { record: to.bytes.slice(), control: this.position }
    },
  }

  record(
    definition: ClusterDefinition,
    sent: SentTransaction,
    parts: readonly ({ readonly values: readonly number[] } | PartReply | undefined)[],
    isUnanswered: boolean,
  ): DecisionRecord {
    const transaction = definition.transactionOf(sent)
    if (transaction === undefined) throw new Error('every transaction has what its definition wants')
    const row = new Float64Array(definition.definition.features.length)
    joinRow(
      definition.features,
      transaction,
      parts.map((part) => part?.values),
      row,
    )
    const isMissing = parts.includes(undefined)
    const score = isMissing ? null : scoreOf(row, definition.definition.model ?? '')
    const { id, timestampMs, receivedAtMs: decidedAtMs, fields } = sent
    const { amount } = transaction
    const changed = this.lane.policy.judge({ id, timestampMs, decidedAtMs, amount, fields, row, score })
    const degraded: Degradation[] = [
      ...(isMissing ? (['history-unavailable'] as const) : []),
      ...(isUnanswered ? (['unanswered'] as const) : []),
    ]
    return {
      kind: 'decision',
      id,
      timestampMs,
      outcome: changed?.outcome ?? outcomeOf(definition.definition.policy, score),
      score,
      decidedAtMs,
      definition: definition.position,
      degraded,
      fields: [],
      row,
      ...(changed && { policy: changed.policy }),
    }
  }
}

/** Some number of all bits of a row, which models make in ways of their own. */
function scoreOf(row: Float64Array, model: string): number {
  let sum = model.length / 7
  for (const value of row) sum += Number.isFinite(value) ? Math.abs(value) / 97 : 0.31
  return sum - Math.floor(sum)
}

export function recordOf(bytes: Uint8Array): DecisionRecord {
  const [{ record: stored }] = splitFrames(bytes)
  const record = decodeRecord(stored, () => 2)
  if (record.kind !== 'decision') throw new Error('the record of a decision entry is a decision')
  return record
}
