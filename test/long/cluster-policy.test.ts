import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { replayCluster } from '../cluster/kafka-replay.ts'
import { ServedCluster } from '../cluster/served-cluster.ts'
import { purchases, temporaryFolder, trainBundle } from '../durability/service.ts'
import { type KafkaServer, noKafka, startKafka } from '../kafka-server.ts'

const partitions = 4
const serve = ['--snapshot-every', '100']
const all = purchases(240)

describe('the policy of a cluster', { skip: noKafka }, () => {
  let server: KafkaServer
  let cluster: ServedCluster
  const folder = temporaryFolder()
  const texts = new Map<string, string>()

  before(async () => {
    const bundle = await trainBundle(folder)
    server = await startKafka()
    cluster = await ServedCluster.init(folder, server.url('payments'), bundle, { partitions, serve })
    await cluster.startAll()
  })
  after(async () => {
    cluster?.killAll()
    await server?.remove()
  })

  async function change(replica: number, method: string, path: string, body: object) {
    const { status, text } = await cluster.ask(replica, method, path, body)
    assert.equal(status, 200, text)
    return JSON.parse(text)
  }

  async function policyOf(replica: number) {
    for (;;) {
      const { status, text } = await cluster.ask(replica, 'GET', '/v1/policy')
      if (status === 200) return JSON.parse(text)
      assert.ok(status === 0 || status === 503, text)
      await sleep(50)
    }
  }

  /** Waits until a replica has read a version. */
  async function reach(replica: number, version: number): Promise<void> {
    while ((await policyOf(replica)).version < version) await sleep(20)
  }

  async function decide(at: number, replica: number) {
    const text = await cluster.decide(all[at].body, replica)
    texts.set(all[at].id, text)
    return JSON.parse(text)
  }

  test('counts from the answer on at the replica that was asked, in shadow and live', async () => {
    const rule = { id: 'any-amount', when: 'amount >= 0', then: 'decline', strength: 'final', why: 'a trial' }
    const { version } = await change(0, 'POST', '/v1/rules', rule)
    const inShadow = await decide(0, 0)
    assert.deepEqual(inShadow.rules, [{ id: 'any-amount', state: 'shadow', outcome: 'decline' }])
    assert.equal(inShadow.policy, version)
    assert.notEqual(inShadow.reasons[0]?.code, 'any-amount')
    await reach(1, version)
    const live = await change(1, 'PUT', '/v1/rules/any-amount/state', { state: 'live', why: 'it is right' })
    const declined = await decide(1, 1)
    assert.deepEqual([declined.outcome, declined.policy], ['decline', live.version])
    // The first answer stays, whatever is in force by now.
    assert.equal(JSON.parse(await cluster.decide(all[0].body, 1)).policy, version)
    await change(1, 'DELETE', '/v1/rules/any-amount', {})
    const ready = JSON.parse((await cluster.ask(1, 'GET', '/readyz')).text)
    assert.equal(ready.policy.version, (await policyOf(1)).version)
  })

  test('lets changes at several replicas count one after the other, each checked against the one before', async () => {
    const before = await policyOf(0)
    await reach(1, before.version)
    const ids = Array.from({ length: 4 }, (_, i) => `rule-${i}`)
    const body = (id: string) => ({ id, when: 'score > 0.99', then: 'review', state: 'shadow' })
    const told = await Promise.all(ids.map((id, i) => change(i % 2, 'POST', '/v1/rules', body(id))))
    const newest = Math.max(...told.map(({ version }) => version))
    await Promise.all([0, 1, 2].map((replica) => reach(replica, newest)))
    const policies = await Promise.all([0, 1, 2].map(policyOf))
    assert.deepEqual(policies[0].rules.map(({ id }: { id: string }) => id).sort(), ids)
    assert.deepEqual(policies[1], policies[0])
    assert.deepEqual(policies[2], policies[0])
    const stale = await fetch(`${cluster.url(2)}/v1/policy`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', 'if-match': String(before.version) },
      body: '{"thresholds":{"review":0.5}}',
    })
    assert.equal(JSON.parse(await stale.text()).code, 'POLICY_CHANGED')
  })

  test('holds what was told though a replica and the broker are killed, and a replay decides the same', async () => {
    let next = 2
    const work = async () => {
      for (let at = next++; at < all.length; at = next++) await decide(at, at % 3)
    }
    const working = Promise.all(Array.from({ length: 8 }, work))
    const list = { of: 'customer', effect: 'block', why: 'known mules' }
    await change(0, 'PUT', '/v1/lists/mules', list)
    const { customer_id: customer } = all.at(-1)?.body ?? {}
    cluster.kill(2)
    await change(0, 'POST', '/v1/lists/mules/entries', { add: [customer], why: 'told by the bank' })
    const { version } = await change(0, 'PUT', '/v1/policy', {
      thresholds: { review: 0.3, decline: 0.8 },
      deadlineMs: 60_000,
    })
    await server.kill()
    const refused = await cluster.ask(0, 'PUT', '/v1/policy', { thresholds: { review: 0.4 } })
    assert.ok(refused.status === 503 || refused.status === 0, refused.text)
    await server.start()
    await cluster.start(2)
    await working
    const policies = await Promise.all([0, 1, 2].map(policyOf))
    assert.ok(policies.every((policy) => policy.version >= version))
    assert.equal(policies[2].lists[0].name, 'mules')
    const entries = await cluster.ask(2, 'GET', '/v1/lists/mules/entries')
    assert.deepEqual(
      JSON.parse(entries.text).entries.map(({ value }: { value: string }) => value),
      [String(customer)],
    )
    const blocked = JSON.parse(texts.get(all.at(-1)?.id ?? '') ?? '')
    assert.equal(blocked.outcome, 'decline')
    const replayed = await replayCluster(server.broker, 'payments', partitions)
    assert.deepEqual([replayed.differing, replayed.judgedOtherwise], [[], []])
    for (const [id, text] of texts) {
      const { outcome, policy } = JSON.parse(text)
      const record = replayed.decisions.get(id)
      assert.deepEqual([outcome, policy], [record?.outcome, record?.policy?.version ?? 1], id)
    }
    assert.ok(new Set([...texts.values()].map((text) => JSON.parse(text).policy)).size > 3)
  })

  test('refuses what counts decisions, and what other histories would be needed for', async () => {
    const capped = { id: 'capped', when: 'score > 0.5', then: 'review', cap: { count: 5, over: '1h' } }
    const refused = await cluster.ask(0, 'POST', '/v1/rules', capped)
    assert.deepEqual([refused.status, JSON.parse(refused.text).code], [501, 'CLUSTER_UNSUPPORTED'])
    const fuses = { decline: { share: 0.1, over: '1h', atLeast: 100, then: 'review' } }
    const fused = await cluster.ask(0, 'PUT', '/v1/policy', { thresholds: { review: 0.5 }, fuses })
    assert.match(fused.text, /does not count decisions for fuses/)
    const unknown = await cluster.ask(0, 'POST', '/v1/rules', { id: 'bad', when: 'amont > 4', then: 'review' })
    assert.deepEqual([unknown.status, JSON.parse(unknown.text).errors[0].field], [422, 'when'])
  })
})
