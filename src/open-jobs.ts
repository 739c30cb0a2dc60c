import { FraudError } from './core/errors.ts'
import type { Deployer } from './deciding/deployer.ts'
import type { ModelView } from './deciding/models.ts'
import { createJobMetrics } from './http/job-metrics.ts'
import type { Job } from './jobs/job.ts'
import { type Jobs, runJobs } from './jobs/jobs.ts'
import { jobBundle } from './jobs/request.ts'
import { tellJobs } from './jobs/tell-jobs.ts'
import type { DecisionsConfig } from './open-decisions.ts'
import type { Serving } from './open-serving.ts'
import { dataDirectory } from './stores/data-directory.ts'
import { newJobId, openJobFiles } from './stores/job-files.ts'

/** How jobs are run. */
export interface JobsChoice {
  /** The arguments of a process that runs the job whose id follows them. */
  readonly args: readonly string[]
  /** The folder that requests may name files of. */
  readonly files: string | undefined
}

interface JobsConfig {
  readonly decisions?: DecisionsConfig | undefined
  readonly jobs?: JobsChoice | undefined
}

/**
 * Data directory -> the jobs that are asked for over HTTP, which only who has it to itself runs; undefined where no decisions
 * are made or no jobs are wanted.
 *
 * @param begin resolves once jobs that wait may be taken up; by default they may at once.
 */
export async function openJobs(
  { decisions: config, jobs: choice }: JobsConfig,
  { decisions, log, metrics }: Pick<Serving, 'decisions' | 'log' | 'metrics'>,
  begin?: Promise<void>,
): Promise<Jobs | undefined> {
  if (decisions === undefined || config === undefined || choice === undefined) return undefined
  const counted = createJobMetrics(metrics.registry, Date.now)
  const onFailure = (error: unknown) => log.error({ err: error }, 'a job could not be run')
  const keep = (job: Job) =>
    keepModel(job, jobs, decisions.service.deployer).catch((cause: unknown) => {
      if (!(cause instanceof FraudError)) return onFailure(cause)
      const { code, message: reason } = cause
      log.warn({ job: job.id, code, reason }, 'the model of a job is not added to the models')
    })
  const jobs = runJobs({
    ...choice,
    data: config.directory,
    store: openJobFiles(dataDirectory(config.directory)),
    newId: newJobId,
    nowMs: Date.now,
    onEnd(job) {
      const { id, request, state, error } = job
      counted.ended(job)
      telling.ended(job.id)
      log.info({ job: id, kind: request.kind, state, ...(error && { code: error.code }) }, 'a job has ended')
      void keep(job)
    },
    onFailure,
    begin,
  })
  counted.watch(jobs.underway)
  void Promise.resolve(begin).then(() => Promise.all(jobs.list().map(keep)), onFailure)
  const telling = tellJobs(jobs, decisions.service.events, onFailure)
  return {
    ...jobs,
    close() {
      telling.close()
      return jobs.close()
    },
  }
}

/**
 * The model of a training or an import is one of the service's models at once, without a role; at the next start where the
 * service ended before.
 */
async function keepModel(job: Job, jobs: Jobs, deployer: Deployer | undefined): Promise<void> {
  const { id, request, by, state, createdMs, isForRegistry } = job
  if (state !== 'done' || isForRegistry !== true || deployer === undefined) return
  const why = `${request.kind} ${request.name}`
  const isOfJob = (model: ModelView) => model.why === why && Date.parse(model.addedAt) >= createdMs
  if (deployer.models.list().some(isOfJob)) return
  const bytes = await jobs.output(id, jobBundle)
  if (bytes === undefined || (await deployer.models.wasRemovedSince(createdMs, bytes))) return
  // What decides is what it is meant to follow, and is held against.
  const isKept = await deployer.keepServed({ by, why: `It decided at the ${why}` })
  await deployer.models.add(bytes, { by, why, ...(isKept && { parent: deployer.servedId }) })
}
