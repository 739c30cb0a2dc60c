import { Gauge, type Registry } from 'prom-client'
import { endStates, type Job, openStates } from '../jobs/job.ts'
import { jobKinds } from '../jobs/request.ts'
import { createTally } from './metrics.ts'

export interface JobMetrics {
  readonly ended: (job: Job) => void
  /** Shows these from now on. */
  watch(underway: () => readonly Job[]): void
}

/** Counts the jobs of a service. Names are a promise: docs/reference/metrics.md lists them, and a test compares. */
export function createJobMetrics(registry: Registry, nowMs: () => number): JobMetrics {
  const ended = new Map(jobKinds.flatMap((kind) => endStates.map((state) => [`${kind} ${state}`, 0])))
  const endedHelp = 'Jobs of this service that have ended, by kind and result.'
  createTally(registry, 'shrike_jobs_ended_total', endedHelp, ['kind', 'state'], (set) => {
    for (const kind of jobKinds) {
      for (const state of endStates) set({ kind, state }, ended.get(`${kind} ${state}`) ?? 0)
    }
  })
  let underway: () => readonly Job[] = () => []
  new Gauge({
    name: 'shrike_jobs',
    help: 'Jobs of this service that wait or run.',
    labelNames: ['kind', 'state'],
    registers: [registry],
    collect() {
      const jobs = underway()
      for (const kind of jobKinds) {
        for (const state of openStates) {
          this.set({ kind, state }, jobs.filter((job) => job.request.kind === kind && job.state === state).length)
        }
      }
    },
  })
  new Gauge({
    name: 'shrike_job_running_seconds',
    help: 'How long the current job has been running; 0 without one.',
    labelNames: ['kind'],
    registers: [registry],
    collect() {
      const running = underway().find(({ state }) => state === 'running')
      for (const kind of jobKinds) {
        const startedMs = running?.request.kind === kind ? running.startedMs : undefined
        this.set({ kind }, startedMs === undefined ? 0 : (nowMs() - startedMs) / 1000)
      }
    },
  })
  return {
    ended({ request: { kind }, state }) {
      ended.set(`${kind} ${state}`, (ended.get(`${kind} ${state}`) ?? 0) + 1)
    },
    watch(jobs) {
      underway = jobs
    },
  }
}
