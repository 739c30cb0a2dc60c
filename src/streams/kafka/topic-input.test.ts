import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPassing } from '../message.ts'
import type { Kafka } from './kafka-client.ts'
import { TopicInput } from './topic-input.ts'

test('a topic that got more partitions is to be opened again, and no failure for good', async () => {
  let count = 1
  const kafka: Pick<Kafka, 'bounds' | 'reader'> = {
    reader: () => assert.fail('nothing is fetched'),
    bounds: async () => Array.from({ length: count }, () => ({ start: 0n, end: 3n })),
  }
  const input = new TopicInput(kafka, 'in', [0n], new AbortController().signal)
  await input.look()
  assert.equal(input.end(0), 3n)
  count = 2
  await assert.rejects(input.look(), (error: unknown) => {
    assert.match(String(error), /in has 2 partitions where it had 1/)
    return isPassing(error)
  })
})
