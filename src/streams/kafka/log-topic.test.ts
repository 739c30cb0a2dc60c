import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openTestDecisions } from '../../../test/service/decisions-fixture.ts'
import type { KafkaRecord, RecordToWrite } from './kafka-record.ts'
import { tellLog } from './log-topic.ts'

test('what a topic was told and has forgotten is not told again, or that is said', async (t) => {
  const { service, log, say, clock, close } = await openTestDecisions()
  t.after(() => close())
  await service.resume()
  const review = async (i: number) => {
    clock.nowMs += 1000
    await service.decide(
      { ID: `t${i}`, TIME: clock.nowMs, AMOUNT: 700, CARD: `c${i}`, SHOP: 's', NOTE: 'n' },
      undefined,
      () => 0,
    )
  }
  for (let i = 0; i < 3; i++) await review(i)
  const kept: RecordToWrite[] = []
  let forgotten = 0n
  let said = new Map<number, bigint>()
  const kafka = {
    writer: async () => ({
      commit: async (records: readonly RecordToWrite[]) => void kept.push(...records),
      close: async () => {},
    }),
    bounds: async () => [{ start: forgotten, end: forgotten + BigInt(kept.length) }],
    commit: async (_group: string, _topic: string, offsets: ReadonlyMap<number, bigint>) => {
      said = new Map(offsets)
    },
    committed: async () => said,
    lastRecord: async (): Promise<KafkaRecord | undefined> => {
      const last = kept.at(-1)
      return last && { offset: 0n, timestampMs: 0, ...last, key: last.key ?? null, headers: last.headers ?? new Map() }
    },
  }
  const tell = async () => {
    const before = kept.length
    const stop = new AbortController()
    const shared = { kafka, topic: 'cases', partitions: 1, decisions: service, toldThrough: 0, logger: say }
    const telling = tellLog({ ...shared, told: 'case', signal: stop.signal }, () => {})
    await Promise.race([telling, sleep(400)])
    stop.abort()
    await telling
    return kept.length - before
  }
  assert.equal(await tell(), 3)
  assert.equal(await tell(), 0)
  const told = log.reading.lastSequence()
  for (let i = 3; i < 6; i++) await review(i)
  t.mock.method(service.reading, 'prunedThrough', () => told + 2)
  assert.equal(await tell(), 1)
  assert.deepEqual(
    say.lines.filter((line) => line.startsWith('error')),
    [
      `error records were no longer kept before a topic was told them ${JSON.stringify({ topic: 'cases', from: told + 1, through: told + 2 })}`,
    ],
  )
  say.lines.length = 0
  said = new Map([[0, 1000n]])
  assert.equal(await tell(), 0)
  assert.match(
    say.lines.join(),
    /error the log ends before what a topic was told: [^{]+{"topic":"cases","through":1000,"last":\d/,
  )
  // Retention took them.
  forgotten = 3n
  kept.length = 0
  assert.equal(await tell(), 0)
  said.clear()
  await assert.rejects(tell(), /no longer keeps what it was told last/)
})
