import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { FraudError } from '../core/errors.ts'
import { isRecord } from '../core/json-value.ts'
import { throwIfInterrupted } from '../core/progress.ts'
import { maskCardNumber } from '../core/show-value.ts'
import { formatYaml } from '../core/yaml-file.ts'
import { writeFileAtomically } from '../data/write-file.ts'
import type { PolicyDefinition } from '../decisioning/policy-definition.ts'
import type { Job, JobEvent } from '../jobs/job.ts'
import type { JobStore } from '../jobs/job-store.ts'
import { backtestFiles, comparisonFiles, jobBundle, jobPages, type TrainingRequest } from '../jobs/request.ts'
import { dataDirectory } from '../stores/data-directory.ts'
import { openJobFiles } from '../stores/job-files.ts'
import { usualTraining } from '../training/plan-training.ts'
import { runBacktest } from './backtest-job.ts'
import { runComparison } from './comparison-job.ts'
import { currentBundle } from './current-bundle.ts'
import { importModel } from './import-work.ts'
import { type DataFlags, keepPrivate } from './log-files.ts'
import { optimisePolicy } from './optimise-work.ts'
import { explain, type Run } from './run.ts'
import { type TrainFlags, train } from './train-work.ts'

const lookEveryMs = 200
/** Progress is for people: more of it would only fill the disk. */
const tellEveryMs = 500
const longestText = 4000

const reportName = jobPages.training
const policyName = 'policy.yaml'

/** What each kind of job leaves in its folder. */
const outputs: Readonly<Record<Job['request']['kind'], Readonly<Record<string, string>>>> = {
  training: { out: jobBundle, report: reportName },
  import: { out: jobBundle },
  optimisation: { out: policyName },
  backtest: { out: backtestFiles.figures, report: backtestFiles.page },
  comparison: { out: comparisonFiles.figures, report: comparisonFiles.page },
}

/** `shrike job run ID`: waits for its turn, does the work, and writes down how that ended. */
export async function runJob(id: string, { data }: DataFlags, run: Run): Promise<void> {
  keepPrivate()
  const directory = dataDirectory(data)
  const store = openJobFiles(directory)
  store.find(id)
  const stop = new AbortController()
  process.once('disconnect', () => stop.abort())
  // Who started it may have ended before it listened.
  if (process.send !== undefined && !process.connected) stop.abort()
  const timer = setInterval(() => store.isCancelAsked(id) && stop.abort(), lookEveryMs)
  const signal = AbortSignal.any([run.signal, stop.signal])
  try {
    const turn = await waitForTurn(store, id, signal)
    if (turn === undefined) return
    try {
      store.settle(run.nowMs())
      const job = store.find(id)
      if (job.state === 'queued') await runInTurn(store, job, data, directory.bundlesPath, { ...run, signal })
    } finally {
      turn.release()
    }
  } finally {
    clearInterval(timer)
    if (process.connected) process.disconnect()
  }
}

async function waitForTurn(store: JobStore, id: string, signal: AbortSignal) {
  while (!signal.aborted && store.find(id).state === 'queued') {
    const turn = store.takeTurn()
    if (turn !== undefined) return turn
    await sleep(lookEveryMs, undefined, { signal }).catch(() => {})
  }
  return undefined
}

async function runInTurn(store: JobStore, queued: Job, data: string, bundlesPath: string, run: Run): Promise<void> {
  const { id, request } = queued
  const job: Job = { ...queued, state: 'running', startedMs: run.nowMs() }
  store.save(job)
  const work = store.workPath(id)
  // What the work tells of its folder is told of the one that it will be.
  const tidy = (text: string) => maskCardNumber(text.replaceAll(work, join(bundlesPath, request.name)))
  try {
    rmSync(work, { recursive: true, force: true })
    mkdirSync(work, { mode: 0o700 })
    const told = await doWork(job, work, data, jobRun(store, id, run, tidy))
    throwIfInterrupted(run.signal)
    if (store.isNameTaken(request.name))
      throw new FraudError('JOB_NAME_TAKEN', `The name ${request.name} is already used by a bundle`)
    const folder = join(bundlesPath, request.name)
    const written = Object.entries(outputs[request.kind]).map(([what, name]) => [what, join(folder, name)])
    const result = { ...(isRecord(told) && told), ...Object.fromEntries(written) }
    const done: Job = { ...job, state: 'done', endedMs: run.nowMs(), result }
    store.publish(done)
    store.save(done)
  } catch (thrown) {
    store.save({ ...job, ...endOf(thrown, store.isCancelAsked(id), tidy), endedMs: run.nowMs() })
    if (!(explain(thrown) instanceof FraudError)) throw thrown
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function endOf(thrown: unknown, isCancelled: boolean, tidy: (text: string) => string): Pick<Job, 'state' | 'error'> {
  if (thrown instanceof FraudError && thrown.code === 'INTERRUPTED') {
    return { state: isCancelled ? 'cancelled' : 'interrupted' }
  }
  const error = explain(thrown)
  const { code, message, errors } =
    error instanceof FraudError ? error : new FraudError('INTERNAL', 'Something went wrong inside the job')
  const named = errors.map(({ at, field, reason }) => ({ field: tidy(field), reason: tidy(reason), ...(at && { at }) }))
  return { state: 'failed', error: { code, message: tidy(message), ...(named.length > 0 && { errors: named }) } }
}

/** What the work tells goes to the store, but its result, which is returned. */
async function doWork({ request }: Job, work: string, data: string, run: Run): Promise<unknown> {
  let result: unknown
  const heard: Run = { ...run, terminal: { ...run.terminal, result: (value) => (result = value) } }
  const out = join(work, jobBundle)
  if (request.kind === 'import') {
    const { kind: _, name: __, file, ...flags } = request
    await importModel(file, { ...withoutGaps(flags), detector: request.detector, out }, heard)
  } else if (request.kind === 'optimisation') {
    const { kind: _, name: __, bundle = currentBundle(data), file, policy, ...options } = request
    const sources = { bundle, file, policy, data, fromLog: file === undefined, seed: 42 }
    const write = (found: PolicyDefinition) => writeFileAtomically(join(work, policyName), formatYaml(found))
    await optimisePolicy({ ...withoutGaps(options), ...sources }, write, heard)
  } else if (request.kind === 'backtest') {
    result = await runBacktest(request, work, data, heard)
  } else if (request.kind === 'comparison') {
    result = await runComparison(request, work, data, heard)
  } else {
    await train(request.file, { ...flagsOf(request), data, out, report: join(work, reportName) }, heard)
  }
  return result
}

function flagsOf(request: TrainingRequest): Omit<TrainFlags, 'data' | 'out'> {
  const { kind: _, name: __, file, model = {}, ...flags } = request
  const { maxDepth, oversample, ...options } = model
  return {
    ...usualTraining,
    ...withoutGaps(options),
    ...withoutGaps(flags),
    ...(maxDepth !== undefined && { maxDepth: maxDepth ?? 'none' }),
    ...(oversample !== undefined && { oversample: oversample ?? 'none' }),
    ...(file === undefined && { fromLog: true }),
  }
}

/** Options that are undefined are left out, so that what stands before them counts. */
function withoutGaps(options: object) {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

function jobRun(store: JobStore, id: string, run: Run, tidy: (text: string) => string): Run {
  const tell = (kind: JobEvent['kind'], text: string, counts: object = {}) =>
    store.append(id, {
      atMs: run.nowMs(),
      kind,
      text: tidy(text).slice(0, longestText),
      ...counts,
    })
  const begin = (what: string) => {
    let toldMs = Number.NEGATIVE_INFINITY
    tell('begin', what)
    return {
      update(done: number, total: number) {
        if (run.nowMs() - toldMs < tellEveryMs) return
        toldMs = run.nowMs()
        tell('update', what, { done, total })
      },
      end: (outcome?: string) => tell('end', outcome === undefined ? what : `${what}: ${outcome}`),
    }
  }
  const note = (text: string) => tell('note', text)
  const warn = (text: string) => tell('warning', text)
  return { ...run, begin, note, warn, terminal: { begin, note, warn, say: note, result: () => {}, clear: () => {} } }
}
