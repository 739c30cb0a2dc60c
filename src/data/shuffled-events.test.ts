import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type EventIdentity, ShuffledEvents, type StoredEvent } from './shuffled-events.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-shuffled-'))
after(() => rmSync(folder, { recursive: true }))

test('texts that were written are not kept in memory', async () => {
  const text = 'x'.repeat(5000)
  const group = (from: number) =>
    Array.from({ length: 2048 }, (_, i): readonly [StoredEvent, EventIdentity] => [
      {
        ...{ row: from + i, timestampMs: from + i, amount: 1, label: 0, knownAtMs: Number.NaN },
        ...{ texts: [text], numbers: [] },
      },
      { id: `${from + i}`, low: 1, high: 2, line: from + i },
    ])
  const memory: number[] = []
  async function* groups() {
    for (let row = 0; row < 24 * 2048; row += 2048) {
      yield group(row)
      memory.push(process.memoryUsage.rss() / 1e6)
    }
  }
  const events = await ShuffledEvents.open(folder, { texts: 1, numbers: 0 }, 50)
  await events.write(groups())
  events.close()
  // DuckDB gathers eight groups of 10 MB before it writes them.
  const grown = memory[23] - memory[7]
  assert.ok(grown < 80, `${Math.round(grown)} MB more for 160 MB of texts`)
})
