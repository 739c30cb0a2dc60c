import assert from 'node:assert/strict'
import { ChangeLane } from '../../src/cluster/change-lane.ts'
import { type ClusterDefinition, createClusterDefinition, sharesFolds } from '../../src/cluster/cluster-definition.ts'
import type { Control } from '../../src/cluster/control.ts'
import type { Entry, SentTransaction } from '../../src/cluster/entries.ts'
import type { PartsJudge } from '../../src/cluster/front.ts'
import type { PartReply } from '../../src/cluster/replies.ts'
import { FraudError } from '../../src/core/errors.ts'
import { hashText } from '../../src/core/hash-text.ts'
import { canonicalJson } from '../../src/core/json-value.ts'
import { namesOf } from '../../src/deciding/policy-vocabulary.ts'
import type { Degradation } from '../../src/decisioning/decision.ts'
import { outcomeOf } from '../../src/decisioning/policy.ts'
import { declaredFields } from '../../src/detector/declared-fields.ts'
import { type Detector, parseDetector } from '../../src/detector/detector.ts'
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
  readonly lane = new ChangeLane()
  readonly #definitions = new Map<number, ClusterDefinition>()
  /** Models that can decide here; any, where none has to be loaded. */
  readonly #loaded = new Set<string>()
  readonly #load: (() => Promise<void>) | undefined

  /** @param load takes as long as loading a model does, or fails. */
  constructor(load?: () => Promise<void>) {
    this.#load = load
  }

  definition(position: number): ClusterDefinition | undefined {
    return this.#definitions.get(position)
  }

  judgedBy({ keyedBy }: ClusterDefinition): ClusterDefinition {
    const same = [...this.#definitions.values()].filter((each) => each.keyedBy === keyedBy)
    return same.at(-1) ?? assert.fail('the definition itself is one of them')
  }

  makeReady(entry?: Entry): Promise<void> | undefined {
    const wanted =
      entry === undefined
        ? [...this.#definitions.values()].map((each) => this.judgedBy(each).definition)
        : this.#in(entry)
    const model = wanted.map((each) => each.model ?? '').find((each) => !this.#loaded.has(each))
    if (model === undefined || this.#load === undefined) return undefined
    return this.#load().then(() => void this.#loaded.add(model))
  }

  #in(entry: Entry): readonly Definition[] {
    const definition = entry.kind === 'definition' ? readDefinition(entry.json) : this.lane.definitionIn(entry)
    return definition === undefined ? [] : [definition]
  }

  apply(position: number, entry: Entry): void {
    this.position = position
    if (entry.kind === 'change') this.lane.change(position, entry.json, (made) => this.#define(position, made))
    if (entry.kind === 'definition') this.#define(position, readDefinition(entry.json))
  }

  #define(position: number, definition: Definition): void {
    const detector = parseDetector(definition.detector)
    const name = canonicalJson(detector)
    const features = compiled.get(name) ?? compileDetector(detector)
    compiled.set(name, features)
    const find = (at: number) => this.#definitions.get(at)?.definition ?? definition
    const before = this.newest
    const keyedBy = before && sharesFolds(before.definition, definition) ? before.keyedBy : position
    this.newest = createClusterDefinition(position, { detector, features }, definition, find, keyedBy)
    this.#definitions.set(position, this.newest)
    this.lane.define(position, definition, namesOf({ detector, features }))
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
    sentUnder: ClusterDefinition,
    sent: SentTransaction,
    parts: readonly ({ readonly values: readonly number[] } | PartReply | undefined)[],
    isUnanswered: boolean,
  ): DecisionRecord {
    const definition = this.judgedBy(sentUnder)
    const { model } = definition.definition
    if (this.#load !== undefined && !this.#loaded.has(model ?? '')) {
      throw new FraudError('NOT_READY', `${model} is not loaded here`)
    }
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
    const score = isMissing ? null : scoreOf(row, model ?? '')
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
      ...(changed && { policy: changed.trace }),
    }
  }
}

/** Some number of all bits of a row, which models make in ways of their own. */
function scoreOf(row: Float64Array, model: string): number {
  let sum = hashText(model) / 7
  for (const value of row) sum += Number.isFinite(value) ? Math.abs(value) / 97 : 0.31
  return sum - Math.floor(sum)
}

function readDefinition(json: string): Definition {
  const definition: Definition = JSON.parse(json)
  return definition
}

export function recordOf(bytes: Uint8Array): DecisionRecord {
  const [{ record: stored }] = splitFrames(bytes)
  const record = decodeRecord(stored, () => 2)
  if (record.kind !== 'decision') throw new Error('the record of a decision entry is a decision')
  return record
}
