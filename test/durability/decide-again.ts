import assert from 'node:assert/strict'
import { expectedScore } from '../../src/deciding/present-decision.ts'
import { Rebuild } from '../../src/deciding/rebuild.ts'
import { opinionOf } from '../../src/decisioning/policy.ts'
import { parseDetector } from '../../src/detector/detector.ts'
import { compileDetector, computeRow } from '../../src/features/feature-set.ts'
import type { DecisionRecord, Sequenced } from '../../src/log/log-record.ts'
import { ValueWriter } from '../../src/log/packed-values.ts'
import { encodeFrame } from '../../src/log/record-format.ts'
import type { Predictor } from '../../src/scoring/predictor.ts'
import type { SqliteLogReader } from '../../src/stores/sqlite/sqlite-log-reader.ts'

/**
 * Decides every transaction of a log again, by what the records before it make: its row, its score by the model that it
 * names, what the policy makes of both. Of the record only the time and the degradations are taken, and it must come out
 * the same in every byte. Returns how many each model decided.
 */
export function decideAllAgain(
  reader: SqliteLogReader,
  models: readonly Predictor[],
): ReadonlyMap<string | null, number> {
  const decided = new Map<string | null, number>()
  for (const sequence of reader.definitionSequences()) decideAgain(reader, sequence, models, decided)
  return decided
}

/** What was decided under one definition: rows are of its features. */
function decideAgain(
  reader: SqliteLogReader,
  sequence: number,
  models: readonly Predictor[],
  decided: Map<string | null, number>,
): void {
  const definition = reader.definition(sequence)
  const detector = parseDetector(definition.detector)
  const features = compileDetector(detector)
  const row = new Float64Array(features.names.length)
  const rebuild = new Rebuild({ detector, features }, reader, undefined, {}, true)
  const scoreOf = (modelId: string | null) => {
    if (modelId === null) return null
    const predictor = models.find((each) => each.modelId === modelId) ?? assert.fail(`${modelId} is not known`)
    const inputs = Float64Array.from(predictor.inputs, (name) => row[features.names.indexOf(name)])
    return predictor.predict(inputs).probability + 0
  }
  const compare: Parameters<Rebuild['step']>[0] = (record, transaction, histories) => {
    if (record.kind !== 'decision' || record.definition !== sequence) return
    computeRow(features, transaction, histories, row)
    const { policy: _, ...rest } = record
    const modelId = record.model ?? definition.model
    const score = scoreOf(modelId)
    const expected = expectedScore({ score, degraded: record.degraded }, modelId)
    const { changed, secret } = rebuild.projections.policy
    const { id, decidedAtMs, fields } = record
    const { timestampMs, amount } = transaction
    const judged = changed?.judge({ id, timestampMs, decidedAtMs, amount, fields, row, score: expected }, secret)
    const outcome = judged?.outcome ?? opinionOf(definition.policy, expected)?.outcome ?? 'approve'
    const policy = changed && judged && { policy: judged.trace }
    assert.deepEqual(bytesOf({ ...rest, row, score, outcome, ...policy }), bytesOf(record), id)
    decided.set(modelId, (decided.get(modelId) ?? 0) + 1)
  }
  while (rebuild.step(compare));
}

function bytesOf(record: Sequenced<DecisionRecord>): Buffer {
  const writer = new ValueWriter()
  encodeFrame(record, record.sequence, writer)
  return Buffer.from(writer.bytes)
}
