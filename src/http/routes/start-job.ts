import { jobRequestSchema } from '../../jobs/request.ts'
import { answerBody } from '../answer-body.ts'
import { bytesOfChange, readChange } from '../change-body.ts'
import { principalOf } from '../guard.ts'
import type { JobContext, Route } from '../route.ts'
import { jobSchema, jobsFull, nameTaken } from '../schemas/job.ts'
import { jsonAnswer, jsonBody } from '../schemas/parts.ts'
import { usual } from '../schemas/refused.ts'

/** `POST /v1/jobs`: a training, an import, a search of a policy, a backtest or a comparison, which runs once it is its turn. */
export const startJob: Route<JobContext> = {
  method: 'POST',
  path: '/v1/jobs',
  role: 'author',
  summary: 'Start a training, an import, a search of a policy, a backtest or a comparison',
  bounds: ['load'],
  operationId: 'startJob',
  tag: 'operation',
  details:
    'It runs in a process of its own, one at a time, and writes a bundle, a policy or figures into the data directory.',
  body: () => jsonBody(jobRequestSchema(), { kind: 'training', name: 'cards-2' }),
  answers: { ok: jsonAnswer('The job, which is queued.', jobSchema), refusals: [...usual, nameTaken, jobsFull] },
  handle: (context) => {
    const { limits, held, jobs } = context
    // It may hold a policy.
    const bodyLimits = { limitBytes: bytesOfChange, timeoutMs: limits.bodyTimeoutMs, held }
    return (request, reply) => {
      answerBody(bodyLimits, request.raw, reply, async (bytes) => {
        return JSON.stringify(await jobs.start(readChange(bytes), principalOf(request).name))
      })
    }
  },
}
