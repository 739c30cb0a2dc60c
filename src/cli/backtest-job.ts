import { join } from 'node:path'
import { backtestLog } from '../backtest/backtest-log.ts'
import { renderBacktest } from '../backtest/render-backtest.ts'
import type { BacktestRequest } from '../backtest/request.ts'
import type { Progress } from '../core/progress.ts'
import { writeFileAtomically } from '../data/write-file.ts'
import { type BacktestJobRequest, backtestFiles } from '../jobs/request.ts'
import { dataDirectory } from '../stores/data-directory.ts'
import { modelPath } from './model-path.ts'

/** Does the work of a job that is a backtest; returns what its result says beside where the figures are. */
export async function runBacktest(
  given: BacktestJobRequest,
  work: string,
  data: string,
  run: Progress,
): Promise<object> {
  const log = { path: dataDirectory(data).logPath, source: 'the log' }
  const result = await backtestLog(log, requestOf(given, data), undefined, run)
  await writeFileAtomically(join(work, backtestFiles.figures), `${JSON.stringify(result)}\n`)
  await writeFileAtomically(join(work, backtestFiles.page), renderBacktest(result))
  const { focus, basis, all, sides, notes } = result
  return { focus, basis, all, tested: sides.find(({ name }) => name === 'tested')?.focus, notes }
}

function requestOf(
  { rule, rules = [], list, policy, compare, model, from, to, knownBy, ...rest }: BacktestJobRequest,
  data: string,
): BacktestRequest {
  const { entriesNow, examples, threads } = rest
  const timeOf = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text))
  return {
    ...{
      rules: [...(rule === undefined ? [] : [rule]), ...rules],
      list,
      policy,
      compare,
      bundle: model && modelPath(model, data),
    },
    ...{ fromMs: timeOf(from), toMs: timeOf(to), knownByMs: timeOf(knownBy), entriesNow, examples, threads },
  }
}
