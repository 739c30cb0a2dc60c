import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openCopy, removeCopy } from '../../src/stores/postgres/copy-directory.ts'
import { type KafkaServer, noKafka, startKafka } from '../kafka-server.ts'
import { noPostgres, startPostgres } from '../postgres-server.ts'
import { startShrike } from '../run-shrike.ts'
import { assertRowsAreReplayed, assertSound, withLog } from './log-checks.ts'
import { type Purchase, purchases, temporaryFolder, trainBundle } from './service.ts'
import { TestTopics, textOf } from './stream-topics.ts'

/** 60,000 in the long version. */
const count = Number(process.env.SHRIKE_STREAM_MESSAGES ?? 1000)
/** Of the stream, but each fifth from the second on, which is the broker's. */
const kills = Number(process.env.SHRIKE_ROUNDS ?? 2)
const partitions = 4

interface Sent {
  readonly partition: number
  readonly text: string | null
  /** The id of the transaction that it is, where it is to be decided; else why it is not. */
  readonly id?: string
  readonly refused?: string
}

const cardNumber = '4111111111111111'

/** Purchases, each card's in one partition, and between them what can't be decided or came before. */
function messagesOf(some: readonly Purchase[]): readonly Sent[] {
  return some.flatMap(({ id, body }, i): readonly Sent[] => {
    const partition = Number(String(body.card_id).replace(/\D/g, '')) % partitions
    const good: Sent = { partition, text: JSON.stringify(body), id }
    const other = (text: string | null, refused: string): Sent => ({ partition, text, refused })
    if (i % 50 === 7) return [good, other('{"transaction_id": ', 'BODY_INVALID')]
    if (i % 50 === 17) return [good, other(null, 'BODY_INVALID')]
    if (i % 50 === 27)
      return [good, other(JSON.stringify({ ...body, amount: Number(body.amount) + 1 }), 'TRANSACTION_CONFLICT')]
    if (i % 50 === 37)
      return [good, other(JSON.stringify({ ...body, transaction_id: cardNumber }), 'CARD_NUMBER_REFUSED')]
    // A producer that sends again.
    if (i % 50 === 47) return [good, good]
    return [good]
  })
}

describe('a stream', { skip: noKafka }, () => {
  let server: KafkaServer | undefined
  let topics: TestTopics
  const folder = temporaryFolder()
  let bundle = ''
  let streams = 0
  before(async () => {
    bundle = await trainBundle(folder)
    server = await startKafka()
    topics = await TestTopics.open(server.broker)
  })
  after(async () => {
    await topics?.close()
    await server?.remove()
  })

  /** Topics of a test's own. */
  async function makeTopics(mostBytes?: number): Promise<(name: string) => string> {
    const prefix = `s${++streams}-`
    const names = ['transactions', 'labels', 'refused', 'cases', 'alerts'].map((name) => `${prefix}${name}`)
    await topics.create(names, partitions)
    await topics.create([`${prefix}decisions`], partitions, mostBytes)
    return (name) => `${prefix}${name}`
  }

  const start = (topic: (name: string) => string, data: string, ...flags: readonly string[]) => {
    const url = (name: string) => server?.url(topic(name)) ?? ''
    const args = ['--in', url('transactions'), '--out', url('decisions'), '--dead-letters', url('refused'), ...flags]
    const started = startShrike('.', ['stream', bundle, '--data', data, '--no-warm-up', ...args])
    let log = ''
    started.child.stderr?.on('data', (text: string) => {
      log += text
    })
    after(() => started.child.kill('SIGKILL'))
    return { ...started, log: () => log }
  }

  /** As an operator stops it. */
  const stop = async (stream: ReturnType<typeof start>) => {
    while (!/ are kept in /.test(stream.log())) await sleep(20)
    stream.child.kill('SIGTERM')
    const { code } = await stream.ended
    assert.equal(code, 0, stream.log())
  }

  /** How many are written by now. */
  const written = async (topic: (name: string) => string) => {
    // A broker that has just started may not answer yet.
    const all = await Promise.all(['decisions', 'refused'].map((name) => topics.read(topic(name)))).catch(() => [])
    return all.flat(2).length
  }

  async function assertWhole(topic: (name: string) => string, sent: readonly Sent[], data: string) {
    const [decisions, refused] = await Promise.all(['decisions', 'refused'].map((name) => topics.read(topic(name))))
    const scores = new Map<string, unknown>()
    for (let partition = 0; partition < partitions; partition++) {
      const mine = sent.filter((each) => each.partition === partition)
      const origins = (records: typeof decisions) =>
        records[partition].map((record) => Number(textOf(record.headers.get('shrike-in')).split('/')[2]))
      const wanted = (isRefused: boolean) =>
        mine.flatMap(({ refused: why }, offset) => ((why !== undefined) === isRefused ? [offset] : []))
      const [decidedOffsets, refusedOffsets] = [wanted(false), wanted(true)]
      // Each once, in the order of the partition.
      assert.deepEqual(origins(decisions), decidedOffsets)
      assert.deepEqual(origins(refused), refusedOffsets)
      for (const [i, record] of decisions[partition].entries()) {
        const { id = '' } = mine[decidedOffsets[i]]
        const { transactionId, score, ...rest } = JSON.parse(textOf(record.value))
        assert.equal(transactionId, id)
        assert.equal(textOf(record.key), id)
        assert.equal('duplicate' in rest, false)
        if (scores.has(id)) assert.equal(scores.get(id), score)
        scores.set(id, score)
      }
      for (const [i, record] of refused[partition].entries()) {
        const text = textOf(record.value)
        assert.doesNotMatch(text, new RegExp(cardNumber))
        const { error, topic: from, partition: of, offset } = JSON.parse(text)
        const wantedOffset = refusedOffsets[i]
        assert.deepEqual([from, of, offset], [topic('transactions'), partition, wantedOffset])
        assert.equal(error.code, mine[wantedOffset].refused, text)
      }
    }
    assertSound(data)
    withLog(data, (reader) => {
      const sequences = new Map<string, number>()
      const rows = reader.database.prepare('SELECT id, sequence FROM records WHERE kind = 0 ORDER BY sequence').all()
      for (const { id, sequence } of rows) {
        assert.equal(sequences.has(String(id)), false)
        sequences.set(String(id), Number(sequence))
      }
      assert.equal(sequences.size, scores.size)
      for (let partition = 0; partition < partitions; partition++) {
        const ids = new Set(sent.flatMap((each) => (each.partition === partition && each.id ? [each.id] : [])))
        const order = [...ids].map((id) => sequences.get(id) ?? 0)
        assert.deepEqual(
          order,
          order.toSorted((a, b) => a - b),
        )
      }
      for (const [id, score] of scores) {
        const record = reader.find(id)
        assert.ok(record?.kind === 'decision')
        assert.equal(record.score, score)
      }
    })
    return scores.size
  }

  test('decides each message once, in order, whatever is killed', { timeout: 3_600_000 }, async (t) => {
    const topic = await makeTopics()
    const data = join(folder, 'killed')
    const sent = messagesOf(purchases(count))
    await topics.write(topic('transactions'), sent)
    const bounds = await topics.kafka.bounds(topic('transactions'))
    assert.equal(
      bounds.reduce((sum, { end }) => sum + Number(end), 0),
      sent.length,
    )
    let stream = start(topic, data)
    const startMs = performance.now()
    for (let kill = 0; kill < kills; kill++) {
      const goal = Math.floor((sent.length * (kill + 1)) / (kills + 1))
      while ((await written(topic)) < goal) {
        assert.equal(stream.child.exitCode, null, stream.log())
        await sleep(Math.max(100, count / 20))
      }
      // Somewhere between two commits, or in one.
      await sleep(kill * 7)
      if (kill % 5 === 1) {
        await server?.kill()
        await server?.start()
        continue
      }
      stream.child.kill('SIGKILL')
      await stream.ended
      stream = start(topic, data)
    }
    while ((await written(topic)) < sent.length) {
      assert.equal(stream.child.exitCode, null, stream.log())
      await sleep(200)
    }
    t.diagnostic(`${sent.length} messages in ${Math.round(performance.now() - startMs)} ms`)
    await stop(stream)
    const decided = await assertWhole(topic, sent, data)
    assert.equal(decided, count)
    assert.equal(await assertRowsAreReplayed(data, bundle), count)
  })

  test('goes on where its topic takes less than a decision, or than many', async () => {
    const all = purchases(200)
    const sent = all.map(({ id, body }): Sent => ({ partition: 0, text: JSON.stringify(body), id }))
    const sizes: number[] = []
    for (const mostBytes of [2000, 700]) {
      const topic = await makeTopics(mostBytes)
      const data = join(folder, `takes-${mostBytes}`)
      await topics.write(topic('transactions'), sent)
      const stream = start(topic, data)
      while ((await written(topic)) < sent.length) {
        assert.equal(stream.child.exitCode, null, stream.log())
        await sleep(100)
      }
      await stop(stream)
      const [decisions, refused] = await Promise.all(['decisions', 'refused'].map((name) => topics.read(topic(name))))
      const ids = decisions.flat().map((record) => textOf(record.key))
      for (const record of refused.flat()) {
        const { error, id } = JSON.parse(textOf(record.value))
        assert.equal(error.code, 'DECISION_TOO_LARGE')
        ids.push(id)
      }
      assert.deepEqual(ids.toSorted(), all.map(({ id }) => id).toSorted())
      assert.equal(await assertRowsAreReplayed(data, bundle), all.length)
      sizes.push(refused.flat().length)
    }
    assert.deepEqual([sizes[0], sizes[1] > 0], [0, true])
  })

  test('of two processes on a log in PostgreSQL one decides, and the other goes on', { skip: noPostgres }, async () => {
    const under = join(folder, 'copies')
    process.env.SHRIKE_COPIES = under
    const postgres = await startPostgres()
    try {
      const [topic, url] = [await makeTopics(), postgres.newDatabase()]
      const sent = messagesOf(purchases(300))
      await topics.write(topic('transactions'), sent.slice(0, 100))
      const streams = [start(topic, url), start(topic, url)]
      for (const [kill, through] of [100, 200, sent.length].entries()) {
        await topics.write(topic('transactions'), sent.slice(kill === 0 ? through : kill * 100, through))
        while ((await written(topic)) < through) await sleep(50)
        if (kill === 2) break
        // Whichever leads, after two kills each has been killed.
        streams[kill].child.kill('SIGKILL')
        await streams[kill].ended
        streams.push(start(topic, url))
      }
      for (const stream of streams.slice(2)) await stop(stream)
      const fresh = await openCopy(url, { under, isFresh: true })
      try {
        assert.equal(await assertWhole(topic, sent, fresh), 300)
        assert.equal(await assertRowsAreReplayed(fresh, bundle), 300)
      } finally {
        removeCopy(fresh)
      }
    } finally {
      postgres.remove()
    }
  })
})
