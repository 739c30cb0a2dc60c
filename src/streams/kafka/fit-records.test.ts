import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { bytesOf, groupRecords } from './fit-records.ts'
import type { RecordToWrite } from './kafka-record.ts'

const record = (topic: string, bytes: number): RecordToWrite => ({ topic, partition: 0, value: new Uint8Array(bytes) })

describe('records that are written at once', () => {
  test('stay in order, in groups of one topic that it takes', () => {
    const records = [record('a', 400), record('a', 400), record('a', 400), record('b', 10), record('a', 5000)]
    const groups = groupRecords(records, () => 1200)
    assert.deepEqual(groups.flat(), records)
    assert.deepEqual(
      groups.map((group) => group.map(({ topic }) => topic).join('')),
      ['aa', 'a', 'b', 'a'],
    )
    for (const group of groups.slice(0, 3)) assert.ok(group.reduce((sum, each) => sum + bytesOf(each), 0) <= 1200)
  })

  test('are not more than a quarter of a megabyte, whatever a topic takes', () => {
    const groups = groupRecords(
      Array.from({ length: 100 }, () => record('a', 10_000)),
      () => Number.POSITIVE_INFINITY,
    )
    assert.ok(groups.length >= 4)
    assert.equal(groups.flat().length, 100)
  })
})
