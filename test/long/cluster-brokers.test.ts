import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { replayCluster } from '../cluster/kafka-replay.ts'
import { ServedCluster } from '../cluster/served-cluster.ts'
import { firstAnswer, type Purchase, purchases, temporaryFolder, trainBundle } from '../durability/service.ts'
import { type KafkaServer, noKafka, startBrokers } from '../kafka-server.ts'

const count = Number(process.env.SHRIKE_TRANSACTIONS ?? 600)
const partitions = 6
const atOnce = 16

describe('a cluster of three replicas and three brokers', { skip: noKafka }, () => {
  let brokers: readonly KafkaServer[] = []
  let cluster: ServedCluster
  const folder = temporaryFolder()
  const all = purchases(count)
  const answers = new Map<string, Set<string>>()
  const refused = new Map<string, number>()
  let next = 0
  let longestMs = 0

  before(async () => {
    const bundle = await trainBundle(folder)
    brokers = await startBrokers(3)
    const address = `kafka://${brokers.map(({ broker }) => broker).join()}/payments`
    cluster = await ServedCluster.init(folder, address, bundle, { partitions, replication: 3 })
    await cluster.startAll()
  })
  after(async () => {
    cluster?.killAll()
    for (const broker of brokers) await broker.remove()
  })

  /** Nothing that the errors' reference does not have, and nothing that breaks a connection. */
  const decide = ({ body }: Purchase, to: number) =>
    cluster.decide(body, to, (status, text) => {
      const code = status === 503 ? JSON.parse(text).code : undefined
      assert.ok(['LOG_UNAVAILABLE', 'NOT_READY'].includes(code), `${status} ${text} ${cluster.ended}`)
      refused.set(code, (refused.get(code) ?? 0) + 1)
    })

  async function decideAll(until: number): Promise<void> {
    const work = async () => {
      while (next < until) {
        const at = next++
        const begin = performance.now()
        const texts = await Promise.all((at % 50 === 0 ? [at, at + 1] : [at]).map((to) => decide(all[at], to)))
        longestMs = Math.max(longestMs, performance.now() - begin)
        answers.set(all[at].id, new Set(texts.map(firstAnswer)))
      }
    }
    await Promise.all(Array.from({ length: atOnce }, work))
  }

  test('goes on while any one broker is killed, refuses while two are away, and has each decision once', async () => {
    for (const [i, broker] of brokers.entries()) {
      const until = Math.floor((count * (i + 1)) / 4)
      const working = decideAll(until)
      while (next < until - count / 8) await sleep(20)
      await broker.kill()
      await working
      await broker.start()
    }
    const refusedOfOne = [...refused]
    const longestOfOne = longestMs

    await brokers[0].kill()
    await brokers[1].kill()
    const first = all[next]
    await sleep(3_000)
    const { status, text } = await cluster.ask(0, 'POST', '/v1/decisions', first.body)
    assert.deepEqual([status, JSON.parse(text).code], [503, 'LOG_UNAVAILABLE'])
    const working = decideAll(count)
    await Promise.all([brokers[0].start(), brokers[1].start()])
    await working
    // Home's holders decide what nobody came back for.
    await sleep(2_500)

    const replayed = await replayCluster(brokers[2].broker, 'payments', partitions)
    assert.deepEqual([...replayed.decisions.keys()].sort(), all.map(({ id }) => id).sort())
    assert.deepEqual(replayed.differing, [])
    for (const [id, texts] of answers) {
      assert.equal(texts.size, 1, `callers of ${id} got different answers`)
      const { outcome, score } = JSON.parse([...texts][0] ?? '')
      const record = replayed.decisions.get(id)
      assert.deepEqual({ outcome, score }, { outcome: record?.outcome, score: record?.score })
    }
    console.log({ refusedOfOne, longestOfOne, refused, longestMs, repeats: replayed.repeats })
  })
})
