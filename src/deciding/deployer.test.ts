import assert from 'node:assert/strict'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { cardsDetector, closedAfterEach, openTestDecisions, startMs } from '../../test/service/decisions-fixture.ts'
import { amountBundle } from '../../test/service/model-fixture.ts'
import { atOnce } from '../core/time-slices.ts'
import { decodeBundle } from '../models/bundle.ts'
import { createPredictor } from '../scoring/load-predictor.ts'
import { dataDirectory } from '../stores/data-directory.ts'
import { openModelFiles } from '../stores/model-files.ts'
import { DeploymentProjection } from './deployment-projection.ts'
import { createDetectorInForce } from './detector-in-force.ts'
import { savedParts } from './projections.ts'
import { Rebuild } from './rebuild.ts'

const open = closedAfterEach()
const patient = { policy: { review: 0.5, decline: 0.9, deadlineMs: 60_000 } }
const first = amountBundle(cardsDetector(patient), 100)
const wider = cardsDetector({
  ...patient,
  features: [
    'amount',
    { count: { by: 'card', over: ['1h', '3d'] } },
    { mean: { of: 'amount', by: 'shop', over: '1d' } },
  ],
})
const second = amountBundle(wider, 20)
const third = amountBundle(cardsDetector(patient), 7)
const who = { by: 'user:ann', why: 'a test' }

function inForceOf(bytes: Uint8Array) {
  const bundle = decodeBundle(bytes)
  return createDetectorInForce(bundle.detector, createPredictor(bundle))
}

/** A service that was started with the first bundle, or on a directory that there is. */
async function start({
  directory,
  bytes = first.bytes,
  file = bytes,
}: {
  directory?: string
  bytes?: Uint8Array
  file?: Uint8Array
} = {}) {
  const running = await openTestDecisions({
    inForce: inForceOf(bytes),
    ...(directory !== undefined && { directory }),
    registry: (path, reading) => ({
      reading,
      bundles: openModelFiles(dataDirectory(path)),
      readServed: async () => file,
    }),
  })
  open.push(running)
  await running.service.resume()
  const { service } = running
  const { deployer } = service
  assert(deployer !== undefined)
  let ids = 0
  const decide = (more: object = {}) =>
    service.decide(
      { ID: `t-${directory ?? ''}${ids++}`, TIME: startMs, AMOUNT: 50, CARD: 'c', SHOP: 's', ...more },
      undefined,
      () => 0,
    )
  return { ...running, deployer, decide, files: openModelFiles(dataDirectory(running.path)) }
}

describe('a model', () => {
  test('is added once, whoever sends it how often, and has no role', async () => {
    const { deployer, files, log } = await start()
    const added = await Promise.all([1, 2, 3].map(() => deployer.models.add(second.bytes, who)))
    assert.deepEqual(
      added.map(({ id, isNew }) => [id, isNew]),
      [
        [second.id, true],
        [second.id, false],
        [second.id, false],
      ],
    )
    const [model, ...others] = deployer.list()
    assert.deepEqual(others, [])
    assert.deepEqual(
      [model.id, model.role, model.state, model.addedBy, model.bytes, model.features],
      [second.id, null, 'idle', 'user:ann', second.bytes.length, wider.features.length + 1],
    )
    assert.deepEqual(Buffer.from(await files.read(second.id)), Buffer.from(second.bytes))
    assert.equal([...log.reading.ofKind('deployment')].length, 1)
  })

  test('is refused where it is damaged, or of other transactions, and nothing is kept', async () => {
    const { deployer, files } = await start()
    const flipped = Uint8Array.from(second.bytes)
    flipped[flipped.length - 1] ^= 1
    await assert.rejects(deployer.models.add(flipped, who), { code: 'BUNDLE_INVALID' })
    await assert.rejects(deployer.models.add(Buffer.from('no bundle'), who), { code: 'BUNDLE_INVALID' })
    const renamed = cardsDetector({}, { id: 'OTHER', keys: { card: 'PAN', shop: 'SHOP' } })
    await assert.rejects(deployer.models.add(amountBundle(renamed, 5).bytes, who), (error: { errors: unknown }) => {
      assert.deepEqual(error.errors, [
        { field: 'transaction.id', reason: 'is OTHER, and ID in the service' },
        { field: 'transaction.keys.card', reason: 'is PAN, and CARD in the service' },
      ])
      return true
    })
    assert.deepEqual([deployer.list(), files.list()], [[], []])
  })

  test('that is deployed decides from its record on, and its histories are those of a rebuild', async () => {
    const { deployer, decide, service, log } = await start()
    assert.equal((await decide()).score, 0.1)
    await deployer.models.add(second.bytes, who)
    // Others decide while it takes over, and none of them is lost or made by half of each.
    let isOver = false
    const deploying = deployer.deploy(second.id, { role: 'champion' }, who).finally(() => {
      isOver = true
    })
    const answers = []
    while (!isOver) answers.push(...(await Promise.all(Array.from({ length: 8 }, () => decide()))))
    const { version, warnings } = await deploying
    assert.ok(warnings.some((text) => text.includes('history-short')))
    answers.push(await decide())
    for (const { model, score, transactionId } of answers) {
      const { sequence } = log.reading.find(transactionId) ?? assert.fail()
      assert.equal(model, sequence < version ? first.id : second.id)
      assert.equal(score, model === first.id ? 0.1 : 0.95)
    }
    assert.deepEqual(
      deployer.list().map(({ id, role }) => [id, role]),
      [
        [second.id, 'champion'],
        [first.id, 'retired'],
      ],
    )
    assert.deepEqual(
      deployer.models.deployments.steps.map(({ change, by }) => [change, by]),
      [
        [{ kind: 'champion', model: first.id }, 'user:ann'],
        [{ kind: 'champion', model: second.id }, 'user:ann'],
      ],
    )
    const { state } = service.decider
    assert(state !== undefined)
    const rebuild = new Rebuild(inForceOf(second.bytes), log.reading, undefined, {})
    while (rebuild.step());
    const bytesOf = (projections: typeof rebuild.projections) =>
      savedParts(projections).map(({ name, chunks }) => [name, Buffer.concat([...chunks]).toString('base64')])
    assert.deepEqual(bytesOf(state.projections), bytesOf(rebuild.projections))
  })

  test('that a restart is not told of is champion all the same, and another bundle is not', async () => {
    const { deployer, path, close } = await start()
    await deployer.models.add(second.bytes, who)
    await deployer.deploy(second.id, { role: 'champion' }, who)
    await close({ keep: true })
    const again = await start({ directory: path })
    assert.equal(again.deployer.servedId, second.id)
    assert.equal((await again.decide()).model, second.id)
    await assert.rejects(again.service.use(inForceOf(third.bytes)), { code: 'MODEL_NOT_CHAMPION' })
    assert.equal((await again.decide()).model, second.id)
    await again.close({ keep: true })
    rmSync(again.files.pathOf(second.id))
    await assert.rejects(start({ directory: path }), { code: 'MODEL_UNKNOWN', message: /is missing/ })
  })

  test('that is announced takes over at the restart, however the process ended', async () => {
    const { deployer, path, close, log } = await start()
    await deployer.models.add(second.bytes, who)
    await deployer.models.add(first.bytes, who)
    // As if the process had been killed behind the record and before the takeover.
    await deployer.models.record({ kind: 'champion', model: second.id }, who)
    assert.equal(log.reading.lastDefinition()?.definition.model, first.id)
    await close({ keep: true })
    const again = await start({ directory: path })
    assert.equal((await again.decide()).model, second.id)
  })

  test('that is canary or shadow, and whose file is gone at a restart, says so while the champion decides alone', async () => {
    const { deployer, path, close } = await start()
    for (const { bytes } of [second, third]) await deployer.models.add(bytes, who)
    await deployer.deploy(second.id, { role: 'canary', share: 0.5, by: 'card' }, who)
    await deployer.deploy(third.id, { role: 'shadow' }, who)
    await close({ keep: true })
    rmSync(openModelFiles(dataDirectory(path)).pathOf(third.id))
    const again = await start({ directory: path })
    const told = [first, second, third].map(({ id }) => again.deployer.find(id))
    assert.deepEqual(
      told.map(({ role, state, error }) => [role, state, error?.code]),
      [
        ['champion', 'idle', undefined],
        ['canary', 'failed', 'MODEL_UNKNOWN'],
        ['shadow', 'failed', 'MODEL_UNKNOWN'],
      ],
    )
    for (let i = 0; i < 20; i++) assert.equal((await again.decide({ CARD: `c-${i}` })).model, first.id)
    await again.deployer.deploy(third.id, { role: 'retired' }, who)
    assert.equal(again.deployer.find(second.id).state, 'idle')
    const models = new Set<string | null>()
    for (let i = 0; i < 20; i++) models.add((await again.decide({ CARD: `c-${i}` })).model)
    assert.deepEqual(models, new Set([first.id, second.id]))
  })

  test('that decided once explains what it did as long as it is kept', async () => {
    const { deployer, decide, service } = await start()
    const { transactionId } = await decide()
    await deployer.models.add(second.bytes, who)
    await deployer.deploy(second.id, { role: 'champion' }, who)
    const turns = { isOver: () => false, next: async () => {} }
    const explained = await service.explain(transactionId, turns)
    assert.deepEqual([explained?.model, explained?.contributions.from], [first.id, 'model'])
  })

  test('that lies where the one that is served was read from is not taken for that', async () => {
    const { deployer } = await start({ file: third.bytes })
    await deployer.models.add(second.bytes, who)
    const { warnings } = await deployer.deploy(second.id, { role: 'champion' }, who)
    assert.ok(warnings.some((text) => text.startsWith(`${first.id}, which was served before, can't be gone back to`)))
    assert.deepEqual(
      deployer.list().map(({ id }) => id),
      [second.id],
    )
  })

  test('is gone back to, and that can be taken back', async () => {
    const { deployer, decide } = await start()
    await deployer.models.add(second.bytes, who)
    await deployer.deploy(second.id, { role: 'champion' }, who)
    const [old, now] = deployer.models.deployments.steps.map(({ sequence }) => sequence)
    const back = await deployer.rollback(undefined, { ...who, why: 'too many declines' })
    assert.deepEqual([back.id, (await decide()).model], [first.id, first.id])
    await deployer.rollback(now, who)
    assert.equal((await decide()).model, second.id)
    await assert.rejects(deployer.rollback(old - 1, who), { code: 'INPUT_INVALID' })
  })

  test('that is gone back to is the one that was there, made ready before, as long as its file is sound', async () => {
    const { deployer, service, path, decide } = await start()
    await deployer.models.add(second.bytes, who)
    const served = service.lineup.champion.inForce.predictor
    await deployer.deploy(second.id, { role: 'champion' }, who)
    await deployer.deploy(first.id, { role: 'champion' }, who)
    assert.equal(service.lineup.champion.inForce.predictor, served)
    await deployer.deploy(second.id, { role: 'champion' }, who)
    const [file] = readdirSync(dataDirectory(path).modelsPath).filter((name) => name.includes(first.id.slice(-12)))
    const damaged = Uint8Array.from(first.bytes)
    damaged[damaged.length - 1] ^= 1
    writeFileSync(join(dataDirectory(path).modelsPath, file), damaged)
    await assert.rejects(deployer.deploy(first.id, { role: 'champion' }, who), { code: 'BUNDLE_INVALID' })
    assert.equal((await decide()).model, second.id)
  })

  test('is removed only while nothing needs it, or where that is said', async () => {
    const { deployer, decide, files } = await start()
    await decide()
    await deployer.models.add(second.bytes, who)
    await deployer.models.add(third.bytes, who)
    await deployer.deploy(second.id, { role: 'champion' }, who)
    for (const id of [second.id, first.id])
      await assert.rejects(deployer.models.remove(id, who, false), { code: 'MODEL_IN_USE' }, id)
    await assert.rejects(deployer.models.remove(second.id, who, true), { code: 'MODEL_IN_USE' })
    await deployer.models.remove(third.id, who, false)
    await deployer.models.remove(first.id, who, true)
    assert.deepEqual(files.list(), [second.id])
    assert.deepEqual(
      deployer.models.deployments.steps.slice(-2).map(({ change }) => change),
      [
        { kind: 'removed', model: third.id },
        { kind: 'removed', model: first.id, forgets: true },
      ],
    )
    assert.throws(() => deployer.find(first.id), { code: 'MODEL_UNKNOWN' })
    await assert.rejects(deployer.rollback(undefined, who), { code: 'MODEL_UNKNOWN' })
  })

  test('is refused where a rule would fall silent, before anything is made, and the rule is named', async () => {
    const { deployer, service, decide } = await start()
    const rule = { id: 'busy', when: 'card_count_1d > 3', then: 'review', reason: 'Busy', state: 'live' }
    await service.change({ kind: 'rule', rule }, who)
    await deployer.models.add(second.bytes, who)
    const rehearsal = await deployer.rehearse(second.id, { role: 'champion' })
    assert.deepEqual(
      rehearsal.problems.map(({ code }) => code),
      ['POLICY_NAMES_LOST'],
    )
    assert.match(rehearsal.problems[0].detail, /rules\.busy/)
    const deploying = deployer.deploy(second.id, { role: 'champion' }, who)
    await assert.rejects(deploying, { code: 'POLICY_NAMES_LOST', message: /rules\.busy/ })
    assert.equal((await decide()).model, first.id)
    const { state, error } = deployer.find(second.id)
    assert.deepEqual([state, error?.code], ['failed', 'POLICY_NAMES_LOST'])
    assert.equal(deployer.models.deployments.inForce.champion, first.id)
  })

  test('says before it is deployed whether any records are gone through for it', async () => {
    const { deployer, decide, log } = await start()
    for (let i = 0; i < 3; i++) await decide()
    const features = [...cardsDetector().features, { count: { by: 'card', over: '2d' } }]
    const within = amountBundle(cardsDetector({ ...patient, features }), 9)
    for (const { bytes } of [within, second]) await deployer.models.add(bytes, who)
    const recordsOf = async (id: string) => (await deployer.rehearse(id, { role: 'champion' })).records
    // A window within the past that is kept anyway needs none.
    assert.equal(await recordsOf(within.id), 0)
    assert.equal(await recordsOf(second.id), log.reading.lastSequence())
  })

  test('that hurts as a canary is taken back by its guard, with a record that says why, and once', async () => {
    const { deployer, service, decide, say, metrics, clock } = await start()
    await deployer.models.add(second.bytes, who)
    const canary = { role: 'canary', share: 0.3, by: 'card', guard: { minDecisions: 40 } }
    await deployer.deploy(second.id, canary, who)
    // It looks when the test says so.
    await service.guard?.close()
    const decideSome = async (from: number, to: number) => {
      for (let i = from; i < to; i++) await decide({ CARD: `c-${i}` })
    }
    await decideSome(0, 40)
    await service.guard?.look()
    assert.equal(deployer.find(second.id).role, 'canary', 'too few decisions to say')
    await decideSome(40, 300)
    const { figures } = deployer.find(second.id)
    assert.deepEqual(
      [figures?.canary.outcomes.decline, figures?.champion.outcomes.approve],
      [figures?.canary.decisions, figures?.champion.decisions],
    )
    assert.equal((figures?.canary.decisions ?? 0) + (figures?.champion.decisions ?? 0), 300)
    await Promise.all([service.guard?.look(), service.guard?.look()])
    await service.guard?.look()
    const { role, deployed } = deployer.find(second.id)
    assert.deepEqual([role, deployed?.by], ['retired', 'guard'])
    assert.match(deployed?.why ?? '', /^0 % of its decisions are approve, of the champion's 100 %/)
    assert.equal(deployer.models.deployments.steps.filter(({ by }) => by === 'guard').length, 1)
    assert.match(say.lines.join('\n'), /^error the guard has rolled the canary back/m)
    assert.match(await metrics.registry.metrics(), /shrike_canary_rollbacks_total{model="cards@[0-9a-f]+"} 1/)
    for (let i = 0; i < 40; i++) assert.equal((await decide({ CARD: `c-${i}` })).model, first.id)
    // Somebody hears of it, for a day.
    const alerts = async () => {
      await service.alerts.look()
      return service.alertStates.firing.filter(({ alert }) => alert === 'canary-rolled-back')
    }
    assert.deepEqual(
      (await alerts()).map(({ subject, text }) => [subject, text]),
      [[second.id, deployed?.why]],
    )
    clock.nowMs += 24 * 3_600_000
    assert.equal((await alerts()).length, 1)
    clock.nowMs += 3_600_000
    assert.deepEqual(await alerts(), [])
  })

  test('of a stale version, of an unknown id, or beside another deployment is refused', async () => {
    const { deployer } = await start()
    await deployer.models.add(second.bytes, who)
    const champion = { role: 'champion' }
    await assert.rejects(deployer.deploy(second.id, champion, { ...who, ifVersion: 99 }), { code: 'MODELS_CHANGED' })
    await assert.rejects(deployer.deploy('cards@000000000000', champion, who), { code: 'MODEL_UNKNOWN' })
    await assert.rejects(async () => deployer.deploy(second.id, { role: 'boss' }, who), { code: 'INPUT_INVALID' })
    const one = deployer.deploy(second.id, champion, { ...who, ifVersion: 0 })
    await assert.rejects(deployer.deploy(second.id, champion, who), { code: 'DEPLOYMENT_UNDERWAY' })
    assert.equal(deployer.find(second.id).state, 'preparing')
    await one
    assert.equal(deployer.find(second.id).state, 'idle')
  })

  test('whose file another process was writing is not there, and a removal is completed', async () => {
    const { deployer, files } = await start()
    await deployer.models.add(third.bytes, who)
    const path = files.pathOf(third.id)
    writeFileSync(`${path}.1.tmp`, 'half')
    assert.deepEqual(files.list(), [third.id])
    await deployer.models.remove(third.id, who, false)
    // As if the process had been killed between the record and the file.
    await files.keep(third.id, third.bytes)
    deployer.models.removeLeftovers()
    assert.equal(existsSync(path), false)
  })
})

test('what the log says of models outlives its records', async () => {
  const { deployer, log, service } = await start()
  await deployer.models.add(second.bytes, who)
  await deployer.deploy(second.id, { role: 'champion' }, who)
  const part = () => {
    const { state } = service.decider
    assert(state !== undefined)
    const saved = savedParts(state.projections).find(({ name }) => name === 'deployments')
    return Buffer.concat([...(saved?.chunks ?? [])])
  }
  const { inForce, models } = deployer.models.deployments
  const loaded = new DeploymentProjection()
  atOnce(loaded.load([part()]))
  assert.deepEqual([loaded.inForce, [...loaded.models]], [inForce, [...models]])
  assert.deepEqual(Buffer.concat([...loaded.save()]), part())
  assert.ok(log.reading.lastSequence() > 0)
})
