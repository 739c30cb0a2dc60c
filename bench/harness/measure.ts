/** Middle, best and worst of several runs. */
export interface Summary {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** One side of a comparison: runs once and returns what it measured. */
export interface Contestant<Result> {
  readonly name: string
  run(round: number): Promise<Result>
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

export function summarize(values: readonly number[]): Summary {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) }
}

/**
 * Every contestant in turn, round after round, so that a machine that slows down slows all of them alike. Returns each
 * contestant's results in order.
 */
export async function alternate<Result>(
  rounds: number,
  contestants: readonly Contestant<Result>[],
  onRun: (line: string) => void,
): Promise<Result[][]> {
  const results: Result[][] = contestants.map(() => [])
  for (let round = 0; round < rounds; round++) {
    for (const [index, contestant] of contestants.entries()) {
      onRun(`round ${round + 1} of ${rounds}: ${contestant.name}`)
      results[index].push(await contestant.run(round))
    }
  }
  return results
}
