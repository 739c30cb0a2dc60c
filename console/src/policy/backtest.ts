import { useEffect, useRef, useState } from 'preact/hooks'
import { ask, client, type Schemas } from '../api/client.ts'
import { timeOf } from '../api/detector.ts'
import { type Problem, ProblemError, problemOf } from '../api/problem.ts'
import type { paths } from '../api/schema.d.ts'

export type Figures = Schemas['BacktestFigures']
export type SetFigures = Figures['all']
export type Tested = Omit<
  NonNullable<paths['/v1/backtests']['post']['requestBody']>['content']['application/json'],
  'from' | 'to'
>

const lookEveryMs = 400
const dayMs = 86_400_000

interface BacktestState {
  /** The last figures, which stay while newer ones are made. */
  readonly figures: Figures | undefined
  readonly problem: Problem | undefined
  readonly isRunning: boolean
  readonly run: () => Promise<void>
}

/**
 * What something would have done on the last days, run again as it changes.
 *
 * @param pauseMs how long it has to stay as it is; without it nothing runs by itself.
 */
export function useBacktest(tested: Tested | undefined, days: number, pauseMs: number | undefined): BacktestState {
  const [figures, setFigures] = useState<Figures>()
  const [problem, setProblem] = useState<Problem>()
  const [isRunning, setRunning] = useState(false)
  const current = useRef<AbortController | undefined>(undefined)
  const run = async () => {
    if (tested === undefined) return
    current.current?.abort()
    const abort = new AbortController()
    current.current = abort
    setRunning(true)
    setProblem(undefined)
    try {
      setFigures(await backtest(tested, days, abort.signal))
    } catch (error) {
      if (!abort.signal.aborted) setProblem(problemOf(error))
    } finally {
      if (current.current === abort) setRunning(false)
    }
  }
  const asked = JSON.stringify([tested, days])
  useEffect(() => {
    if (pauseMs === undefined || tested === undefined) return undefined
    const timer = window.setTimeout(() => void run(), pauseMs)
    return () => window.clearTimeout(timer)
  }, [asked, pauseMs])
  useEffect(() => () => current.current?.abort(), [])
  return { figures, problem, isRunning, run }
}

async function backtest(tested: Tested, days: number, abort: AbortSignal): Promise<Figures> {
  const from = new Date((await newestMs()) - days * dayMs).toISOString()
  const { id } = await ask(client.POST('/v1/backtests', { body: { ...tested, from } }))
  const params = { path: { id } }
  const cancel = () => void client.DELETE('/v1/jobs/{id}', { params })
  abort.addEventListener('abort', cancel)
  try {
    while (true) {
      await new Promise((resolve) => window.setTimeout(resolve, lookEveryMs))
      abort.throwIfAborted()
      const job = await ask(client.GET('/v1/backtests/{id}', { params, signal: abort }))
      if (job.state === 'done' && job.figures !== undefined) return job.figures
      if (job.state === 'queued' || job.state === 'running' || job.state === 'done') continue
      const { code = 'BACKTEST_FAILED', message = `The backtest is ${job.state}`, errors = [] } = job.error ?? {}
      throw new ProblemError({ status: 0, code, title: 'The backtest has no figures', detail: message, errors })
    }
  } finally {
    abort.removeEventListener('abort', cancel)
  }
}

/** The stream's own time: the days before the newest decision, wherever its clock is. */
async function newestMs(): Promise<number> {
  const { decisions } = await ask(client.GET('/v1/decisions', { params: { query: { limit: 1 } } }))
  const time = decisions[0] && timeOf(decisions[0].transaction)
  const ms = time === undefined ? Number.NaN : new Date(time).getTime()
  return Number.isNaN(ms) ? Date.now() : ms
}
