import { userInfo } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { FraudError } from '../core/errors.ts'
import type { Job, JobEvent } from '../jobs/job.ts'
import type { JobStore } from '../jobs/job-store.ts'
import { type JobRequest, readJobRequest } from '../jobs/request.ts'
import { addJob, cancelJob, runApart, settleJobs } from '../jobs/runner.ts'
import { dataDirectory } from '../stores/data-directory.ts'
import { newJobId, openJobFiles } from '../stores/job-files.ts'
import { readBytes } from '../training/read-bytes.ts'
import type { DataFlags } from './log-files.ts'
import type { Run } from './run.ts'
import type { Terminal } from './terminal.ts'

const lookEveryMs = 200

/** Adds the job of a file, runs it and shows what became of it. */
export async function startJob(file: string, { data }: DataFlags, run: Run): Promise<void> {
  const request = await readJobRequest(parse(await readBytes(file, 'The request'), file))
  finish(await runToEnd(request, { data }, run), run.terminal)
}

/** Adds a job, runs it once it is its turn, and shows what it tells. Ctrl-C cancels it. */
export async function runToEnd(request: JobRequest, { data }: DataFlags, run: Run): Promise<Job> {
  const store = openJobFiles(dataDirectory(data))
  settleJobs(store, run.nowMs())
  const { id } = addJob(store, request, { id: newJobId(), by: userName(), nowMs: run.nowMs() })
  run.terminal.say(`job ${id}`)
  const cancel = () => store.askToCancel(id)
  run.signal.addEventListener('abort', cancel, { once: true })
  if (run.signal.aborted) cancel()
  let isOver = false
  const ended = runApart([process.argv[1], 'job', 'run', '--data', data], id, run.signal).finally(() => {
    isOver = true
  })
  for (let place = 0; ; ) {
    const wasOver = isOver
    const told = store.events(id, place)
    for (const { event } of told) tell(event, run.terminal)
    place = told.at(-1)?.place ?? place
    if (told.length > 0) continue
    if (wasOver) break
    await sleep(lookEveryMs)
  }
  await ended
  settleJobs(store, run.nowMs())
  return store.find(id)
}

/** A container may run as a user whom its system has no name for. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `user ${process.getuid?.() ?? 'unknown'}`
  }
}

/** @throws FraudError what it failed with, or INTERRUPTED */
export function requireDone(job: Job): void {
  if (job.state === 'failed' && job.error !== undefined) throw new FraudError(job.error.code, job.error.message)
  if (job.state !== 'done') throw new FraudError('INTERRUPTED', `The job was ${job.state}; nothing was written`)
}

function finish(job: Job, terminal: Terminal): void {
  terminal.result(job)
  requireDone(job)
  terminal.say(describe(job))
}

function tell({ kind, text }: JobEvent, terminal: Terminal): void {
  if (kind === 'warning') terminal.warn(text)
  else if (kind === 'end' || kind === 'note') terminal.say(text)
}

function parse(bytes: Uint8Array, file: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new FraudError('INPUT_INVALID', `${file} is not JSON: ${reason}`, { cause })
  }
}

export async function listJobs({ data }: DataFlags, { terminal, nowMs }: Run): Promise<void> {
  const store = openJobFiles(dataDirectory(data))
  settleJobs(store, nowMs())
  const jobs = store.list()
  terminal.result(jobs)
  for (const job of jobs) terminal.say(describe(job))
}

export async function showJob(id: string, { data }: DataFlags, { terminal, nowMs }: Run): Promise<void> {
  const store = openJobFiles(dataDirectory(data))
  settleJobs(store, nowMs())
  const job = store.find(id)
  const events = allEvents(store, id)
  terminal.result({ ...job, events })
  terminal.say(describe(job))
  for (const event of events) tell(event, terminal)
}

function allEvents(store: JobStore, id: string): readonly JobEvent[] {
  const events: JobEvent[] = []
  for (let told = store.events(id, 0); told.length > 0; told = store.events(id, told.at(-1)?.place ?? 0)) {
    events.push(...told.map(({ event }) => event))
  }
  return events
}

export async function cancel(id: string, { data }: DataFlags, { terminal }: Run): Promise<void> {
  const job = cancelJob(openJobFiles(dataDirectory(data)), id)
  terminal.result(job)
  terminal.say(job.state === 'cancelled' ? `${id} was cancelled` : `${id} will stop`)
}

function describe({ id, request, state, createdMs, error }: Job): string {
  const why = error === undefined ? '' : `  ${error.code}: ${error.message}`
  return `${id}  ${new Date(createdMs).toISOString()}  ${request.kind}  ${request.name}  ${state}${why}`
}
