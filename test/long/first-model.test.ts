import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { expectedScore } from '../../src/deciding/present-decision.ts'
import { Rebuild } from '../../src/deciding/rebuild.ts'
import type { Decision } from '../../src/decisioning/decision.ts'
import { opinionOf } from '../../src/decisioning/policy.ts'
import { compileDetector, computeRow } from '../../src/features/feature-set.ts'
import type { DecisionRecord, Sequenced } from '../../src/log/log-record.ts'
import { ValueWriter } from '../../src/log/packed-values.ts'
import { encodeFrame } from '../../src/log/record-format.ts'
import type { Snapshot } from '../../src/log/snapshots.ts'
import { loadModel } from '../../src/scoring/load-predictor.ts'
import type { Predictor } from '../../src/scoring/predictor.ts'
import { dataDirectory } from '../../src/stores/data-directory.ts'
import { readSnapshot, snapshotPaths } from '../../src/stores/snapshot-files.ts'
import type { SqliteLogReader } from '../../src/stores/sqlite/sqlite-log-reader.ts'
import { lastDetector } from '../../src/training/find-detector.ts'
import { assertSound, withLog } from '../durability/log-checks.ts'
import { Day, hourMs } from '../durability/policy-day.ts'
import { succeed, temporaryFolder, trainBundle, withShortWindows } from '../durability/service.ts'

const seed = Number(process.env.SHRIKE_SEED ?? 1)
const folder = temporaryFolder()
const withoutModel = (flags: readonly string[]) => ['--detector', join(folder, 'short.yaml'), ...flags]
let bundle = ''

before(async () => {
  bundle = await trainBundle(folder, { change: withShortWindows, name: 'short' })
})

const told = ({ outcome, reasons, rules, model, score }: Decision) => ({
  outcome,
  reasons: reasons.map(({ code }) => code).filter((code) => code.includes(':')),
  rules: rules.map(({ id, state }) => `${id} ${state}`),
  isScored: model !== null && score !== null,
})
const unscored = { outcome: 'approve', reasons: [], rules: [], isScored: false }

/** From rules alone to the first model, and back, and there again. */
async function live(day: Day, data: string, flags: readonly string[]): Promise<void> {
  const first = await day.decide(9000)
  assert.deepEqual([told(first), first.policy], [unscored, 1], 'neither thresholds nor whenUnavailable speak')
  const small = { id: 'small', when: 'amount < 2.0', then: 'decline', reason: '{amount} is a test of a card' }
  const ofScore = { id: 'of-score', when: 'score >= 0.0', then: 'tag', tags: ['scored'], state: 'live' }
  await day.ask('POST', '/v1/rules', small)
  const { warnings } = JSON.parse(await day.ask('POST', '/v1/rules', ofScore))
  assert.match(warnings[0]?.reason, /"score" is unknown: there is no model yet/)
  assert.deepEqual(told(await day.decide(1)), { ...unscored, rules: ['small shadow'] })
  await day.ask('PUT', '/v1/rules/small/state', { state: 'live' })
  const declined = { ...unscored, outcome: 'decline', reasons: ['rule:small'], rules: ['small live'] }
  assert.deepEqual(told(await day.decide(1)), declined)
  for (let i = 0; i < 20; i++) await day.decide(40)

  // Without the service the directory knows by which detector it goes on.
  await day.stop()
  const busy = join(folder, 'busy.yaml')
  writeFileSync(busy, 'id: busy\nwhen: card_count_1h > 2 && card == "busy"\nthen: review\nstate: live\n')
  await succeed('rules', 'add', busy, '--data', data)
  const csv = join(folder, 'stolen.csv')
  writeFileSync(csv, 'value\nlost\n')
  const list = join(folder, 'stolen.yaml')
  writeFileSync(list, '- { name: stolen, of: card, effect: block }\n')
  await succeed('lists', 'set', list, '--data', data)
  await succeed('lists', 'add', 'stolen', csv, '--data', data)
  await day.goOn(undefined, withoutModel(flags))
  assert.deepEqual(told(await day.decide(50, 'lost')), { ...unscored, outcome: 'decline', reasons: ['list:stolen'] })
  for (let i = 0; i < 2; i++) assert.deepEqual(told(await day.decide(50, 'busy')), unscored)
  const review = { ...unscored, outcome: 'review', reasons: ['rule:busy'], rules: ['busy live'] }
  assert.deepEqual(told(await day.decide(50, 'busy')), review)

  await day.stop()
  await day.goOn(bundle, flags)
  for (let i = 0; i < 20; i++) assert.deepEqual(told(await day.decide(40)).rules, ['of-score live'])
  const scored = await day.decide(1)
  assert.deepEqual(told(scored).rules, ['small live', 'of-score live'])
  assert.equal((await day.decide(50, 'lost')).outcome, 'decline')
  await day.stop()
  await day.goOn(undefined, withoutModel(flags))
  assert.deepEqual(told(await day.decide(1)), declined)
  for (let i = 0; i < 20; i++) await day.decide(40)
  await day.stop()
  await day.goOn(bundle, flags)
  assert.deepEqual(told(await day.decide(1)).rules, ['small live', 'of-score live'])
}

/**
 * Decides each transaction again, by what the records before it make: its row, its score, what the policy makes of it.
 * Of the record only the time and the degradations are taken, and it must come out the same in every byte.
 *
 * @param from the time from which on histories are those of then.
 */
function decideAgain(reader: SqliteLogReader, model: Predictor, snapshot: Snapshot | undefined, from: number) {
  const { detector: declared } = lastDetector(reader)
  const features = compileDetector(declared)
  const rebuild = new Rebuild({ detector: declared, features }, reader, snapshot, {}, true)
  const row = new Float64Array(features.names.length)
  const compared = { scored: 0, unscored: 0 }
  const compare: Parameters<Rebuild['step']>[0] = (record, transaction, histories) => {
    if (record.kind !== 'decision') return
    const { definition, id, decidedAtMs, fields, degraded } = record
    const { model: modelId, policy: ofDefinition } = reader.definition(definition)
    assert.ok(modelId === null || modelId === model.modelId)
    if (transaction.timestampMs >= from) computeRow(features, transaction, histories, row)
    else row.set(record.row)
    const score = modelId === null ? null : model.predict(row).probability + 0
    const { changed, secret } = rebuild.projections.policy
    const expected = expectedScore({ score, degraded }, modelId)
    const { timestampMs, amount } = transaction
    const judged = changed?.judge({ id, timestampMs, decidedAtMs, amount, fields, row, score: expected }, secret)
    const outcome = judged?.outcome ?? opinionOf(ofDefinition, expected)?.outcome ?? 'approve'
    const { policy: _, ...rest } = record
    const policy = changed && judged && { policy: judged.trace }
    assert.deepEqual(bytesOf({ ...rest, row, score, outcome, ...policy }), bytesOf(record), id)
    compared[modelId === null ? 'unscored' : 'scored'] += 1
  }
  while (rebuild.step(compare));
  return compared
}

function bytesOf(record: Sequenced<DecisionRecord>): Buffer {
  const writer = new ValueWriter()
  encodeFrame(record, record.sequence, writer)
  return Buffer.from(writer.bytes)
}

for (const isPruned of [false, true]) {
  test(`rules alone, then a first model, are replayed, kill -9 included${isPruned ? ', where records are let go of' : ''}`, async (t) => {
    const data = join(folder, `data-${isPruned}`)
    const flags = ['--snapshot-every', '15', ...(isPruned ? ['--retain', '2h'] : [])]
    const day = await Day.begin(undefined, data, { seed, flags: withoutModel(flags), requests: 70 })
    await live(day, data, flags)
    const paths = () => snapshotPaths(dataDirectory(data).snapshotsPath)
    const pruned = () => withLog(data, (reader) => reader.prunedThrough())
    // At the lowest priority a snapshot has to wait for its turn on a machine that has much to do.
    for (let i = 0; i < 400 && (isPruned ? pruned() : paths().length) === 0; i++) await sleep(50)
    await day.assertAnswered()
    await day.assertExplained()
    await day.stop()
    assert.ok(day.kills > 0, 'it was never killed')
    assertSound(data)
    assert.equal(pruned() > 0, isPruned)
    const { predictor } = await loadModel(bundle)
    const all = withLog(data, (reader) => {
      const models = reader.definitionSequences().map((sequence) => reader.definition(sequence).model)
      assert.deepEqual(models, [null, predictor.modelId, null, predictor.modelId])
      const from = isPruned ? (reader.firstTransactionMs() ?? 0) + hourMs : 0
      for (const path of paths()) decideAgain(reader, predictor, readSnapshot(path), from)
      return decideAgain(reader, predictor, undefined, from)
    })
    assert.ok(all.scored > 0 && all.unscored > 0)
    if (!isPruned) assert.equal(all.scored + all.unscored, day.answers.size)
    const lines = (await succeed('log', 'export', '--data', data, '--format', 'ndjson')).trim().split('\n')
    for (const line of lines) {
      const { id, model = null, score = null } = JSON.parse(line)
      const answer = JSON.parse(day.answers.get(id)?.text ?? '{}')
      assert.deepEqual([model, score], [answer.model, answer.score])
    }
    t.diagnostic(`${day.kills} kills, seed ${seed}: ${JSON.stringify(all)} of ${day.answers.size} decided again`)
  })
}
