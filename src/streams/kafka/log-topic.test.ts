import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openTestDecisions } from '../../../test/service/decisions-fixture.ts'
import type { KafkaRecord, RecordToWrite } from './kafka-record.ts'
import { tellLog } from './log-topic.ts'

test('what a topic was told and has forgotten is not told again, or that is said', async (t) => {
  const { service, clock, close } = await openTestDecisions()
  t.after(() => close())
  await service.resume()
  for (let i = 0; i < 3; i++) {
    clock.nowMs += 1000
    await service.decide(
      { ID: `t${i}`, TIME: clock.nowMs, AMOUNT: 700, CARD: `c${i}`, SHOP: 's', NOTE: 'n' },
      undefined,
      () => 0,
    )
  }
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
    const shared = { kafka, topic: 'cases', partitions: 1, decisions: service, toldThrough: 0, signal: stop.signal }
    const telling = tellLog({ ...shared, told: 'case' }, () => {})
    await Promise.race([telling, sleep(400)])
    stop.abort()
    await telling
    return kept.length - before
  }
  assert.equal(await tell(), 3)
  assert.equal(await tell(), 0)
  // Retention took them.
  forgotten = 3n
  kept.length = 0
  assert.equal(await tell(), 0)
  said.clear()
  await assert.rejects(tell(), /no longer keeps what it was told last/)
})
