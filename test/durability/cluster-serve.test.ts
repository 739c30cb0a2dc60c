import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { replayCluster } from '../cluster/kafka-replay.ts'
import { ServedCluster } from '../cluster/served-cluster.ts'
import { type KafkaServer, noKafka, startKafka } from '../kafka-server.ts'
import { runIn } from '../run-shrike.ts'
import { clusterTraffic } from './handbook-traffic.ts'
import { firstAnswer, type Purchase, temporaryFolder } from './service.ts'

/** 200,000 at night; `SHRIKE_HANDBOOK=1` takes them from the handbook's file. */
const count = Number(process.env.SHRIKE_TRANSACTIONS ?? 500)
/** Kills of a replica; every fifth is the broker's, too. */
const rounds = Number(process.env.SHRIKE_ROUNDS ?? 2)
const partitions = 8
const atOnce = 64

describe('a cluster of three replicas and one broker', { skip: noKafka }, () => {
  let server: KafkaServer
  const folder = temporaryFolder()
  let bundle = ''
  let all: readonly Purchase[] = []
  let amountField = ''
  let address = ''
  let cluster: ServedCluster

  before(async () => {
    ;({ bundle, all } = await clusterTraffic(folder, count))
    amountField = 'amount' in all[0].body ? 'amount' : 'TX_AMOUNT'
    server = await startKafka()
    address = server.url('payments')
    const serve = ['--snapshot-every', String(Math.max(100, count / 20))]
    cluster = await ServedCluster.init(folder, address, bundle, { partitions, serve })
  })
  after(async () => {
    cluster?.killAll()
    await server?.remove()
  })

  test('answers each id once and durably, whoever is killed, and a replay in one process makes the same rows', async () => {
    await cluster.startAll()
    const answers = new Map<string, Set<string>>()
    let next = 0
    let longestMs = 0
    const work = async () => {
      for (let at = next++; at < all.length; at = next++) {
        const begin = performance.now()
        const twice = at % 50 === 0 ? [at, at + 1] : [at]
        const texts = await Promise.all(twice.map((to) => cluster.decide(all[at].body, to)))
        longestMs = Math.max(longestMs, performance.now() - begin)
        answers.set(all[at].id, new Set(texts.map(firstAnswer)))
        if (all[at].isFraud || at % 20 === 0) {
          const label = { transactionId: all[at].id, isFraud: all[at].isFraud, source: 'chargeback' }
          await cluster.ask(at % 3, 'POST', '/v1/labels', label)
        }
      }
    }
    const working = Promise.all(Array.from({ length: atOnce }, work))
    for (let round = 1; round <= rounds; round++) {
      while (next < (count * round) / (rounds + 1)) await sleep(20)
      const replica = round % 3
      cluster.kill(replica)
      if (round % 5 === 2) {
        await server.kill()
        await sleep(500)
        await server.start()
      }
      await cluster.start(replica)
    }
    await working
    await sleep(2_500)
    const saved = readdirSync(join(cluster.data(0), 'cluster', 'payments-1'))
    assert.ok(
      saved.some((name) => name.startsWith('home')) && saved.some((name) => name.startsWith('key-')),
      String(saved),
    )
    const replayed = await replayCluster(server.broker, 'payments', partitions)
    assert.deepEqual([...replayed.decisions.keys()].sort(), all.map(({ id }) => id).sort())
    assert.deepEqual(replayed.differing, [])
    for (const [id, texts] of answers) {
      assert.equal(texts.size, 1, `callers of ${id} got different answers`)
      const { outcome, score, degraded } = JSON.parse([...texts][0] ?? '')
      const record = replayed.decisions.get(id)
      assert.deepEqual(
        { outcome, score, degraded },
        { outcome: record?.outcome, score: record?.score, degraded: record?.degraded },
      )
    }
    const scored = [...replayed.decisions.values()].filter(({ score }) => score !== null).length
    console.log(
      `${count} decided, ${scored} with a score, ${replayed.repeats} repeats, longest ${Math.round(longestMs)} ms`,
    )
    assert.ok(replayed.repeats > 0 && scored > 0.8 * count)
  })

  test('refuses what one process does, other content of an id, and bad input', async () => {
    const [first] = all
    const text = await cluster.decide(first.body, 0)
    assert.equal(JSON.parse(text).duplicate, true)
    const changed = await cluster.ask(1, 'POST', '/v1/decisions', {
      ...first.body,
      [amountField]: Number(first.body[amountField]) + 1,
    })
    assert.deepEqual([changed.status, JSON.parse(changed.text).code], [409, 'TRANSACTION_CONFLICT'])
    const bad = await cluster.ask(2, 'POST', '/v1/decisions', { ...first.body, [amountField]: 'much' })
    assert.deepEqual([bad.status, JSON.parse(bad.text).code], [422, 'INPUT_INVALID'])
    const other = await cluster.ask(0, 'GET', '/v1/cases')
    assert.deepEqual([other.status, JSON.parse(other.text).code], [501, 'CLUSTER_UNSUPPORTED'])
    const explained = await cluster.ask(0, 'POST', '/v1/decisions?explain=true', first.body)
    assert.equal(JSON.parse(explained.text).code, 'CLUSTER_UNSUPPORTED')
    const flagged = await runIn(folder, ['serve', bundle, '--cluster', address, '--retain', '30d'])
    assert.match(flagged.stderr, /does not know --retain/)
    const early = await cluster.ask(0, 'POST', '/v1/labels', { transactionId: 'nobody-came', isFraud: true })
    assert.deepEqual([early.status, JSON.parse(early.text).pending], [200, true])
  })
})
