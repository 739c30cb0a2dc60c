import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { inMemory, parseDetector } from '../detector/detector.ts'
import { readRowsFor } from './read-labelled-rows.ts'

const detector = parseDetector({
  detector: 'cards',
  transaction: {
    id: 'id',
    time: { field: 'time', format: 'iso' },
    amount: { field: 'amount' },
    keys: { card: 'card' },
    label: { field: 'fraud', knownAt: 'known' },
  },
  features: ['amount', { fraudCount: { by: 'card', over: '1d' } }, { count: { by: 'card', over: '1d' } }],
})

test('a row whose label has no readable time moves no other row where labels count as known at once', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-undelayed-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'cards.csv')
  const known = ['2026-01-09', '', '2026-01-09', '2026-01-09', '2026-01-09']
  const labels = [1, 1, 0, '', 1]
  const rows = labels.map((label, i) => `t${i},2026-01-01T00:0${i}:00Z,${i + 1},c,${label},${known[i]}T00:00:00Z`)
  writeFileSync(file, `id,time,amount,card,fraud,known\n${rows.join('\n').replace(',T00:00:00Z', ',')}\n`)
  const { signal } = new AbortController()
  const run = {
    begin: () => ({ update: () => {}, end: () => {} }),
    note: () => {},
    warn: () => {},
    nowMs: Date.now,
    signal,
  }
  const request = { badRows: 'skip', keepsUnlabelled: true } as const
  const read = await readRowsFor({ detector, locate: inMemory }, file, request, run)
  assert.deepEqual(read.columns, [
    Float64Array.of(1, 3, 4, 5),
    Float64Array.of(0, 0, 0, 0),
    Float64Array.of(1, 2, 3, 4),
  ])
  // The second and the third row that has a label.
  const undelayed = await read.undelayed?.(Uint8Array.of(0, 1, 1))
  assert.deepEqual(undelayed?.columns, [Float64Array.of(3, 5), Float64Array.of(1, 1), Float64Array.of(2, 4)])
  assert.deepEqual(undelayed?.labels, Uint8Array.of(0, 1))
})
