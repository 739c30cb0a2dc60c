import { spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import { FraudError } from '../core/errors.ts'
import { hasEnded, type Job } from './job.ts'
import type { JobStore } from './job-store.ts'
import type { JobRequest } from './request.ts'

/** How long a job may take to end in order once it is told to. */
const graceMs = 5000

export interface Asked extends Pick<Job, 'id' | 'by' | 'isForRegistry'> {
  readonly nowMs: number
}

/** @throws FraudError JOB_NAME_TAKEN where a bundle has the name, or a job that has not ended will give it to one */
export function addJob(store: JobStore, request: JobRequest, { nowMs, ...asked }: Asked): Job {
  const { name } = request
  if (store.isNameTaken(name) || store.list().some((job) => !hasEnded(job) && job.request.name === name)) {
    throw new FraudError('JOB_NAME_TAKEN', `A bundle or a job already has the name ${name}: choose another`)
  }
  const job: Job = { ...asked, request, state: 'queued', createdMs: nowMs }
  store.add(job)
  return job
}

/** @throws FraudError JOB_UNKNOWN, JOB_ENDED */
export function cancelJob(store: JobStore, id: string): Job {
  const job = store.find(id)
  if (hasEnded(job)) throw new FraudError('JOB_ENDED', `The job has ended already: it is ${job.state}`)
  store.askToCancel(id)
  return store.find(id)
}

/** Has something done that only who has the turn may do; false where another process has it. */
export function inTurn(store: JobStore, work: () => void): boolean {
  const turn = store.takeTurn()
  if (turn === undefined) return false
  try {
    work()
  } finally {
    turn.release()
  }
  return true
}

/** Jobs whose process was killed are told as such, and what they left is removed, unless one is running. */
export function settleJobs(store: JobStore, nowMs: number): void {
  inTurn(store, () => store.settle(nowMs))
}

/**
 * Runs a job in a process of its own at the lowest priority, and resolves once that has ended. The process waits for its
 * turn, and ends as interrupted with this one: the channel between them closes.
 */
export async function runApart(args: readonly string[], id: string, signal: AbortSignal): Promise<void> {
  const child = spawn(process.execPath, [...process.execArgv, ...args, id], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    // Ctrl-C is for the process that started it, which cancels the job or ends with it.
    detached: true,
  })
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    // Its end, since `close` does not come once the channel was closed from here.
    child.once('exit', () => resolve())
  })
  if (child.pid !== undefined) setPriority(child.pid, 19)
  const stop = () => {
    if (child.connected) child.disconnect()
    setTimeout(() => child.kill('SIGKILL'), graceMs).unref()
  }
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  await ended.finally(() => signal.removeEventListener('abort', stop))
}
