import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { BundleLane } from '../../src/cluster/bundle-lane.ts'
import { KafkaLog } from '../../src/cluster/kafka-log.ts'
import { type Kafka, loadKafka } from '../../src/streams/kafka/kafka-client.ts'
import { type KafkaServer, noKafka, startKafka } from '../kafka-server.ts'

const decoder = new TextDecoder()
const encoder = new TextEncoder()

describe('places in Kafka', { skip: noKafka }, () => {
  let server: KafkaServer
  let kafka: Kafka
  let log: KafkaLog

  before(async () => {
    server = await startKafka()
    kafka = await loadKafka({ brokers: [server.broker], isTls: false })
    await kafka.createTopics(['t.home', 't.key-card'], 3, 1)
    log = new KafkaLog(kafka, 't')
  })
  after(async () => {
    await kafka?.close()
    await server?.remove()
  })

  /** Everything after a position, until so many came. */
  async function readAll(place: { lane: string; partition: number }, count: number, after = -1) {
    const stop = new AbortController()
    const found: { text: string; position: number; atMs: number }[] = []
    const done = once(stop.signal, 'abort')
    const reading = log.read(
      [{ ...place, after }],
      (_, position, bytes, atMs) => {
        found.push({ text: decoder.decode(bytes), position, atMs })
        if (found.length >= count) stop.abort()
      },
      stop.signal,
    )
    await Promise.race([done, sleep(10_000)])
    stop.abort()
    await reading
    return found
  }

  test('give entries in their order, each with its position, after any of them, by the broker’s time', async () => {
    const place = { lane: 'home', partition: 1 }
    assert.equal(await log.end(place), -1)
    const beginMs = Date.now()
    await log.append(['a', 'b', 'c'].map((text) => ({ ...place, bytes: encoder.encode(text) })))
    await Promise.all(
      Array.from({ length: 500 }, (_, i) =>
        log.append([
          { ...place, bytes: encoder.encode(`n${i}`) },
          { lane: 'key-card', partition: i % 3, bytes: encoder.encode(`k${i}`) },
        ]),
      ),
    )
    const all = await readAll(place, 503)
    assert.deepEqual(
      all.map(({ text }) => text),
      ['a', 'b', 'c', ...Array.from({ length: 500 }, (_, i) => `n${i}`)],
    )
    const positions = all.map(({ position }) => position)
    assert.ok(positions.every((position, i) => i === 0 || position > positions[i - 1]))
    await sleep(150)
    assert.equal(await log.end(place), positions.at(-1))
    assert.ok(all.every(({ atMs }) => atMs >= beginMs - 1_000 && atMs <= Date.now() + 1_000))
    for (const at of [0, 1, 2, 400]) {
      const rest = await readAll(place, all.length - at - 1, positions[at])
      assert.deepEqual(rest, all.slice(at + 1))
    }
  })

  test('hold files that are larger than what a broker takes at once, put there by two at the same time', async () => {
    await kafka.createTopics(['t.bundles'], 1, 1)
    const wait = (ms: number) => sleep(ms)
    const lane = () => new BundleLane({ log: new KafkaLog(kafka, 't'), hasLane: async () => true, wait })
    const files = [3_000_000, 2_000_001].map((bytes, file) =>
      Uint8Array.from({ length: bytes }, (_, i) => i % (file + 200)),
    )
    const both = lane()
    const places = await Promise.all([both.put('a@000000000000', files[0]), both.put('b@000000000000', files[1])])
    const other = await lane().put('a@000000000000', files[0])
    assert.deepEqual(await both.get('a@000000000000', places[0]), Buffer.from(files[0]))
    assert.deepEqual(await lane().get('b@000000000000', places[1]), Buffer.from(files[1]))
    assert.deepEqual(await lane().get('a@000000000000', other), Buffer.from(files[0]))
  })

  test('are asked where they end until the broker is back, where that can wait', async () => {
    const place = { lane: 'key-card', partition: 0 }
    const end = await log.end(place)
    await server.kill()
    await sleep(150)
    await assert.rejects(log.end(place), { code: 'LOG_UNAVAILABLE', message: /^Kafka could not do it: connect ECONN/ })
    const waiting = log.end(place, new AbortController().signal)
    await sleep(500)
    await server.start()
    assert.equal(await waiting, end)
    await assert.rejects(log.end({ ...place, lane: 'key-none' }, new AbortController().signal), {
      message: 'Kafka has no topic t.key-none',
    })
  })

  test('hold what was acknowledged before the broker was killed, and refuse meanwhile', async () => {
    const place = { lane: 'home', partition: 2 }
    const acknowledged: string[] = []
    let refused = 0
    let isOver = false
    const write = async (writer: number) => {
      for (let i = 0; !isOver; i++) {
        const text = `${writer}.${i}`
        try {
          await log.append([{ ...place, bytes: encoder.encode(text) }])
          acknowledged.push(text)
        } catch {
          refused++
          await sleep(50)
        }
      }
    }
    const writers = [0, 1, 2, 3].map(write)
    for (let kills = 0; kills < 2; kills++) {
      await sleep(500)
      await server.kill()
      await sleep(500)
      await server.start()
      const before = acknowledged.length
      while (acknowledged.length < before + 50) await sleep(20)
    }
    isOver = true
    await Promise.all(writers)
    const end = await log.end(place)
    const found = new Set<string>()
    const stop = new AbortController()
    await log.read(
      [{ ...place, after: -1 }],
      (_, position, bytes) => {
        found.add(decoder.decode(bytes))
        if (position >= end) stop.abort()
      },
      stop.signal,
    )
    assert.deepEqual(
      acknowledged.filter((text) => !found.has(text)),
      [],
    )
    assert.ok(refused > 0)
  })
})
