import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type EventIdentity, ShuffledEvents, type StoredEvent } from './shuffled-events.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-shuffled-'))
after(() => rmSync(folder, { recursive: true }))

test('texts that were written are not kept in memory', async () => {
  const megabytes = 1000
  const text = 'x'.repeat(10_000)
  async function* groups() {
    for (let row = 0; row < megabytes * 100; row++) {
      const event: StoredEvent = {
        ...{ row, timestampMs: row, amount: 1, label: 0, knownAtMs: Number.NaN },
        ...{ texts: [`${text}${row}`], numbers: [] },
      }
      const identity: EventIdentity = { id: `${row}`, low: 1, high: 2, line: row }
      yield [[event, identity] as const]
    }
  }
  const events = await ShuffledEvents.open(folder, { texts: 1, numbers: 0 }, 50)
  const before = process.memoryUsage.rss()
  await events.write(groups())
  const grown = (process.memoryUsage.rss() - before) / 1e6
  events.close()
  assert.ok(grown < megabytes, `${Math.round(grown)} MB more for ${megabytes} MB of texts`)
})
