import { performance } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import { readNpy } from './npy.ts'

export const roundMs = 1000

/** The rows that a Python peer left for all sides, and its own library's probabilities for them. */
export function readExported(folder: string): { rows: Float64Array[]; expected: Float64Array } {
  const { values, shape } = readNpy(`${folder}/rows.npy`)
  const [count, width] = shape
  const rows = Array.from({ length: count }, (_, row) => values.slice(row * width, (row + 1) * width))
  return { rows, expected: readNpy(`${folder}/expected.npy`).values }
}

export type Score = (row: Float64Array) => number

/** The rows' number is a whole number of hundreds, because the clock is read after every hundred. */
export function microsecondsPerRow(score: Score, rows: readonly Float64Array[]): number {
  const start = performance.now()
  let sum = 0
  for (let done = 0; ; ) {
    const first = done % rows.length
    for (let row = first; row < first + 100; row++) sum += score(rows[row])
    done += 100
    const elapsedMs = performance.now() - start
    // The sum is used, so that no compiler may leave the work out.
    if (elapsedMs >= roundMs) return Number.isNaN(sum) ? Number.NaN : (elapsedMs / done) * 1000
  }
}

export function mostDifference(score: Score, rows: readonly Float64Array[], expected: Float64Array): number {
  return rows.reduce((most, row, index) => Math.max(most, Math.abs(score(row) - expected[index])), 0)
}

/** Prints a line when ready; then, for every line on standard input, the microseconds of one more round by variant. */
export async function answerRounds(
  ready: object,
  variants: ReadonlyMap<string, () => number | Promise<number>>,
): Promise<void> {
  process.stdout.write(`${JSON.stringify(ready)}\n`)
  for await (const _ of createInterface({ input: process.stdin })) {
    const result: Record<string, number> = {}
    for (const [name, round] of variants) result[name] = await round()
    process.stdout.write(`${JSON.stringify(result)}\n`)
  }
}
