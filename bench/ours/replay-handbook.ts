// Shrike's replay of the handbook's transactions into its 15 features, once, in a process of its own: FILE SAMPLED. Prints
// one line of JSON with the fields that the peer prints.
import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { readTable } from '../../src/data/read-table.ts'
import type { Table } from '../../src/data/table.ts'
import { TransactionReader } from '../../src/data/transaction-reader.ts'
import { parseDetectorFile } from '../../src/detector/detector.ts'
import { compileFeatures } from '../../src/features/feature-set.ts'
import { MemoryHistories } from '../../src/features/memory-histories.ts'
import { Replay } from '../../src/features/replay.ts'

const [path, sampled] = process.argv.slice(2)
const detectorFile = new URL('../../detectors/handbook.yaml', import.meta.url)
const located = parseDetectorFile(readFileSync(detectorFile, 'utf8'), 'handbook.yaml')
const features = compileFeatures(located)
const reader = new TransactionReader(located, features.layout, { file: 'the file', nowMs: Date.now() })

const start = performance.now()
const { table } = await readTable(path, { columns: reader.kinds })
const readAt = performance.now()
const columns = replayTable(table)
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
function replayTable(table: Table): readonly Float64Array[] {
  const columns = features.names.map(() => new Float64Array(table.rowCount))
  const replay = new Replay(features, new MemoryHistories(features.plan))
  reader.open(table)
  for (let row = 0; row < table.rowCount; row++) {
    const transaction = reader.read(row)
    const values = replay.next(transaction)
    for (let i = 0; i < values.length; i++) columns[i][row] = values[i]
    replay.label(transaction, { isFraud: reader.readLabel(row) === 1, knownAtMs: reader.readKnownAt(row) })
  }
  return columns
}
