import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '../../src/core/random.ts'
import type { Decision } from '../../src/decisioning/decision.ts'
import { loadModel } from '../../src/scoring/load-predictor.ts'
import { decideAllAgain } from '../durability/decide-again.ts'
import { assertSound, withLog } from '../durability/log-checks.ts'
import { succeed, temporaryFolder } from '../durability/service.ts'
import { labelledCsv, Month } from './month.ts'

const seed = Number(process.env.SHRIKE_SEED ?? 1)
const folder = temporaryFolder()
const data = join(folder, 'data')
const at = (name: string) => join(folder, name)
const bundle = (name: string) => at(`${name}.safetensors`)
const maturityDays = 3

/** As the detector that comes with Shrike, with labels and windows of days, so that a month shows all of both. */
const detector = readFileSync('detectors/cards.yaml', 'utf8')
  .replace('maturity: 30d', `maturity: ${maturityDays}d`)
  .replace(/policy: .*/, 'policy: { deadlineMs: 60000, review: 0.02, decline: 0.5 }')
  .replaceAll(', 30d]', ']')
  .replaceAll(/over: (30|60)d/g, 'over: 7d')
  .replaceAll('delay: 7d', `delay: ${maturityDays}d`)

const small = ['--n-estimators', '20', '--no-leak-check']

const flagged = (decided: readonly Decision[]) => decided.filter(({ outcome }) => outcome !== 'approve').length
const modelsOf = (decided: readonly Decision[]) => new Set(decided.map(({ model }) => model))

/** Rules decide, then an isolation forest, which learned from what they decided, before anybody knew of a fraud. */
async function beginWithoutLabels(month: Month): Promise<string> {
  const busy = { id: 'busy', when: 'card_count_10m > 2', then: 'review', state: 'live', why: 'No model yet' }
  await month.ask('POST', '/v1/rules', busy)
  const byRules = await month.decide(2500)
  assert.deepEqual([...modelsOf(byRules)], [null])
  assert.ok(flagged(byRules) > 0, 'the rule spoke of nothing')

  const refused = await month.refused('train', '--from-log', '--detector', at('month.yaml'), '--out', bundle('none'))
  assert.match(refused, /an isolation forest can learn what is usual/)
  const flags = ['--detector', at('month.yaml'), '--learner', 'isolation-forest', '--flag-share', '0.02', '--json']
  const told = JSON.parse(await month.run('train', '--from-log', ...flags, '--out', bundle('forest')))
  assert.deepEqual([told.metrics, told.frauds, told.rows], [null, null, 2500])
  const forest = await month.add(bundle('forest'), 'Before there are labels')
  await month.deploy(forest, 'Our first model', '--champion')
  const byForest = await month.decide(2500)
  assert.deepEqual([...modelsOf(byForest)], [forest])
  const strange = byForest.filter(({ score }) => (score ?? 0) >= 0.05)
  assert.ok(strange.length > 5 && strange.length < 250, `${strange.length} are strange to the forest`)
  assert.ok(
    byForest.every(({ outcome }) => outcome !== 'decline'),
    'what nobody measured declined somebody',
  )
  return forest
}

/** Labels come; what is learned from them scores in shadow, decides for half of the customers, then for all. */
async function learnFromLabels(month: Month, forest: string): Promise<string> {
  await month.decide(4000)
  assert.ok((await month.label(maturityDays)) > 30, 'few frauds are known')
  await train(month, 'learned', 'month.yaml')
  const id = await month.add(bundle('learned'), 'Labels of two weeks')
  await month.deploy(id, 'What would it say?', '--shadow')
  assert.deepEqual([...modelsOf(await month.decide(300))], [forest])
  // Shadows wait while others decide.
  for (let i = 0; i < 200 && (await month.exported('--scores')).length === 0; i++) await sleep(50)
  const scores = await month.exported('--scores')
  assert.ok(scores.length > 0 && scores.every(({ model }) => model === id))

  await month.deploy(id, 'Half of the customers', '--canary', '0.5', '--by', 'customer')
  const byBoth = await month.decide(1500)
  assert.deepEqual(modelsOf(byBoth), new Set([forest, id]))
  const sides = new Map<unknown, string | null>()
  month.sent.slice(-1500).forEach(({ body }, i) => {
    const { model } = byBoth[i]
    assert.equal(sides.get(body.customer_id) ?? model, model, 'a customer changed sides')
    sides.set(body.customer_id, model)
  })
  await month.deploy(id, 'It finds more', '--champion')
  assert.deepEqual([...modelsOf(await month.decide(500))], [id])
  await month.label(maturityDays)
  return id
}

async function train(month: Month, name: string, yaml: string): Promise<void> {
  await month.run('train', '--from-log', '--detector', at(yaml), ...small, '--out', bundle(name))
}

/** It learned from labels that were dealt out anew, so it knows nothing: its guard takes it back. */
async function takeBackShuffled(month: Month, champion: string): Promise<string> {
  const isFraud = month.sent.map((purchase) => purchase.isFraud)
  const random = createRandom(seed)
  for (let i = isFraud.length - 1; i > 0; i--) {
    const j = random.integer(i + 1)
    ;[isFraud[i], isFraud[j]] = [isFraud[j], isFraud[i]]
  }
  writeFileSync(at('shuffled.csv'), labelledCsv(month.sent, isFraud, maturityDays))
  await succeed('train', at('shuffled.csv'), '--detector', at('month.yaml'), ...small, '--out', bundle('shuffled'))
  const shuffled = await month.add(bundle('shuffled'), 'Somebody mixed up the labels')
  writeFileSync(at('guard.yaml'), 'minDecisions: 300\nrateDifference: 0.005\n')
  const share = ['--canary', '0.5', '--by', 'customer', '--guard', at('guard.yaml')]
  await month.deploy(shuffled, 'It looked well', ...share)
  const isBack = async () => (await month.deployments()).at(-1)?.by === 'guard'
  for (let i = 0; i < 110 && !(await isBack()); i++) {
    await month.decide(100)
    await sleep(100)
  }
  for (let i = 0; i < 100 && !(await isBack()); i++) await sleep(100)
  const last = (await month.deployments()).at(-1)
  assert.deepEqual([last?.by, last?.change], ['guard', { kind: 'retired', model: shuffled }])
  assert.match(last?.why ?? '', /the guard allows a difference of 0\.5/)
  assert.deepEqual([...modelsOf(await month.decide(300))], [champion])
  return shuffled
}

/** A rule that declines good customers shows it on the past, and is held once it is live all the same. */
async function holdBadRule(month: Month): Promise<void> {
  const dear = { id: 'dear', when: 'amount > 20.0', then: 'decline' } as const
  const { sides } = JSON.parse(await month.run('backtest', '--rule', dear.when, '--then', dear.then, '--json'))
  const [inForce, tested] = sides
  const { share, precision } = tested.outcomes.decline
  assert.ok(inForce.outcomes.decline.share < 0.02 && share > 0.3, `declines ${share}`)
  assert.ok(precision.upper < 0.1, `of what it declines ${precision.upper} may be fraud`)

  const decline = { share: 0.2, over: '1d', atLeast: 50, then: 'review' }
  const policy = { thresholds: { review: 0.05, decline: 0.5 }, deadlineMs: 60_000 }
  await month.ask('PUT', '/v1/policy', { ...policy, fuses: { decline }, why: 'In case a rule is bad' })
  await month.ask('POST', '/v1/rules', { ...dear, state: 'live', cap: { count: 100, over: '1d' }, why: 'Never mind' })
  const decided = await month.decide(600)
  const declined = decided.filter(
    ({ outcome, rules }) => outcome === 'decline' && rules.some(({ id }) => id === 'dear'),
  )
  assert.ok(declined.length > 5 && declined.length <= 50, `${declined.length} were declined`)
  const { tripped } = JSON.parse(await month.ask('GET', '/v1/policy'))
  assert.deepEqual(tripped.toSorted(), ['decline', 'rule:dear'])
  const ofDear = decided.flatMap(({ rules }) => rules.filter(({ id }) => id === 'dear').map(({ state }) => state))
  assert.equal(ofDear.filter((state) => state === 'live').length, 100)
  assert.ok(ofDear.includes('fused'))
  await month.ask('DELETE', '/v1/rules/dear', { why: 'It was bad' })
  await month.ask('POST', '/v1/policy/fuses/decline/reset', { why: 'The rule is gone' })
  assert.ok(flagged(await month.decide(300)) < 60)
}

/** Under a detector without what a rule reads, the rule would fall silent. */
async function refuseOrphaning(month: Month, champion: string): Promise<void> {
  writeFileSync(at('narrow.yaml'), detector.replace('by: card, over: [10m, 1h', 'by: card, over: [1h'))
  await month.label(maturityDays)
  await train(month, 'narrow', 'narrow.yaml')
  const id = await month.add(bundle('narrow'), 'One feature less')
  const before = await month.deployments()
  for (const flags of [['--dry-run'], []]) {
    const said = await month.refused('models', 'deploy', id, '--champion', ...flags)
    assert.match(said, /POLICY_NAMES_LOST[\s\S]*rules\.busy\.when[\s\S]*card_count_10m/)
  }
  assert.deepEqual(await month.deployments(), before)
  assert.deepEqual([...modelsOf(await month.decide(100))], [champion])
}

const add = 'anyone added'
const recorded = [
  'anyone rule',
  ...[add, 'anyone champion'],
  ...[add, 'anyone shadow', 'anyone canary', 'anyone champion'],
  ...[add, 'anyone canary', 'guard retired'],
  ...['anyone policy', 'anyone rule', 'anyone rule-removed', 'anyone fuse-reset'],
  add,
]

/** Each step is a record that says who and why, and nothing else is; what fuses did is told with the versions. */
async function assertRecorded(month: Month): Promise<void> {
  const changes = await month.exported('--changes')
  // What monitoring notices depends on how fast the month goes by.
  const made = changes.filter(({ by }) => by !== 'monitor')
  assert.deepEqual(
    made.map(({ by, change }) => `${by} ${JSON.parse(String(change)).kind}`),
    recorded,
  )
  assert.ok(made.every(({ why }) => typeof why === 'string' && why !== ''))
  const { versions } = JSON.parse(await month.ask('GET', '/v1/policy/versions'))
  const diffs = versions.flatMap(({ diff }: { readonly diff: readonly string[] }) => diff)
  for (const each of ['fuse decline: tripped', 'fuse rule:dear: tripped', 'fuse decline: reset']) {
    assert.ok(diffs.includes(each), `nothing is told of ${each}`)
  }
}

test('a month from rules alone to a champion, a bad canary and a bad rule, is decided again the same', async (t) => {
  writeFileSync(at('month.yaml'), detector)
  const month = await Month.begin(at('month.yaml'), data, 24_000)
  const forest = await beginWithoutLabels(month)
  const learned = await learnFromLabels(month, forest)
  const shuffled = await takeBackShuffled(month, learned)
  await holdBadRule(month)
  await refuseOrphaning(month, learned)

  await assertRecorded(month)
  await month.restart()
  await month.assertAnswered(25)
  assert.deepEqual([...modelsOf(await month.decide(100))], [learned])
  await month.stop()
  assertSound(data)
  const names = ['forest', 'learned', 'shuffled']
  const models = await Promise.all(names.map(async (name) => (await loadModel(bundle(name))).predictor))
  const decided = withLog(data, (reader) => decideAllAgain(reader, models))
  assert.deepEqual([...decided.keys()], [null, forest, learned, shuffled])
  assert.equal(
    [...decided.values()].reduce((sum, count) => sum + count),
    month.answers.size,
  )
  t.diagnostic(`seed ${seed}: ${month.answers.size} decisions decided again, the same: ${JSON.stringify([...decided])}`)
})
