import type { Job, JobEvent, PlacedEvent } from './job.ts'

/** Where jobs are kept (port). Only who holds the turn changes a job; everybody may add one, and ask to cancel one. */
export interface JobStore {
  add(job: Job): void
  /** @throws FraudError JOB_UNKNOWN */
  find(id: string): Job
  /** Oldest first. */
  list(): readonly Job[]
  save(job: Job): void
  append(id: string, event: JobEvent): void
  /** Some of those behind a place, all of them from 0 on; none once there are no more. */
  events(id: string, place: number): readonly PlacedEvent[]
  askToCancel(id: string): void
  isCancelAsked(id: string): boolean
  /** An empty folder for what the job writes; it is gone once the job has ended. */
  workPath(id: string): string
  isNameTaken(name: string): boolean
  /** A file of the folder that a job which is done has made; undefined where there is none. @throws FraudError JOB_UNKNOWN */
  readOutput(id: string, name: string): Promise<Uint8Array | undefined>
  /** Gives the whole work folder its name at once, with the job that ended by this in it. */
  publish(done: Job): void
  /** The turn to run a job, which ends with the process; undefined while another process has it. */
  takeTurn(): { release(): void } | undefined
  /** Ends jobs whose process was killed, removes what they left, and forgets the oldest. Only who has the turn may ask for it. */
  settle(nowMs: number): void
}
