import { type CompareRequest, type Comparison, compareModels } from '../backtest/compare-models.ts'
import { type ComparisonTable, comparisonTables } from '../backtest/comparison-tables.ts'
import { tellCount } from '../backtest/words.ts'
import { FraudError } from '../core/errors.ts'
import { noModel } from '../jobs/request.ts'
import { dataDirectory } from '../stores/data-directory.ts'
import { type InputRequest, refuseReading } from '../training/read-input.ts'
import { type ForceRequest, replaceFile } from '../training/replace-output.ts'
import { championIn, championPath } from './champion.ts'
import { requireLog } from './log-files.ts'
import { modelPath } from './model-path.ts'
import { checkOutputs } from './output-paths.ts'
import type { Run } from './run.ts'

export interface CompareFlags extends InputRequest, ForceRequest {
  readonly data: string
  readonly file?: string
  readonly from?: number
  readonly to?: number
  readonly knownBy?: number
  readonly includeTraining?: boolean
  readonly draw: CompareRequest['unit']
  readonly replicates: number
  readonly seed: number
  readonly out?: string
}

/** `shrike models compare A B`. */
export async function compare(model: string, other: string | undefined, flags: CompareFlags, run: Run): Promise<void> {
  const { data, file, out, from, to, knownBy, draw, replicates, seed } = flags
  const bundles = comparedBundles(other === undefined ? undefined : model, other ?? model, data)
  await checkOutputs({ '--out': out }, { '--file': file, A: bundles[0] ?? undefined, B: bundles[1] ?? undefined })
  const source = file === undefined ? logOf(flags) : { file, input: flags }
  const range = { fromMs: from, toMs: to, knownByMs: knownBy }
  const comparison = await compareModels(
    { bundles, source, ...range, unit: draw, replicates, seed, includeTraining: flags.includeTraining === true },
    run,
  )
  printComparison(comparison, run)
  if (out !== undefined) {
    const { renderComparison } = await import('../backtest/render-comparison.ts')
    await replaceFile(out, renderComparison(comparison), flags, run)
    run.terminal.say(`\npage  ${out}`)
  }
  run.terminal.result(comparison)
}

/** The files of two models, each named by a path, an id or `none`; without A it is the champion. */
export function comparedBundles(
  a: string | undefined,
  b: string,
  data: string,
): readonly [string | null, string | null] {
  const pathOf = (model: string) => (model === noModel ? null : modelPath(model, data))
  return [a === undefined ? championOf(data) : pathOf(a), pathOf(b)]
}

function championOf(data: string): string {
  const champion = championIn(data)
  if (champion !== undefined) return championPath(champion)
  throw new FraudError('OPTION_INVALID', `No model is champion in ${data}: name both models`)
}

function logOf(flags: CompareFlags): CompareRequest['source'] {
  refuseReading(flags)
  requireLog({ data: flags.data })
  return { log: { path: dataDirectory(flags.data).logPath, source: flags.data } }
}

/** The figures for a person at a terminal. */
function printComparison(comparison: Comparison, { terminal }: Run): void {
  const { a, b, from, to, transactions, notes } = comparison
  terminal.say(`\nA  ${a.id}\nB  ${b.id}`)
  terminal.say(`${tellCount(transactions, 'transaction')} from ${from} to ${to}`)
  for (const table of comparisonTables(comparison)) printTable(table, (text) => terminal.say(text))
  if (notes.length > 0) terminal.say('')
  for (const note of notes) terminal.note(`  ${note}`)
}

function printTable({ title, intro, heads, rows }: ComparisonTable, say: (text: string) => void): void {
  say(`\n${title}\n  ${intro}`)
  const lines = [heads, ...rows]
  const widths = heads.map((_, i) => Math.max(...lines.map((line) => line[i].length)))
  for (const line of lines) {
    const cells = line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
    say(`  ${cells.join('  ')}`)
  }
}
