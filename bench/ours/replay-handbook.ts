// Shrike's replay of the handbook's transactions into its 15 features, once, in a process of its own: FILE SAMPLED. Prints
// one line of JSON with the fields that the peer prints.
import { readFileSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { readTable } from '../../src/data/read-table.ts'
import type { Table } from '../../src/data/table.ts'
import { TransactionReader } from '../../src/data/transaction-reader.ts'
import { parseDetectorFile } from '../../src/detector/detector.ts'
import { ChunkReplay } from '../../src/features/chunk-replay.ts'
import { compileFeatures } from '../../src/features/feature-set.ts'
import { type ReadRow, replayInChunks } from '../../src/training/replay-chunks.ts'

// As `shrike` does in a checkout, for its threads, too.
enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/shrike', import.meta.url)))
const [path, sampled] = process.argv.slice(2)
const detectorFile = new URL('../../detectors/handbook.yaml', import.meta.url)
const located = parseDetectorFile(readFileSync(detectorFile, 'utf8'), 'handbook.yaml')
const features = compileFeatures(located)
// Its threads start while the file is read, as in every command that replays a file.
const { signal } = new AbortController()
const replay = new ChunkReplay(features, located.detector, { signal, isLong: true })
const reader = new TransactionReader(located, features.layout, { file: 'the file', nowMs: Date.now() })

const start = performance.now()
const { table } = await readTable(path, { columns: reader.kinds })
const readAt = performance.now()
const columns = await replayTable(table)
const end = performance.now()

const sampledRows = Array.from({ length: Number(sampled) }, (_, i) =>
  Math.floor((i * (table.rowCount - 1)) / (Number(sampled) - 1)),
)
const perFeature = <Value>(value: (column: Float64Array) => Value) =>
  Object.fromEntries(features.names.map((name, i) => [name, value(columns[i])]))
const result = {
  readSeconds: (readAt - start) / 1000,
  seconds: (end - readAt) / 1000,
  peakMemoryMb: process.resourceUsage().maxRSS / 1024,
  rows: table.rowCount,
  sums: perFeature((column) => column.reduce((sum, value) => sum + value, 0)),
  sampled: perFeature((column) => sampledRows.map((row) => column[row])),
}
process.stdout.write(`${JSON.stringify(result)}\n`)

/** A column for each feature. The file is in order of time, so its rows are replayed as they stand. */
async function replayTable(table: Table): Promise<readonly Float64Array[]> {
  const columns = features.names.map(() => new Float64Array(table.rowCount))
  reader.open(table)
  const tables = (async function* () {
    yield { table, rows: rowsOf(table) }
  })()
  let at = 0
  for await (const group of replayInChunks(tables, reader, features, replay)) {
    for (const { row } of group) {
      for (let i = 0; i < row.length; i++) columns[i][at] = row[i]
      at++
    }
  }
  return columns
}

function* rowsOf({ rowCount }: Table): Generator<ReadRow> {
  for (let index = 0; index < rowCount; index++) {
    const transaction = reader.read(index)
    yield { transaction, label: reader.readLabel(index), knownAtMs: reader.readKnownAt(index), index, fileRow: index }
  }
}
