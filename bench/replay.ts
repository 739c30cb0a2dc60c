import { performance } from 'node:perf_hooks'
import { z } from 'zod'
import { runJson } from './harness/child.ts'
import type { Claim } from './harness/claim.ts'
import { handbookCsv, withoutHandbook } from './harness/handbook.ts'
import { alternate, type Contestant, summarize } from './harness/measure.ts'
import { benchFile, findPython, withoutPeers } from './harness/peers.ts'
import { format, formatSummary, markdownTable, verdict } from './harness/report.ts'

const bar = 4
const sampledRows = 1000

const replayResult = z.object({
  readSeconds: z.number(),
  seconds: z.number(),
  peakMemoryMb: z.number(),
  rows: z.number(),
  sums: z.record(z.string(), z.number()),
  /** Values of rows spread over the file, by feature. */
  sampled: z.record(z.string(), z.array(z.number())),
})
type ReplayResult = z.infer<typeof replayResult>

interface TimedResult extends ReplayResult {
  readonly commandSeconds: number
}

export const replay: Claim = {
  title: 'Replaying transactions into features',
  packages: ['pandas', 'numpy'],
  async measure({ rounds = 5, smoke, log }) {
    const file = handbookCsv(smoke)
    if (file === undefined) return withoutHandbook
    const contestants = [
      contestant('Shrike', process.execPath, [benchFile('ours/replay-handbook.ts'), file, String(sampledRows)]),
    ]
    const python = findPython()
    if (python) {
      const method = (name: string, by: string) =>
        contestant(name, python, [
          benchFile('peers/handbook_features.py'),
          file,
          ...['--method', by, '--sampled', String(sampledRows)],
        ])
      contestants.push(method('pandas, a groupby-rolling per window', 'groupby'))
      contestants.push(method('pandas, the same over an index of times (for information)', 'indexed'))
      contestants.push(method('pandas, rolling on one clock for all keys (for information)', 'one-clock'))
      contestants.push(method('numpy, cumulative sums and binary search (for information)', 'numpy'))
    }
    // Also brings the file into memory, so that nobody waits for the disk.
    const checked = await alternate(1, contestants, (line) => log(`check, ${line}`))
    checkSame(
      checked.map(([result]) => result),
      contestants,
    )
    const results = smoke ? checked : await alternate(rounds, contestants, log)
    return describe(contestants, results, python !== undefined)
  },
}

function contestant(name: string, command: string, args: readonly string[]): Contestant<TimedResult> {
  return {
    name,
    async run() {
      const start = performance.now()
      const result = replayResult.parse(await runJson(command, args))
      return { ...result, commandSeconds: (performance.now() - start) / 1000 }
    },
  }
}

function describe(
  contestants: readonly { readonly name: string }[],
  results: readonly (readonly TimedResult[])[],
  hasPeers: boolean,
): string {
  const [[{ rows, sums }]] = results
  const summary = (runs: readonly TimedResult[], value: (run: TimedResult) => number) => summarize(runs.map(value))
  const seconds = results.map((runs) => summary(runs, (run) => run.seconds))
  const ratio = (index: number) => seconds[index].median / seconds[0].median
  const table = markdownTable(
    [
      'side',
      'features, s: median (min to max)',
      'rows per second',
      'reading, s',
      'whole command, s',
      'peak memory, MB',
      'its time over ours',
    ],
    contestants.map(({ name }, i) => [
      name,
      formatSummary(seconds[i]),
      format(rows / seconds[i].median),
      format(summary(results[i], (run) => run.readSeconds).median),
      format(summary(results[i], (run) => run.commandSeconds).median),
      format(summary(results[i], (run) => run.peakMemoryMb).median),
      i === 0 ? '' : `${format(ratio(i))}x`,
    ]),
  )
  const outcome = hasPeers
    ? `All outputs agree. Features in memory, against one groupby-rolling per window: ${verdict(ratio(1), bar)}.`
    : withoutPeers
  return `${rows.toLocaleString('en-US')} transactions, ${Object.keys(sums).length} features.\n\n${table}\n\n${outcome}`
}

/** The same features of the same rows: counts and flags exactly, means and rates up to rounding. */
function checkSame(results: readonly ReplayResult[], contestants: readonly { readonly name: string }[]): void {
  const [ours, ...others] = results
  for (const [index, theirs] of others.entries()) {
    const isSame = (name: string, one: number, other: number) =>
      /mean|rate|amount/.test(name) ? Math.abs(one - other) <= 1e-9 * Math.max(1, Math.abs(other)) : one === other
    const names = Object.keys(theirs.sums)
    const different = names.filter((name) => {
      const sampled = ours.sampled[name] ?? []
      return (
        !isSame(name, ours.sums[name], theirs.sums[name]) ||
        sampled.length !== sampledRows ||
        !theirs.sampled[name].every((value, row) => isSame(name, sampled[row], value))
      )
    })
    if (ours.rows !== theirs.rows || names.length !== Object.keys(ours.sums).length || different.length > 0) {
      const what = `${theirs.rows} rows, features ${different.join(', ')}`
      throw new Error(`${contestants[index + 1].name} computed something else: ${what}`)
    }
  }
}
