import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { KafkaLog } from '../../src/cluster/kafka-log.ts'
import { controlPlace } from '../../src/cluster/lanes.ts'
import { loadModel } from '../../src/scoring/load-predictor.ts'
import type { Predictor } from '../../src/scoring/predictor.ts'
import { loadKafka } from '../../src/streams/kafka/kafka-client.ts'
import { replayCluster } from '../cluster/kafka-replay.ts'
import { ServedCluster } from '../cluster/served-cluster.ts'
import { purchases, succeed, temporaryFolder, trainBundle } from '../durability/service.ts'
import { type KafkaServer, noKafka, startKafka } from '../kafka-server.ts'

const partitions = 4
const serve = ['--snapshot-every', '100']
const all = purchases(300)

describe('the models of a cluster', { skip: noKafka }, () => {
  let server: KafkaServer
  let cluster: ServedCluster
  let [first, next, wider] = ['', '', '']
  let models: ReadonlyMap<string, Predictor> = new Map()
  let [firstId, nextId, widerId] = ['', '', '']
  const folder = temporaryFolder()
  const texts = new Map<string, string>()

  before(async () => {
    first = await trainBundle(folder)
    // Without some features, and in another order: the cluster's rows have them all.
    const fewer = (yaml: string) =>
      yaml.replace(/ {2}- entropy: .*\n/, '').replace(/( {2}- hour\n)( {2}- weekend\n)/, '$2$1')
    const trainedAgain = (yaml: string) =>
      fewer(yaml).replace('seed: 42', 'seed: 43').replace('review: 0.2', 'review: 0.15')
    next = await trainBundle(folder, { change: trainedAgain, name: 'next' })
    const longer = (yaml: string) => yaml.replace('over: [1h, 1d] }', 'over: [1h, 2d] }')
    wider = await trainBundle(folder, { change: longer, name: 'wider' })
    const loaded = await Promise.all([first, next, wider].map((path) => loadModel(path)))
    models = new Map(loaded.map(({ predictor }) => [predictor.modelId, predictor]))
    ;[firstId, nextId, widerId] = [...models.keys()]
    assert.ok((models.get(nextId)?.inputs.length ?? 0) < (models.get(firstId)?.inputs.length ?? 0))
    server = await startKafka()
    cluster = await ServedCluster.init(folder, server.url('payments'), first, { partitions, serve })
    await cluster.startAll()
  })
  after(async () => {
    cluster?.killAll()
    await server?.remove()
  })

  const ask = async (replica: number, method: string, path: string, body?: object) => {
    const { status, text } = await cluster.ask(replica, method, path, body)
    return { status, told: status === 0 ? {} : JSON.parse(text) }
  }
  const deploy = (replica: number, id: string) =>
    ask(replica, 'POST', `/v1/models/${id}/deploy`, { role: 'champion', why: 'a trial' })

  /** Waits until a replica decides by a model, and says so. */
  async function reach(replica: number, id: string): Promise<void> {
    for (;;) {
      const { status, told } = await ask(replica, 'GET', '/v1/status')
      if (status === 200 && told.isReady && told.model === id) return
      await sleep(20)
    }
  }

  async function decide(at: number, replica: number) {
    const text = await cluster.decide(all[at].body, replica)
    texts.set(all[at].id, text)
    return JSON.parse(text)
  }

  /** What a model says of a row of the cluster, by the names of its features. */
  function scoreOf(id: string, row: Float64Array): number {
    const [names, model] = [models.get(firstId)?.inputs ?? [], models.get(id) ?? assert.fail(id)]
    const own = Float64Array.from(model.inputs, (name) => row[names.indexOf(name)])
    return model.predict(own).probability
  }

  test('decides by a model that was added and deployed, at once where that was asked for, and goes back', async () => {
    assert.equal((await decide(0, 0)).model, firstId)
    const url = ['--url', cluster.url(1)]
    await succeed('models', 'add', next, '--why', 'more labels', ...url)
    assert.deepEqual(await cluster.add(2, next), { id: nextId, isNew: false })
    await succeed('models', 'deploy', nextId, '--champion', '--why', 'finds more', ...url)
    assert.equal((await decide(1, 1)).model, nextId)
    await Promise.all([0, 2].map((replica) => reach(replica, nextId)))
    assert.equal((await decide(2, 0)).model, nextId)
    assert.equal(JSON.parse(await cluster.decide(all[0].body, 2)).model, firstId, 'the first answer stays')
    const { told: list } = await ask(2, 'GET', '/v1/models')
    const roles = list.models.map(({ id, role }: { id: string; role: string }) => [id, role])
    assert.deepEqual(
      [list.serving, roles],
      [
        nextId,
        [
          [nextId, 'champion'],
          [firstId, 'retired'],
        ],
      ],
    )
    assert.match(await succeed('models', 'versions', '--url', cluster.url(0)), new RegExp(`${nextId}[^]*${firstId}`))
    const metrics = await cluster.ask(2, 'GET', '/metrics')
    assert.ok(metrics.text.includes(`shrike_model_info{model="${nextId}"} 1`), metrics.text)
    const stale = await fetch(`${cluster.url(0)}/v1/models/${firstId}/deploy`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'if-match': '1' },
      body: '{"role":"champion"}',
    })
    assert.equal(JSON.parse(await stale.text()).code, 'MODELS_CHANGED')
    const back = await ask(0, 'POST', '/v1/models/rollback', { why: 'too many reviews' })
    assert.deepEqual([back.status, back.told.id], [200, firstId], JSON.stringify(back.told))
    assert.equal((await decide(3, 0)).model, firstId)
    await Promise.all([1, 2].map((replica) => reach(replica, firstId)))
  })

  test('holds what was told though replicas and the broker are killed, and each score is that of the model named', async () => {
    let at = 4
    let through = 60
    const work = async () => {
      while (at < all.length) {
        if (at < through) await decide(at, at++ % 3)
        else await sleep(10)
      }
    }
    const working = Promise.all(Array.from({ length: 8 }, work))
    cluster.kill(2)
    const { status, told } = await deploy(0, nextId)
    assert.equal(status, 200, JSON.stringify(told))
    through = 120
    await cluster.start(2)
    await reach(2, nextId)
    through = 180
    await server.kill()
    const refused = await deploy(1, firstId)
    assert.ok(refused.status === 503 || refused.status === 0, JSON.stringify(refused.told))
    await server.start()
    // It came to count, or it did not: nobody knows before the lane is read.
    cluster.kill(0)
    while ((await deploy(1, firstId)).status !== 200) await sleep(200)
    through = 240
    cluster.kill(1)
    await Promise.all([cluster.start(0), cluster.start(1)])
    await Promise.all([0, 1, 2].map((replica) => reach(replica, firstId)))
    // By the model before, however long replicas take to come back.
    while (texts.size < through) await sleep(10)
    while ((await deploy(2, nextId)).status !== 200) await sleep(200)
    through = all.length
    await working
    const replayed = await replayCluster(server.broker, 'payments', partitions)
    assert.deepEqual([replayed.differing, replayed.judgedOtherwise], [[], []])
    for (const [id, text] of texts) {
      const { outcome, score, model } = JSON.parse(text)
      const record = replayed.decisions.get(id) ?? assert.fail(id)
      const named = replayed.models.get(id) ?? ''
      assert.deepEqual([outcome, score, model], [record.outcome, record.score, named], id)
      if (score !== null) assert.equal(score, scoreOf(named, record.row), `${id} by ${named}`)
    }
    const by = Map.groupBy(replayed.models.values(), (model) => model)
    assert.ok(
      [firstId, nextId].every((id) => (by.get(id)?.length ?? 0) >= 5),
      String([...by.values()].map((each) => each.length)),
    )
    assert.deepEqual(cluster.ended, [])
  })

  test('refuses a model that needs other histories, and roles beside the champion, by name', async () => {
    const added = await cluster.add(0, wider)
    assert.deepEqual(added, { id: widerId, isNew: true })
    const refused = await deploy(0, widerId)
    assert.deepEqual([refused.status, refused.told.code], [501, 'CLUSTER_UNSUPPORTED'])
    assert.match(refused.told.detail, /needs histories that this cluster does not keep: those of \w+_2d/)
    const rehearsed = await ask(0, 'POST', `/v1/models/${widerId}/deploy`, { role: 'champion', dryRun: true })
    assert.deepEqual([rehearsed.status, rehearsed.told.problems[0].code], [200, 'CLUSTER_UNSUPPORTED'])
    const retired = (await ask(1, 'GET', '/v1/status')).told.model === firstId ? nextId : firstId
    const shadow = await ask(1, 'POST', `/v1/models/${retired}/deploy`, { role: 'shadow' })
    assert.match(shadow.told.detail, /does not have a model that is shadow/)
    const removed = await ask(1, 'DELETE', `/v1/models/${retired}`)
    assert.equal(removed.told.code, 'CLUSTER_UNSUPPORTED')
    const unknown = await deploy(1, 'cards@000000000000')
    assert.deepEqual([unknown.status, unknown.told.code], [404, 'MODEL_UNKNOWN'])
    // What follows is of clusters in the making, before which nobody need serve.
    cluster.killAll()
  })

  test('gives a cluster of an older version the lane that it lacks, and leaves one that lacks nothing', async () => {
    const kafka = await loadKafka({ brokers: [server.broker], isTls: false })
    try {
      await kafka.createTopics(['old.control'], 1, 1)
      await kafka.createTopics(['old.home'], partitions, 1)
      await succeed('cluster', 'init', server.url('old'), first, '--replication', '1')
      assert.deepEqual([await kafka.partitions('old.bundles'), await kafka.partitions('old.key-card')], [1, undefined])
      await assert.rejects(succeed('cluster', 'init', server.url('old'), first), /There is a cluster old already/)
    } finally {
      await kafka.close()
    }
  })

  test('says why it can’t be made, by fewer brokers than keep an entry or by none', async () => {
    const tooFew = /error LOG_UNAVAILABLE: Kafka could not do it: Replication factor is below 1 or larger/
    await assert.rejects(succeed('cluster', 'init', server.url('wide'), first), tooFew)
    const nobody = /error LOG_UNAVAILABLE: Kafka could not do it: connect ECONNREFUSED/
    await assert.rejects(succeed('cluster', 'init', 'kafka://127.0.0.1:9/none', first), nobody)
    const serve = ['serve', first, '--cluster', 'kafka://127.0.0.1:9/none', '--port', '0', '--replies', '127.0.0.1:0']
    await assert.rejects(succeed(...serve), nobody)
  })

  test('is finished where its making was cut short, by the bundle that it was begun with alone', async () => {
    const kafka = await loadKafka({ brokers: [server.broker], isTls: false })
    try {
      await kafka.createTopics(['half.control'], 1, 1)
      const stop = new AbortController()
      const definitions: Uint8Array[] = []
      const take = (_: unknown, __: number, bytes: Uint8Array) => {
        definitions.push(Uint8Array.from(bytes))
        stop.abort()
      }
      await new KafkaLog(kafka, 'payments').read([{ ...controlPlace, after: -1 }], take, stop.signal)
      await new KafkaLog(kafka, 'half').append([{ ...controlPlace, bytes: definitions[0] }])
      const init = (bundle: string) => succeed('cluster', 'init', server.url('half'), bundle, '--replication', '1')
      const words = new RegExp(`TOPIC_UNUSABLE: The cluster half was begun with ${firstId}, and not finished`)
      await assert.rejects(init(next), words)
      await init(first)
      await assert.rejects(init(first), /There is a cluster half already/)
    } finally {
      await kafka.close()
    }
  })
})
