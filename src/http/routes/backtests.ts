import { randomUUID } from 'node:crypto'
import { FraudError } from '../../core/errors.ts'
import { isRecord } from '../../core/json-value.ts'
import { backtestFiles, backtestRequestSchema } from '../../jobs/request.ts'
import { answerBody } from '../answer-body.ts'
import { htmlType } from '../browser-answers.ts'
import { bytesOfChange, readChange } from '../change-body.ts'
import { principalOf } from '../guard.ts'
import type { JobContext, Route } from '../route.ts'
import { jobIdParameter, jobSchema, jobsFull, nameTaken, overloaded, unknownJob } from '../schemas/job.ts'
import { jsonAnswer, jsonBody, ref } from '../schemas/parts.ts'
import { usual } from '../schemas/refused.ts'
import { reportPolicy } from './report.ts'

const example = { rule: { id: 'large', when: 'amount > 500.0 && score > 0.3', then: 'decline' } }

/** `POST /v1/backtests`: a job of this kind; without a name it gets one. */
export const startBacktest: Route<JobContext> = {
  method: 'POST',
  path: '/v1/backtests',
  role: 'author',
  summary: 'Test a rule, a list, a policy or a model on past decisions',
  bounds: ['load'],
  operationId: 'startBacktest',
  tag: 'policy',
  details:
    'It is a job: it runs in a process of its own, and writes its figures and their page into the data directory.',
  body: () => jsonBody(backtestRequestSchema(), example),
  answers: {
    ok: jsonAnswer('The job, which is queued.', jobSchema),
    okStatus: 202,
    refusals: [...usual, nameTaken, jobsFull],
  },
  handle: (context) => {
    const { limits, held, jobs } = context
    const bodyLimits = { limitBytes: bytesOfChange, timeoutMs: limits.bodyTimeoutMs, held }
    return (request, reply) => {
      answerBody(bodyLimits, request.raw, reply, async (bytes) => {
        const value = readChange(bytes)
        const given = isRecord(value) ? { name: `backtest-${randomUUID()}`, ...value, kind: 'backtest' } : value
        const job = await jobs.start(given, principalOf(request).name)
        reply.code(202)
        return JSON.stringify(job)
      })
    }
  },
}

/** `GET /v1/backtests/{id}`: the job, with all figures once it is done. */
export const backtest: Route<JobContext> = {
  method: 'GET',
  path: '/v1/backtests/{id}',
  role: 'viewer',
  summary: 'A backtest, with its figures once it is done',
  bounds: ['load'],
  operationId: 'backtest',
  tag: 'policy',
  parameters: () => [jobIdParameter],
  answers: {
    ok: jsonAnswer('The job. `figures` is what `shrike backtest --json` prints; it is missing until the job is done.', {
      ...jobSchema,
      properties: { ...jobSchema.properties, figures: ref('BacktestFigures') },
    }),
    refusals: [unknownJob, overloaded],
  },
  handle:
    ({ jobs }) =>
    async ({ params }, reply) => {
      const job = backtestOf(jobs, params.id)
      const bytes = await jobs.output(params.id, backtestFiles.figures)
      const figures = bytes && { figures: JSON.parse(Buffer.from(bytes).toString('utf8')) }
      return reply.header('cache-control', 'no-store').send({ ...job, ...figures })
    },
}

/** `GET /v1/backtests/{id}/report`: its page. */
export const backtestReport: Route<JobContext> = {
  method: 'GET',
  path: '/v1/backtests/{id}/report',
  role: 'viewer',
  summary: 'The page of a backtest',
  bounds: ['load', 'answers'],
  isShown: true,
  answers: 'page',
  handle:
    ({ jobs }) =>
    async ({ params }, reply) => {
      const { state } = backtestOf(jobs, params.id)
      const page = await jobs.output(params.id, backtestFiles.page)
      if (page === undefined)
        throw new FraudError(
          'JOB_UNKNOWN',
          `The backtest has no page: it is ${state}${state === 'done' ? ', and its folder is gone' : ''}`,
        )
      return reply
        .header('content-type', htmlType)
        .header('content-security-policy', reportPolicy)
        .header('cache-control', 'no-store')
        .send(Buffer.from(page))
    },
}

function backtestOf(jobs: JobContext['jobs'], id: string) {
  const job = jobs.find(id)
  if (job.request.kind !== 'backtest') throw new FraudError('JOB_UNKNOWN', 'No backtest has this id')
  return job
}
