import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Admin } from '@platformatic/kafka'
import { FraudError } from '../../src/core/errors.ts'
import { loadKafka } from '../../src/streams/kafka/kafka-client.ts'
import type { KafkaRecord } from '../../src/streams/kafka/kafka-record.ts'
import { openLanes } from '../../src/streams/kafka/open-lanes.ts'
import { type KafkaStreamChoice, runKafkaStream } from '../../src/streams/kafka/run-kafka.ts'
import { TopicInput } from '../../src/streams/kafka/topic-input.ts'
import { StreamFigures } from '../../src/streams/stream-figures.ts'
import { type KafkaServer, noKafka, startKafka } from '../kafka-server.ts'
import {
  closedAfterEach,
  openTestDecisions,
  startMs,
  type TestDecisions,
  type TestDecisionsOptions,
} from '../service/decisions-fixture.ts'
import { TestTopics, textOf } from './stream-topics.ts'

const open = closedAfterEach()
const values = (partitions: readonly (readonly KafkaRecord[])[]) =>
  partitions.flat().map(({ value }) => JSON.parse(textOf(value)))

/** A transaction whose score is a thousandth of its amount. */
const bodyOf = (id: string, amount: number, second = 0) =>
  JSON.stringify({ ID: id, TIME: startMs - 60_000 + 1000 * second, AMOUNT: amount, CARD: 'c-1', SHOP: 's-1' })

describe('a stream of a service', { skip: noKafka }, () => {
  let server: KafkaServer | undefined
  let topics: TestTopics
  let made = 0
  const stops: (() => Promise<unknown>)[] = []
  before(async () => {
    server = await startKafka()
    topics = await TestTopics.open(server.broker)
  })
  after(async () => {
    await topics?.close()
    await server?.remove()
  })
  afterEach(async () => {
    await Promise.allSettled(stops.splice(0).map((stop) => stop()))
  })

  const addressOf = (topic: string) => ({ cluster: { brokers: [server?.broker ?? ''], isTls: false }, topic })
  const names = ['in', 'out', 'labels', 'deadLetters', 'cases', 'alerts'] as const

  async function makeTopics(partitions = 2) {
    made += 1
    const topic = (name: string) => `t${made}-${name}`
    await topics.create(names.map(topic), partitions)
    return { in: addressOf(topic('in')), out: topic('out'), deadLetters: topic('deadLetters'), topic }
  }

  async function openService(options: TestDecisionsOptions = {}): Promise<TestDecisions> {
    const running = await openTestDecisions(options)
    open.push(running)
    await running.service.resume()
    return running
  }

  function run(choice: KafkaStreamChoice, { service, say }: TestDecisions) {
    const stopping = new AbortController()
    const figures = new StreamFigures()
    const nowMs = () => performance.now()
    const options = { decisions: service, figures, logger: say, nowMs, signal: stopping.signal }
    const done = runKafkaStream(choice, options)
    done.catch(() => {})
    const stop = async () => {
      stopping.abort()
      await done
    }
    stops.push(stop)
    return { done, figures, stop }
  }

  /** What is in a topic once there are so many, and a little later. */
  async function settled(topic: string, count: number): Promise<readonly (readonly KafkaRecord[])[]> {
    for (;;) {
      const read = await topics.read(topic).catch(() => [])
      if (read.flat().length >= count) {
        await sleep(100)
        return topics.read(topic)
      }
      await sleep(30)
    }
  }

  const fails = async (done: Promise<unknown>) => {
    const error = await done.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    assert.ok(error instanceof FraudError, String(error))
    return error
  }

  test('takes labels in and tells of cases and alerts, each once, through a restart', async () => {
    const { topic, ...choice } = await makeTopics()
    const all = { ...choice, labels: topic('labels'), cases: topic('cases'), alerts: topic('alerts') }
    const running = await openService()
    const first = run(all, running)
    await topics.write(topic('in'), [
      { partition: 0, text: bodyOf('a', 600) },
      { partition: 1, text: bodyOf('b', 10, 1) },
    ])
    await settled(topic('out'), 2)
    await topics.write(topic('labels'), [
      { partition: 0, text: '{"transactionId":"a","isFraud":true,"source":"chargeback"}' },
      { partition: 0, text: '{"transactionId":"a","isFraud":"yes"}' },
      { partition: 1, text: '{"transactionId":"a","transactionId":"b","isFraud":true}' },
    ])
    const [definition] = running.service.alertStates.definitions
    await running.service.alerts.define([{ ...definition, isOn: false }], {}, { by: 'user:cay', why: 'noise' })
    const refused = await settled(topic('deadLetters'), 2)
    const label = async () => (await running.service.find('a'))?.labels.map(({ isFraud, by }) => ({ isFraud, by }))
    while ((await label())?.length === 0) await sleep(20)
    assert.deepEqual(await label(), [{ isFraud: true, by: 'stream' }])
    const told = values(await settled(topic('cases'), 2))
    assert.deepEqual(
      told.map(({ action, transactionId }) => [action, transactionId]),
      [
        ['transaction', 'a'],
        ['label', 'a'],
      ],
    )
    assert.equal(told[0].case, told[1].case)
    const [alert] = values(await settled(topic('alerts'), 1))
    assert.deepEqual([alert.state, alert.by, alert.text], ['definitions', 'user:cay', 'noise'])
    assert.deepEqual(
      values(refused).map(({ error, topic: from, partition, offset, id }) => [error.code, from, partition, offset, id]),
      [
        ['INPUT_INVALID', topic('labels'), 0, 1, 'a'],
        ['INPUT_INVALID', topic('labels'), 1, 0, undefined],
      ],
    )
    assert.deepEqual(
      first.figures.lags().reduce((sum, { messages }) => sum + messages, 0),
      0,
    )
    await first.stop()

    const before = await Promise.all(['out', 'deadLetters', 'cases', 'alerts'].map((name) => topics.read(topic(name))))
    const second = run(all, running)
    await topics.write(topic('in'), [{ partition: 1, text: bodyOf('c', 700, 2) }])
    await settled(topic('cases'), 3)
    const now = await Promise.all(['out', 'deadLetters', 'cases', 'alerts'].map((name) => topics.read(topic(name))))
    assert.deepEqual(
      now.map((each, i) => each.flat().length - before[i].flat().length),
      [1, 0, 1, 0],
    )
    await second.stop()
  })

  test('lets labels wait where too many transactions of theirs have not come, and decides meanwhile', async () => {
    const { topic, ...choice } = await makeTopics(1)
    const running = await openService({ maxPendingLabels: 2 })
    run({ ...choice, labels: topic('labels') }, running)
    const ids = ['a', 'b', 'c']
    await topics.write(
      topic('labels'),
      ids.map((id) => ({ partition: 0, text: JSON.stringify({ transactionId: id, isFraud: true }) })),
    )
    while (!running.say.lines.some((line) => line.includes('labels wait'))) await sleep(20)
    for (const [i, id] of ids.entries()) await topics.write(topic('in'), [{ partition: 0, text: bodyOf(id, 1, i) }])
    for (const id of ids) while ((await running.service.find(id))?.labels.length !== 1) await sleep(20)
    assert.deepEqual((await topics.read(topic('deadLetters'))).flat(), [])
  })

  test('puts what was refused in its place where there is no topic of dead letters', async () => {
    const { topic, deadLetters: _, ...choice } = await makeTopics()
    run(choice, await openService())
    await topics.write(topic('in'), [
      { partition: 0, text: bodyOf('a', 1) },
      { partition: 0, text: '{' },
      { partition: 0, text: bodyOf('b', 2, 1) },
    ])
    const [partition] = await settled(topic('out'), 3)
    assert.deepEqual(
      values([partition]).map((each) => each.transactionId ?? each.error.code),
      ['a', 'BODY_INVALID', 'b'],
    )
    assert.equal(textOf(partition[1].headers.get('shrike-error')), 'BODY_INVALID')
    assert.equal(textOf(partition[1].headers.get('shrike-in')), `${topic('in')}/0/1`)
  })

  test('waits for a broker that is away, says so, and goes on', async () => {
    const { topic, ...choice } = await makeTopics()
    const running = await openService()
    const { figures } = run(choice, running)
    await topics.write(topic('in'), [{ partition: 0, text: bodyOf('a', 1) }])
    await settled(topic('out'), 1)
    await server?.kill()
    while (figures.waitsFor === undefined) await sleep(20)
    assert.ok(running.say.lines.some((line) => line.includes('the stream waits, and goes on where it was')))
    await server?.start()
    await topics.write(topic('in'), [{ partition: 0, text: bodyOf('b', 2, 1) }])
    const out = values(await settled(topic('out'), 2))
    assert.deepEqual(
      out.map(({ transactionId }) => transactionId),
      ['a', 'b'],
    )
    while (figures.waitsFor !== undefined) await sleep(20)
  })

  test('refuses topics that are missing or too narrow', async () => {
    const { topic, ...choice } = await makeTopics()
    await topics.create(['narrow'], 1)
    const running = await openService()
    const missing = await fails(run({ ...choice, out: 'nowhere' }, running).done)
    assert.deepEqual([missing.code, missing.message], ['TOPIC_UNUSABLE', 'There is no topic nowhere: create it first'])
    const narrow = await fails(run({ ...choice, deadLetters: 'narrow' }, running).done)
    assert.equal(narrow.code, 'TOPIC_UNUSABLE')
    assert.match(narrow.message, new RegExp(`${topic('in')} has 2 partitions and narrow 1`))
  })

  test('goes on only where it knows how far it has come, or is told', async () => {
    const { topic, ...choice } = await makeTopics(1)
    const running = await openService()
    const write = (...ids: readonly string[]) =>
      topics.write(
        topic('in'),
        ids.map((id) => ({ partition: 0, text: bodyOf(id, 1) })),
      )
    await write('a', 'b')
    const first = run(choice, running)
    await settled(topic('out'), 2)
    await first.stop()
    await write('c', 'd', 'e')
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [server?.broker ?? ''] })
    await admin.deleteRecords({ topics: [{ name: topic('in'), partitions: [{ partition: 0, offset: 4n }] }] })
    await admin.close()
    const lost = await fails(run(choice, running).done)
    assert.equal(lost.code, 'STREAM_POSITION_LOST')
    assert.match(lost.message, /would go on at offset 2, and the messages from 2 to 3 are deleted/)
    run({ ...choice, from: 'earliest' }, running)
    const out = values(await settled(topic('out'), 3))
    assert.deepEqual(
      out.map(({ transactionId }) => transactionId),
      ['a', 'b', 'e'],
    )
    assert.ok(running.say.lines.some((line) => line.includes('goes on elsewhere, as it was told')))
  })

  test('does not take how far it came in a topic for its place in another one of that name', async () => {
    const { topic, ...choice } = await makeTopics(1)
    const running = await openService()
    const write = (...ids: readonly string[]) =>
      topics.write(
        topic('in'),
        ids.map((id) => ({ partition: 0, text: id === '' ? 'no JSON' : bodyOf(id, 1) })),
      )
    await write('a', 'b', '')
    const first = run(choice, running)
    await settled(topic('deadLetters'), 1)
    await first.stop()
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [server?.broker ?? ''] })
    await admin.deleteTopics({ topics: [topic('in')] })
    await admin.close()
    while ((await topics.kafka.partitions(topic('in'))) !== undefined) await sleep(50)
    await topics.create([topic('in')], 1)
    await write('c', 'd', 'e', 'f')
    const lost = await fails(run(choice, running).done)
    assert.equal(lost.code, 'STREAM_POSITION_LOST')
    assert.match(lost.message, /the topic was made anew/)
    const again = run({ ...choice, from: 'earliest' }, running)
    await settled(topic('out'), 6)
    await again.stop()
    await write('g')
    run(choice, running)
    const out = values(await settled(topic('out'), 7))
    assert.deepEqual(
      out.map(({ transactionId }) => transactionId),
      ['a', 'b', 'c', 'd', 'e', 'f', 'g'],
    )
  })

  test('ends where somebody else decides the same messages, be they ever so few', async () => {
    const { topic, ...choice } = await makeTopics(1)
    const streams = [run(choice, await openService()), run(choice, await openService())]
    const ends = streams.map(({ done }) => fails(done))
    let written = 0
    let isOver = false
    // Whoever was too late with a message has time to open again before the next one comes.
    const write = async () => {
      while (written < 20 && !isOver) {
        await topics.write(topic('in'), [{ partition: 0, text: bodyOf(`t-${written}`, 1, written) }])
        await settled(topic('out'), ++written)
        await sleep(500)
      }
    }
    const writing = write()
    const error = await Promise.race([...ends, writing])
    isOver = true
    await writing
    assert.equal(error?.code, 'STREAM_TAKEN')
    const out = values(await settled(topic('out'), written))
    assert.deepEqual(
      out.map(({ transactionId }) => transactionId),
      Array.from({ length: written }, (_, i) => `t-${i}`),
    )
  })

  test('goes on with what another one decided that led for a moment', async () => {
    const { topic, ...choice } = await makeTopics(1)
    const write = (id: string, second: number) =>
      topics.write(topic('in'), [{ partition: 0, text: bodyOf(id, 1, second) }])
    const running = await openService()
    const stream = run(choice, running)
    await write('a', 0)
    await settled(topic('out'), 1)
    // It has lost the lead and leads again before its stream has asked.
    await running.service.resume()
    const other = run(choice, await openService())
    while (other.figures.lags().length === 0) await sleep(20)
    await write('b', 1)
    await settled(topic('out'), 2)
    await other.stop()
    await write('c', 2)
    const out = values(await Promise.race([settled(topic('out'), 3), stream.done.then(() => [])]))
    assert.deepEqual(
      out.map(({ transactionId }) => transactionId),
      ['a', 'b', 'c'],
    )
  })

  test('opens where another process decided what came meanwhile', async () => {
    const { topic, ...choice } = await makeTopics(1)
    run(choice, await openService())
    const kafka = await loadKafka(choice.in.cluster)
    stops.push(() => kafka.close())
    const bounds = kafka.bounds.bind(kafka)
    let hasCome = false
    kafka.bounds = async (of) => {
      const read = await bounds(of)
      if (of === topic('in') && !hasCome) {
        hasCome = true
        await topics.write(of, [{ partition: 0, text: bodyOf('a', 1) }])
        await settled(topic('out'), 1)
      }
      return read
    }
    const shared = { kafka, topic: topic('in'), figures: new StreamFigures(), onSkip: assert.fail, from: undefined }
    const targets = { out: topic('out'), deadLetters: undefined }
    const rest = { targets, before: undefined, run: 'another', signal: new AbortController().signal }
    const { lanes } = await openLanes({ ...shared, ...rest })
    assert.ok(hasCome)
    await Promise.all(lanes.map((lane) => lane.close()))
  })

  test('fetches other partitions while nothing is taken of one', async () => {
    const { topic } = await makeTopics()
    const many = Array.from({ length: 3000 }, (_, i) => ({ partition: 0, text: String(i) }))
    await topics.write(topic('in'), [...many, { partition: 1, text: 'x' }])
    const stopping = new AbortController()
    const input = new TopicInput(topics.kafka, topic('in'), [0n, 0n], stopping.signal)
    const running = input.run()
    assert.deepEqual(
      (await input.take(1))?.map(({ value }) => textOf(value)),
      ['x'],
    )
    await topics.write(topic('in'), [{ partition: 1, text: 'y' }])
    assert.deepEqual(
      (await input.take(1))?.map(({ value }) => textOf(value)),
      ['y'],
    )
    const read: string[] = []
    while (read.length < many.length) read.push(...((await input.take(0)) ?? []).map(({ value }) => textOf(value)))
    assert.deepEqual(
      read,
      many.map(({ text }) => text),
    )
    stopping.abort()
    await running
  })
})
