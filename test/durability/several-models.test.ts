import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '../../src/core/random.ts'
import { Rebuild } from '../../src/deciding/rebuild.ts'
import { parseDetector } from '../../src/detector/detector.ts'
import { compileDetector, computeRow } from '../../src/features/feature-set.ts'
import { loadModel } from '../../src/scoring/load-predictor.ts'
import type { Predictor } from '../../src/scoring/predictor.ts'
import type { SqliteLogReader } from '../../src/stores/sqlite/sqlite-log-reader.ts'
import { assertSound, withLog } from './log-checks.ts'
import { purchases, ServiceProcess, succeed, temporaryFolder, trainBundle, withShortWindows } from './service.ts'

const random = createRandom(Number(process.env.SHRIKE_SEED ?? 1))
const folder = temporaryFolder()
const data = join(folder, 'data')
const withMore = (yaml: string) =>
  withShortWindows(yaml).replace('  - hour\n', '  - hour\n  - count: { by: customer, over: [20m, 3d] }\n')

test('a canary and a shadow come back after a kill, and all they decided and scored is made again of the log', async () => {
  const paths = [
    await trainBundle(folder, { change: withShortWindows, name: 'first' }),
    await trainBundle(folder, { change: withMore, name: 'second' }),
    await trainBundle(folder, { change: (yaml) => withShortWindows(yaml).replace('  - hour\n', ''), name: 'third' }),
  ]
  const models = await Promise.all(paths.map(async (path) => (await loadModel(path)).predictor))
  const [, second, third] = models.map(({ modelId }) => modelId)
  let service = await ServiceProcess.start(paths[0], data)
  const sent = purchases(240)
  let decided = 0
  const decide = async (count: number) => {
    for (let left = count; left > 0; left--) {
      const { status, text } = await service.decide(sent[decided++].body)
      assert.equal(status, 200, text)
    }
  }
  const deploy = async (id: string, ...role: readonly string[]) =>
    succeed('models', 'deploy', id, ...role, '--data', data, '--url', service.url)
  await decide(40)
  for (const path of paths.slice(1)) await succeed('models', 'add', path, '--data', data, '--url', service.url)
  await deploy(second, '--canary', '0.5', '--by', 'card')
  await decide(40)
  await deploy(third, '--shadow')
  for (let kills = 0; kills < 3; kills++) {
    await decide(20)
    const deciding = service.decide(sent[decided].body)
    await sleep(10 * random.uniform())
    await service.kill()
    await deciding
    service = await ServiceProcess.start(paths[0], data)
  }
  const { text } = await service.ask('GET', '/v1/models')
  const roles = new Map(JSON.parse(text).models.map((model: { id: string; role: string }) => [model.id, model.role]))
  assert.deepEqual([roles.get(second), roles.get(third)], ['canary', 'shadow'])
  // What it decided stays, and it decides no more.
  await deploy(second, '--retired')
  await decide(20)
  await service.stop()
  const told = withLog(data, (reader) => assertMadeAgain(reader, models))
  // How many cards are drawn is up to the secret of the log; the first and the last transactions are the champion's.
  assert.ok(told.byCanary > 10 && told.byChampion > 60 && told.byShadow > 40, JSON.stringify(told))
  assert.equal(told.last, models[0].modelId)
  await assertSound(data)
})

/** Each decision by the model that it names, of a row that a replay makes, and each score of a shadow. */
function assertMadeAgain(reader: SqliteLogReader, models: readonly Predictor[]) {
  const told = { byChampion: 0, byCanary: 0, byShadow: 0, last: '' }
  const scoreOf = (model: string | null, names: readonly string[], row: Float64Array) => {
    const predictor = models.find(({ modelId }) => modelId === model) ?? assert.fail()
    return predictor.predict(Float64Array.from(predictor.inputs, (name) => row[names.indexOf(name)])).probability
  }
  const shadowed = new Map<number, { readonly model: string; readonly score: number }>()
  for (let after = 0; ; ) {
    const records = reader.next(after)
    if (records.length === 0) break
    for (const record of records)
      if (record.kind === 'scores')
        for (const { of, score } of record.scores) shadowed.set(of, { model: record.model, score })
    after = records.at(-1)?.sequence ?? after
  }
  for (const sequence of reader.definitionSequences()) {
    const definition = reader.definition(sequence)
    const detector = parseDetector(definition.detector)
    const features = compileDetector(detector)
    assert.deepEqual(features.names, definition.features)
    const row = new Float64Array(features.names.length)
    const rebuild = new Rebuild({ detector, features }, reader, undefined, {})
    const isInStep = () =>
      rebuild.step((record, transaction, histories) => {
        computeRow(features, transaction, histories, row)
        if (record.kind !== 'decision' || record.definition !== sequence) return
        assert.deepEqual(record.row, row)
        const model = record.model ?? definition.model
        assert.equal(record.score, scoreOf(model, features.names, row))
        if (record.model === undefined) told.byChampion += 1
        else told.byCanary += 1
        told.last = model ?? ''
        const shadow = shadowed.get(record.sequence)
        if (shadow === undefined) return
        assert.equal(shadow.score, scoreOf(shadow.model, features.names, row))
        told.byShadow += 1
      })
    while (isInStep());
  }
  return told
}
