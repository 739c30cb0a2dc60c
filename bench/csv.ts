import { readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { runJson } from './harness/child.ts'
import type { BenchOptions, Claim } from './harness/claim.ts'
import { alternate, type Contestant, summarize } from './harness/measure.ts'
import { benchFile, findPython, withoutPeers } from './harness/peers.ts'
import { format, formatSummary, markdownTable, verdict } from './harness/report.ts'
import { fullSize, simulatedCsv, smokeSize, ulbCsv } from './harness/tables.ts'

const bar = 1.5

const readResult = z.object({
  seconds: z.number(),
  peakMemoryMb: z.number(),
  rows: z.number(),
  sums: z.record(z.string(), z.number()),
})
type ReadResult = z.infer<typeof readResult>

export const csv: Claim = {
  title: 'Reading a CSV file into typed columns',
  packages: ['pandas', 'pyarrow', 'numpy'],
  async measure(options) {
    const files = [await simulatedCsv(options.smoke ? smokeSize : fullSize), await ulbCsv()]
    const parts: string[] = []
    for (const file of files) {
      parts.push(file === undefined ? 'The ULB rows are not at hand.' : await compareOn(file, options))
    }
    return parts.join('\n\n')
  },
}

async function compareOn(file: string, { rounds = 7, smoke, log }: BenchOptions): Promise<string> {
  const python = findPython()
  const contestants = [
    contestant('Shrike', process.execPath, [fileURLToPath(new URL('./ours/read-csv.ts', import.meta.url)), file]),
  ]
  if (python) {
    const script = benchFile('peers/read_csv.py')
    contestants.push(contestant('pandas.read_csv', python, [script, file]))
    contestants.push(
      contestant('pandas.read_csv, engine pyarrow (for information)', python, [script, file, '--engine', 'pyarrow']),
    )
  }
  // The first read brings the file into memory, so that nobody waits for the disk.
  readFileSync(file)
  const results = await alternate(smoke ? 1 : rounds, contestants, log)
  checkSame(
    results.map(([first]) => first),
    contestants,
  )

  const bytes = statSync(file).size
  const seconds = results.map((runs) => summarize(runs.map((result) => result.seconds)))
  const rows = contestants.map(({ name }, index) => [
    name,
    formatSummary(seconds[index]),
    format(bytes / 1e6 / seconds[index].median),
    format(Math.max(...results[index].map((result) => result.peakMemoryMb))),
    format(seconds[index].median / seconds[0].median),
  ])
  const title = `${basename(file)}: ${results[0][0].rows.toLocaleString('en-US')} rows, ${format(bytes / 1e6)} MB`
  const table = markdownTable(
    ['side', 'seconds, median (min to max)', 'MB/s', 'peak memory, MB', 'time over ours'],
    rows,
  )
  const outcome = python
    ? `Against pandas.read_csv: ${verdict(seconds[1].median / seconds[0].median, bar)}.`
    : withoutPeers
  return `### ${title}\n\n${table}\n\nEach read is a process of its own; the clock starts after its imports. ${outcome}`
}

function contestant(name: string, command: string, args: readonly string[]): Contestant<ReadResult> {
  return { name, run: async () => readResult.parse(await runJson(command, args)) }
}

/** The same number of rows, and the same sum of every column up to the order of addition. */
function checkSame(results: readonly ReadResult[], contestants: readonly { readonly name: string }[]): void {
  const [ours, ...others] = results
  for (const [index, theirs] of others.entries()) {
    const different = Object.keys(theirs.sums).filter((name) => {
      const difference = Math.abs(ours.sums[name] - theirs.sums[name])
      return !(difference <= 1e-9 * Math.max(ours.rows, Math.abs(theirs.sums[name])))
    })
    if (ours.rows !== theirs.rows || different.length > 0) {
      throw new Error(
        `${contestants[index + 1].name} read something else: ${theirs.rows} rows, columns ${different.join(', ')}`,
      )
    }
  }
}
