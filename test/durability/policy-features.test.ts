import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '../../src/core/random.ts'
import { Rebuild } from '../../src/deciding/rebuild.ts'
import { parseDetector } from '../../src/detector/detector.ts'
import { addFeatures } from '../../src/features/add-features.ts'
import { compileDetector, computeRow } from '../../src/features/feature-set.ts'
import { ownDetector } from '../../src/log/own-detector.ts'
import { readBundle } from '../../src/scoring/load-predictor.ts'
import type { SqliteLogReader } from '../../src/stores/sqlite/sqlite-log-reader.ts'
import { assertSound, withLog } from './log-checks.ts'
import {
  purchases,
  runShrike,
  ServiceProcess,
  succeed,
  temporaryFolder,
  trainBundle,
  withShortWindows,
} from './service.ts'

const random = createRandom(Number(process.env.SHRIKE_SEED ?? 1))
const folder = temporaryFolder()
const data = join(folder, 'data')
const past = 6000
const features = [
  { count: { by: 'card', over: ['10m', '2d'] } },
  { distinct: { of: 'terminal', by: 'customer', over: '1d' } },
  { sum: { of: 'amount', by: 'customer', over: '3d' } },
]

test('features of the policy that are being filled while the service is killed are filled again', async () => {
  const bundle = await trainBundle(folder, { change: withShortWindows, name: 'short' })
  const sent = purchases(past + 60)
  const file = join(folder, 'past.ndjson')
  writeFileSync(
    file,
    sent
      .slice(0, past)
      .map(({ body }) => JSON.stringify(body))
      .join('\n'),
  )
  await succeed('replay', file, '--as', 'history', '--data', data, '--bundle', bundle)
  let service = await ServiceProcess.start(bundle, data)
  let decided = past
  const decide = async (count: number) => {
    for (let left = count; left > 0; left--) {
      const { status, text } = await service.decide(sent[decided++].body)
      assert.equal(status, 200, text)
    }
  }
  await decide(10)
  const states = new Set<string>()
  for (const last of [1, 2, 3]) {
    const policy = { thresholds: { review: 0.5 }, features: features.slice(0, last) }
    const { status, text } = await service.ask('PUT', '/v1/policy', { ...policy, why: 'a test' })
    assert.equal(status, 200, text)
    const told: { features: { state: string }[] } = JSON.parse((await service.ask('GET', '/v1/policy')).text)
    for (const { state } of told.features) states.add(state)
    const deciding = service.decide(sent[decided].body)
    await sleep(60 * random.uniform())
    await service.kill()
    await deciding
    service = await ServiceProcess.start(bundle, data)
    await decide(5)
  }
  assert.ok(states.has('filling'))
  for (;;) {
    const told: { features: { name: string; state: string }[] } = JSON.parse(
      (await service.ask('GET', '/v1/policy')).text,
    )
    assert.equal(told.features.length, 4)
    if (told.features.every(({ state }) => state === 'computed')) break
    await sleep(5)
  }
  await decide(10)
  await service.stop()
  const definitions = withLog(data, assertRowsOfEachDefinition)
  assert.ok(definitions > 1)
  await assertSound(data)
  await assertLearnedWhereAsked()
})

/** What only the policy looks at is no input of a model that is learned from the log, unless that is asked for. */
async function assertLearnedWhereAsked(): Promise<void> {
  const learn = async (name: string, ...flags: readonly string[]) => {
    const out = join(folder, `${name}.safetensors`)
    const args = ['train', '--from-log', '--data', data, '--learner', 'isolation-forest', '--flag-share', '0.5']
    const { code, stderr } = await runShrike(...args, '--out', out, ...flags)
    assert.equal(code, 0, stderr)
    return { stderr, features: (await readBundle(out)).model.features }
  }
  const own = await learn('own')
  const names = ['card_count_2d', 'customer_terminal_distinct_1d', 'customer_amount_sum_3d']
  const whole = await learn('whole', '--policy-features')
  assert.deepEqual(
    whole.features.filter((name) => !own.features.includes(name)),
    names,
  )
  assert.match(
    own.stderr,
    new RegExp(`only the policy looks at are left out: ${names.join(', ')} \\(--policy-features`),
  )
}

/** Rows by each definition are those of a replay that has its features from the first record on; how many there are. */
function assertRowsOfEachDefinition(reader: SqliteLogReader): number {
  const sequences = reader.definitionSequences()
  for (const sequence of sequences) {
    const definition = reader.definition(sequence)
    const own = parseDetector(ownDetector(definition))
    const { detector } = addFeatures(own, compileDetector(own), definition.policyFeatures?.declared ?? [])
    assert.deepEqual(detector, definition.detector)
    const compiled = compileDetector(detector)
    const row = new Float64Array(compiled.names.length)
    const rebuild = new Rebuild({ detector, features: compiled }, reader, undefined, {})
    const isInStep = () =>
      rebuild.step((record, transaction, histories) => {
        computeRow(compiled, transaction, histories, row)
        if (record.kind === 'decision' && record.definition === sequence) assert.deepEqual(record.row, row)
      })
    while (isInStep());
  }
  return sequences.length
}
