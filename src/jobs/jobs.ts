import { realpathSync } from 'node:fs'
import { resolve, sep } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { FraudError } from '../core/errors.ts'
import { option } from '../core/option.ts'
import { hasEnded, type Job, type PlacedEvent } from './job.ts'
import type { JobStore } from './job-store.ts'
import { type JobRequest, noModel, readJobRequest } from './request.ts'
import { addJob, cancelJob, inTurn, runApart, settleJobs } from './runner.ts'
import { withoutFolders } from './without-folders.ts'

export interface JobsConfig {
  readonly store: JobStore
  /** The arguments of a process that runs the job whose id follows them. */
  readonly args: readonly string[]
  /** The folder that requests may name files of; without it they name none. */
  readonly files: string | undefined
  /** The data directory: callers are told what is in it and in the folder of files, but not where these are. */
  readonly data: string
  readonly newId: () => string
  readonly nowMs: () => number
  readonly onEnd: (job: Job) => void
  readonly onFailure: (error: unknown) => void
  /** Resolves once this process may take up jobs that wait; without it, it may at once. */
  readonly begin?: Promise<void> | undefined
  /** How long after a failure a job that still waits is begun again. */
  readonly retryMs?: number
}

/** Jobs that are asked for from elsewhere: they run one after the other, while the service does. */
export interface Jobs {
  /** @throws FraudError INPUT_INVALID, JOB_NAME_TAKEN, JOBS_FULL */
  start(request: unknown, by: string): Promise<Job>
  list(): readonly Job[]
  find(id: string): Job
  /** A file that a job made. Undefined where it made none of that name, or where it was deleted. */
  output(id: string, name: string): Promise<Uint8Array | undefined>
  events(id: string, place: number): readonly PlacedEvent[]
  cancel(id: string): Job
  /** Those that were asked of this service, and wait or run. */
  underway(): readonly Job[]
  /** Ends the job that runs as interrupted; those that wait are run by the next service. */
  close(): Promise<void>
}

/** Jobs that may wait for their turn. */
const mostWaiting = 20

/** Takes up the jobs that wait, and says of those whose process ended with the service before that they were interrupted. */
export function runJobs(config: JobsConfig): Jobs {
  const { store, args, files, data, newId, nowMs, onEnd, onFailure, begin, retryMs = 10_000 } = config
  const closing = new AbortController()
  let running: { readonly id: string; readonly stop: AbortController } | undefined
  let last = Promise.resolve()
  const underway = new Set<string>()
  const told = withoutFolders(files === undefined ? [data] : [data, files])

  async function runNext(id: string): Promise<void> {
    if (closing.signal.aborted) return
    if (store.find(id).state === 'queued') await run(id)
    const job = store.find(id)
    if (hasEnded(job)) onEnd(job)
  }
  /** What could not even be begun, since the disk is full, say, waits on: nobody else would begin it. */
  async function untilBegun(id: string): Promise<void> {
    for (;;) {
      try {
        return await runNext(id)
      } catch (error) {
        onFailure(error)
      }
      if (store.find(id).state !== 'queued') return
      await sleep(retryMs, undefined, { signal: closing.signal }).catch(() => {})
    }
  }
  async function run(id: string): Promise<void> {
    const stop = new AbortController()
    running = { id, stop }
    await runApart(args, id, AbortSignal.any([closing.signal, stop.signal])).finally(() => {
      running = undefined
    })
    inTurn(store, () => {
      store.settle(nowMs())
      const job = store.find(id)
      if (job.state === 'queued' && !closing.signal.aborted) store.save({ ...job, ...neverBegan, endedMs: nowMs() })
    })
  }
  const enqueue = ({ id }: Job) => {
    underway.add(id)
    last = last
      .then(() => untilBegun(id))
      .catch(onFailure)
      .finally(() => underway.delete(id))
  }
  const takeUp = () => {
    settleJobs(store, nowMs())
    for (const job of store.list()) if (job.state === 'queued' && !underway.has(job.id)) enqueue(job)
  }
  if (begin === undefined) takeUp()
  else begin.then(() => closing.signal.aborted || takeUp(), onFailure)
  return {
    async start(value, by) {
      const request = within(await readJobRequest(value), files)
      if (store.list().filter(({ state }) => state === 'queued').length >= mostWaiting)
        throw new FraudError('JOBS_FULL', `${mostWaiting} jobs are already waiting: let them end, or cancel some`)
      const isForRegistry = (request.kind === 'training' || request.kind === 'import') && {
        isForRegistry: true as const,
      }
      const job = addJob(store, request, { id: newId(), by, nowMs: nowMs(), ...isForRegistry })
      enqueue(job)
      return told(job)
    },
    list: () => told(store.list()),
    find: (id) => told(store.find(id)),
    output: (id, name) => store.readOutput(id, name),
    events: (id, place) => told(store.events(id, place)),
    cancel(id) {
      const job = cancelJob(store, id)
      if (running?.id === id) running.stop.abort()
      return told(job)
    },
    underway: () => [...underway].map(store.find).filter((job) => !hasEnded(job)),
    close() {
      closing.abort()
      return last
    },
  }
}

const neverBegan = {
  state: 'failed',
  error: {
    code: 'INTERNAL',
    message: "The job's process ended before it started the work: the service's log has the cause",
  },
} as const

/** The request with the real paths of its files, none of which is outside of the folder, not by a link either. */
function within(request: JobRequest, files: string | undefined): JobRequest {
  const named = Object.entries(request).flatMap(([field, path]) =>
    pathFields.includes(field) &&
    typeof path === 'string' &&
    !(modelFields.includes(field) && (modelId.test(path) || path === noModel))
      ? [[field, realPathWithin(field, path, files)]]
      : [],
  )
  return { ...request, ...Object.fromEntries(named) }
}

/** A bundle of the data directory is named by its id. */
const modelId = /^[^/\\]{1,64}@[0-9a-f]{12}$/
const modelFields: readonly string[] = ['model', 'a', 'b']
const pathFields: readonly string[] = ['file', 'detector', 'bundle', ...modelFields]

function realPathWithin(field: string, path: string, files: string | undefined): string {
  const refuse = (reason: string) =>
    new FraudError('INPUT_INVALID', `Not a valid job: ${field}: ${reason}`, { errors: [{ field, reason }] })
  if (files === undefined)
    throw refuse(`the service was not given a folder of files that jobs may read (${option('jobFiles')})`)
  const missing = refuse('it is not a file in the folder that jobs may read')
  try {
    const root = realpathSync(files)
    const real = realpathSync(resolve(root, path))
    if (real.startsWith(root + sep)) return real
  } catch {
    // Whether there is such a file elsewhere is not told.
  }
  throw missing
}
