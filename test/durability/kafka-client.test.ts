import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Admin, Producer } from '@platformatic/kafka'
import { type Kafka, loadKafka } from '../../src/streams/kafka/kafka-client.ts'
import type { RecordToWrite } from '../../src/streams/kafka/kafka-record.ts'
import { type KafkaServer, noKafka, startKafka } from '../kafka-server.ts'

const bytes = (text: string) => Buffer.from(text)

/** Everything committed of a partition. */
async function readAll(kafka: Kafka, topic: string, partition = 0): Promise<readonly string[]> {
  const reader = kafka.reader()
  const { end } = (await kafka.bounds(topic))[partition]
  const read: string[] = []
  for (let offset = 0n; offset < end; ) {
    const [fetched] = await reader.fetch([{ topic, partition, offset }], 200)
    for (const { value } of fetched?.records ?? []) read.push(String(value && Buffer.from(value)))
    offset = fetched?.next ?? offset
  }
  await reader.close()
  return read
}

describe('the client of Kafka', { skip: noKafka }, () => {
  let server: KafkaServer
  let kafka: Kafka
  before(async () => {
    server = await startKafka()
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [server.broker] })
    await admin.createTopics({ topics: ['one', 'aborted', 'fenced', 'restarted'], partitions: 2, replicas: 1 })
    await admin.close()
    kafka = await loadKafka({ brokers: [server.broker], isTls: false })
  })
  after(async () => {
    await kafka?.close()
    await server?.remove()
  })

  test('writes transactions and reads what is committed, with key, time and headers', async () => {
    assert.equal(await kafka.partitions('one'), 2)
    assert.equal(await kafka.partitions('none'), undefined)
    const writer = await kafka.writer('one-writer')
    const record = (value: string, partition = 0): RecordToWrite => ({
      topic: 'one',
      partition,
      key: bytes('card'),
      value: bytes(value),
      headers: new Map([['at', bytes(`offset of ${value}`)]]),
    })
    await writer.commit([record('a'), record('b', 1), record('c')])
    await writer.commit([record('d')])
    assert.deepEqual(await readAll(kafka, 'one'), ['a', 'c', 'd'])
    assert.deepEqual(await readAll(kafka, 'one', 1), ['b'])
    const bounds = await kafka.bounds('one')
    const last = await kafka.lastRecord({ topic: 'one', partition: 0 }, bounds[0], () => true)
    assert.deepEqual(String(last?.headers.get('at')), 'offset of d')
    const first = await kafka.lastRecord(
      { topic: 'one', partition: 0 },
      bounds[0],
      ({ value }) => String(value) === 'a',
    )
    assert.equal(first?.offset, 0n)
    assert.equal(await kafka.lastRecord({ topic: 'one', partition: 0 }, bounds[0], () => false), undefined)
    await kafka.commit('group', 'one', new Map([[1, 7n]]))
    assert.deepEqual(await kafka.committed('group', 'one'), new Map([[1, 7n]]))
    await writer.close()
  })

  test('leaves out what was aborted, however fetches cut it', async () => {
    // Larger than a fetch may bring, so that records and the marker that ends them come apart.
    const large = Buffer.alloc(700_000, 'x')
    const options = {
      clientId: 'test',
      bootstrapBrokers: [server.broker],
      idempotent: true,
      retryDelay: 3,
      retries: 50,
    }
    const producer = new Producer({ ...options, transactionalId: 'aborting', producerId: -1n, producerEpoch: -1 })
    for (const [name, isKept] of [
      ['a', false],
      ['b', false],
      ['kept', true],
      ['c', false],
    ] as const) {
      const transaction = await producer.beginTransaction()
      for (let i = 0; i < 3; i++) {
        const value = i === 0 ? bytes(name) : large
        await transaction.send({ messages: [{ topic: 'aborted', partition: 0, value }] })
      }
      await (isKept ? transaction.commit() : transaction.abort())
    }
    await producer.close()
    const read = await readAll(kafka, 'aborted')
    assert.deepEqual(
      read.map((each) => each.slice(0, 4)),
      ['kept', 'xxxx', 'xxxx'],
    )
  })

  test('lets one writer of an id commit: the newest', async () => {
    const record = (value: string) => ({ topic: 'fenced', partition: 0, value: bytes(value) })
    const old = await kafka.writer('owner')
    await old.commit([record('old')])
    const owner = await kafka.writer('owner')
    await assert.rejects(old.commit([record('zombie')]))
    await owner.commit([record('new')])
    assert.deepEqual(await readAll(kafka, 'fenced'), ['old', 'new'])
    await Promise.all([old.close(), owner.close()])
  })

  test('goes on once a broker that was killed is back', async () => {
    const record = (value: string) => ({ topic: 'restarted', partition: 0, value: bytes(value) })
    const writer = await kafka.writer('patient')
    await writer.commit([record('before')])
    await server.kill()
    const during = writer.commit([record('during')]).then(
      () => true,
      () => false,
    )
    await server.start()
    const isCommitted = await during
    await writer.close()
    let again: Awaited<ReturnType<Kafka['writer']>> | undefined
    while (again === undefined) again = await kafka.writer('patient').catch(() => undefined)
    await again.commit([record('after')])
    const read = await readAll(kafka, 'restarted')
    assert.deepEqual(
      read.filter((each) => each !== 'during'),
      ['before', 'after'],
    )
    // What was not acknowledged may be there, but once.
    if (isCommitted) assert.equal(read.length, 3)
    await again.close()
  })
})
