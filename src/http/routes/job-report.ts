import { FraudError } from '../../core/errors.ts'
import { comparisonFiles, jobPages } from '../../jobs/request.ts'
import { htmlType } from '../browser-answers.ts'
import type { JobContext, Route } from '../route.ts'
import { jobIdParameter, overloaded, unknownJob } from '../schemas/job.ts'
import { jsonAnswer, ref } from '../schemas/parts.ts'
import { reportPolicy } from './report.ts'

/** `GET /v1/jobs/{id}/report`: the page that it left. */
export const jobReport: Route<JobContext> = {
  method: 'GET',
  path: '/v1/jobs/{id}/report',
  role: 'viewer',
  summary: 'The page of a training, a backtest or a comparison',
  bounds: ['load', 'answers'],
  isShown: true,
  answers: 'page',
  handle:
    ({ jobs }) =>
    async ({ params }, reply) => {
      const { request, state } = jobs.find(params.id)
      const name = jobPages[request.kind]
      const page = name && (await jobs.output(params.id, name))
      if (page === undefined) throw missing(`no page: a job of kind ${request.kind}`, state, name !== undefined)
      return reply
        .header('content-type', htmlType)
        .header('content-security-policy', reportPolicy)
        .header('cache-control', 'no-store')
        .send(Buffer.from(page))
    },
}

/** `GET /v1/jobs/{id}/figures`: all figures of a comparison. */
export const jobFigures: Route<JobContext> = {
  method: 'GET',
  path: '/v1/jobs/{id}/figures',
  role: 'viewer',
  summary: 'All figures of a comparison',
  bounds: ['load'],
  operationId: 'jobFigures',
  tag: 'operation',
  parameters: () => [jobIdParameter],
  answers: {
    ok: jsonAnswer('What `shrike models compare --json` prints.', ref('ComparisonFigures')),
    refusals: [unknownJob, overloaded],
  },
  handle:
    ({ jobs }) =>
    async ({ params }, reply) => {
      const { request, state } = jobs.find(params.id)
      const isComparison = request.kind === 'comparison'
      const bytes = isComparison ? await jobs.output(params.id, comparisonFiles.figures) : undefined
      if (bytes === undefined) throw missing(`no figures here: a job of kind ${request.kind}`, state, isComparison)
      return reply
        .header('cache-control', 'no-store')
        .header('content-type', 'application/json; charset=utf-8')
        .send(Buffer.from(bytes))
    },
}

function missing(what: string, state: string, canHave: boolean): FraudError {
  const why = !canHave ? 'never leaves any' : state === 'done' ? 'has left it, and its folder is gone' : `is ${state}`
  return new FraudError('JOB_UNKNOWN', `The job has ${what} ${why}`)
}
