import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient, type Decision, dataOf } from '../../client/src/index.ts'
import { createRandom } from '../../src/core/random.ts'
import { guideCode, importCode } from '../client/guide-code.ts'
import { type Fate, startHostileProxy } from '../client/hostile-proxy.ts'
import { assertSound, withLog } from './log-checks.ts'
import { type Purchase, purchases, ServiceProcess, temporaryFolder, trainBundle } from './service.ts'

interface GuideCode {
  authorise(transaction: Purchase['body']): Promise<string>
  catchUp(): Promise<readonly Decision[]>
}

const folder = temporaryFolder()
const data = join(folder, 'data')
const fates: readonly Fate[] = ['passed', 'passed', 'late', 'refused', 'request-cut', 'answer-lost', 'answer-cut']

test('the client decides each transaction once, and loses none, however bad the network and the service', async (t) => {
  const bundle = await trainBundle(folder)
  const sent = purchases(400)
  let service = await ServiceProcess.start(bundle, data)
  const random = createRandom(7)
  const port = () => Number(new URL(service.url).port)
  const proxy = await startHostileProxy(port, () => fates[random.integer(fates.length)], 300)
  t.after(() => proxy.close())
  const client = createClient({ url: proxy.url })
  process.env.SHRIKE_URL = proxy.url
  const isOurs = (error: unknown) => assert.fail(String(error))
  Object.assign(globalThis, { report: isOurs })
  const guide = (await importCode(guideCode('js')[0])) as GuideCode

  const answers = new Map<string, Omit<Decision, 'duplicate'>>()
  const outcomes = new Map<string, string>()
  const unanswered: Purchase[] = []
  const keep = ({ duplicate: _, ...decision }: Decision) => answers.set(decision.transactionId, decision)
  const decide = async (purchase: Purchase, isOfGuide: boolean) => {
    if (isOfGuide) return void outcomes.set(purchase.id, await guide.authorise(purchase.body))
    const decision = await client.decide(purchase.body, { budgetMs: 600, callMs: 200 })
    if (decision === undefined) unanswered.push(purchase)
    else keep(decision)
  }
  const waiting = [...sent]
  let keptBack = 0
  const till = async (isOfGuide: boolean) => {
    while (waiting.length > 0) {
      const next = waiting.length > keptBack ? waiting.shift() : undefined
      if (next === undefined) await sleep(1)
      else await decide(next, isOfGuide)
    }
  }
  let isDone = false
  const tills = Promise.all(Array.from({ length: 8 }, (_, i) => till(i % 2 === 0))).finally(() => {
    isDone = true
  })
  // However fast or slow the machine is, each kill has transactions before it, some while nothing serves, and some behind it.
  for (let kill = 1; kill <= 3; kill++) {
    while (!isDone && waiting.length > sent.length * (1 - kill / 4)) await sleep(1)
    assert.ok(!isDone, `it was over before kill ${kill}`)
    keptBack = sent.length * (1 - kill / 4) - 50
    await service.kill()
    await sleep(100)
    service = await ServiceProcess.start(bundle, data)
    keptBack = 0
  }
  await tills
  for (const fate of new Set(fates)) assert.ok((proxy.fates.get(fate) ?? 0) > 0, fate)

  for (const decision of await client.decideLate(unanswered.map(({ body }) => body))) {
    assert.ok(decision !== undefined && 'outcome' in decision, JSON.stringify(decision))
    keep(decision)
  }
  for (const decision of await guide.catchUp()) {
    outcomes.delete(decision.transactionId)
    keep(decision)
  }
  assert.equal(new Set([...answers.keys(), ...outcomes.keys()]).size, sent.length)
  // Each answer is the one that the log has.
  const { api } = createClient({ url: service.url })
  for (const { id } of sent) {
    const known = await dataOf(api.GET('/v1/decisions/{id}', { params: { path: { id } } }))
    const { transaction: _, features: __, labels: ___, duplicate: ____, ...decision } = known
    if (answers.has(id)) assert.deepEqual(answers.get(id), decision)
    else assert.equal(outcomes.get(id), decision.outcome)
  }
  await service.stop()
  assertSound(data)
  assert.deepEqual(decidedIds().sort(), sent.map(({ id }) => id).sort())
})

/** The id of every record of a decision. */
function decidedIds(): string[] {
  return withLog(data, (reader) => {
    const ids: string[] = []
    for (let after = 0; ; ) {
      const group = reader.next(after)
      if (group.length === 0) return ids
      for (const record of group) if (record.kind === 'decision') ids.push(record.id)
      after = group[group.length - 1].sequence
    }
  })
}
