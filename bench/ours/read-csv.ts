// Shrike's CSV reader on one file, once, in a process of its own. Prints one line of JSON.
import { performance } from 'node:perf_hooks'
import { readTable } from '../../src/data/read-table.ts'

const startMs = performance.now()
const { table } = await readTable(process.argv[2])
const seconds = (performance.now() - startMs) / 1000

const sums: Record<string, number> = {}
for (const column of table.columns) {
  if (column.kind !== 'text') sums[column.name] = column.values.reduce((sum, value) => sum + value, 0)
}
const peakMemoryMb = process.resourceUsage().maxRSS / 1024
process.stdout.write(`${JSON.stringify({ seconds, peakMemoryMb, rows: table.rowCount, sums })}\n`)
