import type { EventSink } from '../events/event.ts'
import type { Job, JobEvent } from './job.ts'
import type { Jobs } from './jobs.ts'

const lookEveryMs = 500

export interface JobTelling {
  /** A job has ended, which may have happened between two looks. */
  ended(id: string): void
  close(): void
}

/** Tells of jobs as they wait, run, come forward and end. They run in processes of their own, so their files are looked at. */
export function tellJobs(
  jobs: Pick<Jobs, 'underway' | 'find' | 'events'>,
  sink: EventSink,
  onFailure: (error: unknown) => void,
): JobTelling {
  /** What was told last of each until its end is told, with the place of its newest event. */
  const known = new Map<string, { readonly state: Job['state']; readonly place: number }>()

  function tell(job: Job): void {
    const last = known.get(job.id)
    const { place, newest } = newestEvent(jobs, job.id, last?.place ?? 0)
    known.set(job.id, { state: job.state, place })
    if (last?.state === job.state && last.place === place) return
    sink.publish('job', () => toldOf(job, newest))
  }
  function look(): void {
    const underway = jobs.underway()
    for (const job of underway) tell(job)
    const ids = new Set(underway.map(({ id }) => id))
    // One that waits for its turn may be cancelled long before that.
    for (const id of known.keys()) if (!ids.has(id)) tell(jobs.find(id))
  }
  const timer = setInterval(() => {
    try {
      look()
    } catch (error) {
      known.clear()
      onFailure(error)
    }
  }, lookEveryMs).unref()
  return {
    ended(id) {
      tell(jobs.find(id))
      known.delete(id)
    },
    close: () => clearInterval(timer),
  }
}

function newestEvent(jobs: Pick<Jobs, 'events'>, id: string, from: number) {
  let place = from
  let newest: JobEvent | undefined
  for (let told = jobs.events(id, place); told.length > 0; told = jobs.events(id, place)) {
    const last = told[told.length - 1]
    place = last.place
    newest = last.event
  }
  return { place, newest }
}

function toldOf({ request, result: _, ...job }: Job, progress: JobEvent | undefined): object {
  return { ...job, kind: request.kind, name: 'name' in request ? request.name : null, ...(progress && { progress }) }
}
