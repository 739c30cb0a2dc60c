import { join } from 'node:path'
import { compareModels } from '../backtest/compare-models.ts'
import { renderComparison } from '../backtest/render-comparison.ts'
import type { Progress } from '../core/progress.ts'
import { writeFileAtomically } from '../data/write-file.ts'
import { type ComparisonJobRequest, comparisonFiles } from '../jobs/request.ts'
import { dataDirectory } from '../stores/data-directory.ts'
import { comparedBundles } from './models-compare-work.ts'

/** Does the work of a job that is a comparison; returns what its result says beside where the figures are. */
export async function runComparison(
  { a, b, from, to, knownBy, includeTraining = false, draw = 'transaction', ...rest }: ComparisonJobRequest,
  work: string,
  data: string,
  run: Progress,
): Promise<object> {
  const timeOf = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text))
  const { replicates = 1000, seed = 42 } = rest
  const comparison = await compareModels(
    {
      bundles: comparedBundles(a, b, data),
      source: { log: { path: dataDirectory(data).logPath, source: 'the log' } },
      ...{ fromMs: timeOf(from), toMs: timeOf(to), knownByMs: timeOf(knownBy) },
      ...{ includeTraining, unit: draw, replicates, seed },
    },
    run,
  )
  await writeFileAtomically(join(work, comparisonFiles.figures), `${JSON.stringify(comparison)}\n`)
  await writeFileAtomically(join(work, comparisonFiles.page), renderComparison(comparison))
  const { basis, transactions, labels, notes } = comparison
  return { a: comparison.a, b: comparison.b, basis, transactions, metrics: labels?.metrics ?? null, notes }
}
