import { FraudError } from '../../core/errors.ts'
import type { JobContext, Route } from '../route.ts'
import { jobIdParameter, jobSchema, overloaded, unknownJob } from '../schemas/job.ts'
import { jsonAnswer } from '../schemas/parts.ts'

/** `GET /v1/jobs`: all of them, oldest first. */
export const jobList: Route<JobContext> = {
  method: 'GET',
  path: '/v1/jobs',
  role: 'viewer',
  summary: 'The jobs, oldest first',
  bounds: ['load'],
  operationId: 'jobs',
  tag: 'operation',
  answers: {
    ok: jsonAnswer('The jobs.', {
      type: 'object',
      properties: { jobs: { type: 'array', items: jobSchema } },
      required: ['jobs'],
    }),
    refusals: [overloaded],
  },
  handle:
    ({ jobs }) =>
    (_request, reply) =>
      reply.header('cache-control', 'no-store').send({ jobs: jobs.list() }),
}

/** `GET /v1/jobs/{id}`. */
export const job: Route<JobContext> = {
  method: 'GET',
  path: '/v1/jobs/{id}',
  role: 'viewer',
  summary: 'One job, with its result',
  bounds: ['load'],
  operationId: 'job',
  tag: 'operation',
  parameters: () => [jobIdParameter],
  answers: { ok: jsonAnswer('The job.', jobSchema), refusals: [unknownJob, overloaded] },
  handle:
    ({ jobs }) =>
    ({ params }, reply) =>
      reply.header('cache-control', 'no-store').send(jobs.find(params.id)),
}

/** `DELETE /v1/jobs/{id}`: cancels it; what became of it is kept. */
export const cancelJob: Route<JobContext> = {
  method: 'DELETE',
  path: '/v1/jobs/{id}',
  role: 'author',
  summary: 'Cancel a job',
  bounds: ['load'],
  operationId: 'cancelJob',
  tag: 'operation',
  parameters: () => [jobIdParameter],
  answers: {
    ok: jsonAnswer('The job; a running one is cancelled within moments.', jobSchema),
    refusals: [unknownJob, new FraudError('JOB_ENDED', 'The job has ended already: it is done'), overloaded],
  },
  handle:
    ({ jobs }) =>
    ({ params }, reply) =>
      reply.send(jobs.cancel(params.id)),
}
