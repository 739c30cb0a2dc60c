import type { Job, JobEvent } from './job.ts'

/** Where jobs are kept (port). Only who holds the turn changes a job; everybody may add one, and ask to cancel one. */
export interface JobStore {
  add(job: Job): void
  /** @throws FraudError JOB_UNKNOWN */
  find(id: string): Job
  /** Oldest first. */
  list(): readonly Job[]
  save(job: Job): void
  append(id: string, event: JobEvent): void
  /** Those after the first `seen`. */
  events(id: string, seen: number): readonly JobEvent[]
  askToCancel(id: string): void
  isCancelAsked(id: string): boolean
  /** An empty folder for what the job writes; it is gone once the job has ended. */
  workPath(id: string): string
  isNameTaken(name: string): boolean
  /** Gives the whole work folder its name at once. */
  publish(id: string, name: string): void
  /** The turn to run a job, which ends with the process; undefined while another process has it. */
  takeTurn(): { release(): void } | undefined
  /** Of jobs whose process ended in between, and of what they left. Only who has the turn may ask for it. */
  settle(nowMs: number): void
}
