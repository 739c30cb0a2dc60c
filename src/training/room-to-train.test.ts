import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { inMemory, parseDetector } from '../detector/detector.ts'
import { requireRoomToTrain } from './room-to-train.ts'

const lines = Array.from({ length: 2000 }, (_, i) => `${i},${(i % 7) + 0.5},"a;b;c",${i % 2}`).join('\n')

test('a table that would not fit is refused before it is read, with what it needs and what is free', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-room-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'cards.csv')
  writeFileSync(file, `time,amount,"a ; b",fraud\n${lines}\n`)
  await requireRoomToTrain(file, undefined, 1e9)
  await assert.rejects(requireRoomToTrain(file, undefined, 100e6), {
    code: 'MEMORY_SHORT',
    // 2,000 rows of four columns hardly count beside the process.
    message: `To train on ${file}, some 2,000 rows with 4 inputs, needs about 301 MB of memory, and 100 MB are free`,
  })
  // The same rows a million times over, as a sparse file.
  truncateSync(file, lines.length * 1_000_000)
  await assert.rejects(requireRoomToTrain(file, undefined, 4e9), {
    code: 'MEMORY_SHORT',
    message:
      /some (1,999|2,000),\d{3},\d{3} rows with 4 inputs, needs about 25\d\.\d GB of memory, and 4\.0 GB are free$/,
  })
  const features = [{ count: { by: 'card', over: ['1d', '7d'] } }, 'amount']
  const detector = parseDetector({
    detector: 'cards',
    transaction: {
      id: 'id',
      time: { field: 'time', format: 'epoch-s' },
      amount: { field: 'amount', digits: 2 },
      keys: { card: 'card' },
      label: { field: 'fraud' },
    },
    features,
  })
  await assert.rejects(requireRoomToTrain(file, { detector, locate: inMemory }, 4e9), /rows with 3 inputs/)
})

test('what does not tell its size is not refused', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-room-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const packed = join(folder, 'cards.csv.gz')
  writeFileSync(packed, 'not read')
  for (const file of [packed, '-', join(folder, 'none.csv'), folder, join(folder, 'cards.parquet')]) {
    await requireRoomToTrain(file, undefined, 0)
  }
})
