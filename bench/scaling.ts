import { z } from 'zod'
import { runJson } from './harness/child.ts'
import type { Claim } from './harness/claim.ts'
import { largeFlatCsv, largePortfolioCsv } from './harness/large-tables.ts'
import { benchFile } from './harness/peers.ts'
import { format, markdownTable } from './harness/report.ts'

const fullRows = 284_807
const usualSizes = [fullRows, 4 * fullRows, 10 * fullRows]
const steps = ['read', 'boosting', 'forest', 'score', 'replay'] as const

const stepResult = z.object({
  rows: z.number(),
  checked: z.number(),
  cpuSeconds: z.number(),
  peakMemoryMb: z.number(),
})
type StepResult = z.infer<typeof stepResult>

/** What a row costs where there are more of them; SHRIKE_ROWS=11000000 adds a size. */
export const scaling: Claim = {
  title: 'Ten times more rows',
  packages: [],
  async measure({ smoke, log }) {
    const sizes = smoke ? [5_000, 20_000] : [...usualSizes, ...more()]
    const lines: string[][] = []
    for (const step of steps) {
      const results: StepResult[] = []
      for (const rows of sizes) {
        const file = await (step === 'replay' ? largePortfolioCsv(rows) : largeFlatCsv(rows))
        log(`${step}, ${rows.toLocaleString('en-US')} rows`)
        results.push(stepResult.parse(await runJson(process.execPath, [benchFile('ours/scaling-step.ts'), step, file])))
      }
      lines.push(...results.map((result, i) => describe(step, result, results[0], results[Math.max(0, i - 1)])))
    }
    const table = markdownTable(
      ['step', 'rows', 'CPU, s', 'CPU a row, us', 'of the smallest', 'peak memory, MB', 'B for each further row'],
      lines,
    )
    return `30 inputs; boosting of 30 trees, a forest of 10, scores row by row, the handbook's 15 features. A forest's CPU is over the logarithm of its rows, too.\n\n${table}`
  },
}

function more(): readonly number[] {
  const rows = Number(process.env.SHRIKE_ROWS)
  return rows > 0 ? [rows] : []
}

/** Where trees grow to the end, each doubling of the rows is one more level. */
function costOfRow(step: string, { rows, cpuSeconds }: StepResult): number {
  return (1e6 * cpuSeconds) / rows / (step === 'forest' ? Math.log2(rows) : 1)
}

function describe(step: string, result: StepResult, first: StepResult, before: StepResult): string[] {
  const further = (1e6 * (result.peakMemoryMb - before.peakMemoryMb) * 1.048576) / (result.rows - before.rows)
  return [
    step,
    result.rows.toLocaleString('en-US'),
    format(result.cpuSeconds),
    format(costOfRow(step, result)),
    `${format(costOfRow(step, result) / costOfRow(step, first))}x`,
    format(result.peakMemoryMb),
    result === before ? '' : format(further),
  ]
}
