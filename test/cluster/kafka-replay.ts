import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { ClusterControl } from '../../src/cluster/cluster-control.ts'
import { type ClusterDefinition, keylessValues } from '../../src/cluster/cluster-definition.ts'
import { type DecisionEntry, decodeEntry, type Entry, type IntakeEntry } from '../../src/cluster/entries.ts'
import { KafkaLog } from '../../src/cluster/kafka-log.ts'
import { controlPlace, homeLane, placeOf } from '../../src/cluster/lanes.ts'
import { type Place, placeName } from '../../src/cluster/ordered-log.ts'
import { hashText } from '../../src/core/hash-text.ts'
import { outcomeOf } from '../../src/decisioning/policy.ts'
import { computeRow } from '../../src/features/feature-set.ts'
import { MemoryHistories } from '../../src/features/memory-histories.ts'
import { joinRow } from '../../src/features/parts.ts'
import { splitFrames } from '../../src/log/frames.ts'
import type { DecisionRecord } from '../../src/log/log-record.ts'
import { decodeRecord } from '../../src/log/record-format.ts'
import { loadKafka } from '../../src/streams/kafka/kafka-client.ts'

interface Placed {
  readonly position: number
  readonly entry: Entry
}

export interface Replayed {
  readonly decisions: ReadonlyMap<string, DecisionRecord>
  /** Those whose rows are others here. */
  readonly differing: readonly string[]
  /** Those that another outcome, or another trace of the policy, comes of here, under the changes before their positions. */
  readonly judgedOtherwise: readonly string[]
  /** By id the model of the newest definition that its decision was made under. */
  readonly models: ReadonlyMap<string, string | null>
  readonly repeats: number
}

/** Reads a cluster's log in one process, and makes each decision's row again from plain histories, lane by lane. */
export async function replayCluster(broker: string, prefix: string, partitions: number): Promise<Replayed> {
  const kafka = await loadKafka({ brokers: [broker], isTls: false })
  try {
    return await replay(new KafkaLog(kafka, prefix), partitions)
  } finally {
    await kafka.close()
  }
}

async function replay(log: KafkaLog, partitions: number): Promise<Replayed> {
  const control = new ClusterControl()
  const changes = await readPlace(log, controlPlace)
  for (const { position, entry } of changes) control.apply(position, entry)
  const definition = control.newest ?? assert.fail('no definition')
  const intakes = new Map<string, IntakeEntry>()
  const decisions = new Map<string, DecisionEntry>()
  let repeats = 0
  for (let partition = 0; partition < partitions; partition++) {
    for (const { entry } of await readPlace(log, { lane: homeLane, partition })) {
      if (entry.kind === 'intake') intakes.has(entry.id) ? repeats++ : intakes.set(entry.id, entry)
      if (entry.kind === 'decision' && !decisions.has(entry.id)) decisions.set(entry.id, entry)
    }
  }
  const lanes = await Promise.all(definition.parts.map((_, part) => replayLane(log, definition, part, partitions)))
  const differing: string[] = []
  const records = new Map<string, DecisionRecord>()
  for (const [id, { record: bytes, positions }] of decisions) {
    const [{ record: stored }] = splitFrames(bytes)
    const record = decodeRecord(stored, () => 2)
    const intake = intakes.get(id) ?? assert.fail(`no intake of ${id}`)
    if (record.kind !== 'decision') assert.fail('not a decision')
    records.set(id, record)
    const transaction = definition.transactionOf(intake) ?? assert.fail('no transaction')
    const values = lanes.map((lane, part) => {
      if (positions[part] === -1) return keylessValues(definition.parts[part], transaction)
      const found = lane.get(id)
      assert.equal(
        found?.position,
        positions[part],
        `${id} rests on another position of ${definition.parts[part].lane}`,
      )
      return found?.values
    })
    const row = joinRow(definition.features, transaction, values, new Float64Array(record.row.length))
    if (!record.row.every((value, i) => Object.is(value, row[i]))) differing.push(id)
  }
  return { decisions: records, differing, repeats, ...judgeAgain(changes, intakes, decisions, records) }
}

/** Judges recorded rows and scores again, each by the changes through the position that its decision names. */
function judgeAgain(
  changes: readonly Placed[],
  intakes: ReadonlyMap<string, IntakeEntry>,
  decisions: ReadonlyMap<string, DecisionEntry>,
  records: ReadonlyMap<string, DecisionRecord>,
): Pick<Replayed, 'judgedOtherwise' | 'models'> {
  const control = new ClusterControl()
  const models = new Map<string, string | null>()
  const left = [...changes]
  const differing: string[] = []
  for (const [id, entry] of [...decisions].sort(([, a], [, b]) => a.control - b.control)) {
    while (left.length > 0 && left[0].position <= entry.control) {
      const { position, entry: change } = left.shift() ?? assert.fail()
      control.apply(position, change)
    }
    const [intake, record] = [intakes.get(id) ?? assert.fail(), records.get(id) ?? assert.fail()]
    assert.ok(entry.control >= intake.control, `${id} was decided by an older policy than it came under`)
    const newest = control.newest ?? assert.fail('no definition')
    assert.equal(record.definition, newest.position, `${id} names another definition than the newest before it`)
    models.set(id, newest.definition.model)
    const amount = newest.transactionOf(intake)?.amount ?? Number.NaN
    const { timestampMs, receivedAtMs: decidedAtMs, fields } = intake
    const { row, score, outcome, policy } = record
    const again = control.lane.policy.judge({ id, timestampMs, decidedAtMs, amount, fields, row, score })
    const expected = again?.outcome ?? outcomeOf(newest.definition.policy, score)
    const isSame = isDeepStrictEqual(policy, again?.trace) && expected === outcome
    if (!isSame) differing.push(id)
  }
  return { judgedOtherwise: differing, models }
}

async function replayLane(log: KafkaLog, definition: ClusterDefinition, at: number, partitions: number) {
  const { lane, part } = definition.parts[at]
  const found = new Map<string, { readonly position: number; readonly values: readonly number[] }>()
  for (let partition = 0; partition < partitions; partition++) {
    const histories = new MemoryHistories(part.plan, { maxBytes: Number.POSITIVE_INFINITY })
    const labelled = new Map<number, number>()
    for (const { position, entry } of await readPlace(log, { lane, partition })) {
      if (entry.kind === 'observation' && !found.has(entry.id)) {
        const transaction = definition.transactionOf(entry) ?? assert.fail('no transaction')
        const row = computeRow(part, transaction, histories.observe(transaction), new Float64Array(part.at.length))
        found.set(entry.id, { position, values: [...row] })
        assert.equal(
          placeName(placeOf(lane, definition.parts[at].keyOf(entry) ?? '', partitions)),
          `${lane}/${partition}`,
        )
      }
      if (entry.kind === 'key-label' && entry.number > (labelled.get(entry.home) ?? 0)) {
        labelled.set(entry.home, entry.number)
        const transaction = definition.transactionOf(entry) ?? assert.fail('no transaction')
        const knownAtMs = Math.max(entry.knownAtMs, entry.timestampMs)
        const label = { isFraud: entry.isFraud, knownAtMs, rank: definition.rankOf(entry.source) }
        histories.label({ ...transaction, sequence: hashText(entry.id) }, label)
      }
    }
  }
  return found
}

async function readPlace(log: KafkaLog, place: Place): Promise<readonly Placed[]> {
  const end = await log.end(place)
  const found: Placed[] = []
  const stop = new AbortController()
  const take = (_: Place, position: number, bytes: Uint8Array) => {
    if (position <= end) found.push({ position, entry: decodeEntry(bytes, placeName(place)) })
    if (position >= end) stop.abort()
  }
  if (end >= 0) await log.read([{ ...place, after: -1 }], take, stop.signal)
  return found
}
