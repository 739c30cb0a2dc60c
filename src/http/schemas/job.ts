import { FraudError } from '../../core/errors.ts'
import { jobResultSchemas } from './job-result.ts'
import { ref } from './parts.ts'
import { fieldErrors } from './problem.ts'

export const jobSchema = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    request: ref('JobRequest'),
    by: { type: 'string' },
    isForRegistry: {
      type: 'boolean',
      description:
        'Whether its model becomes one of `GET /v1/models`, at the next start where the service ends before.',
    },
    state: { type: 'string', enum: ['queued', 'running', 'done', 'failed', 'cancelled', 'interrupted'] },
    createdMs: { type: 'number' },
    startedMs: { type: 'number' },
    endedMs: { type: 'number' },
    result: {
      anyOf: [...Object.keys(jobResultSchemas).map(ref), { type: 'null' }],
      description: 'Of its kind: what the command prints as JSON, and the files that it left.',
    },
    error: {
      type: 'object',
      properties: { code: { type: 'string' }, message: { type: 'string' }, errors: fieldErrors },
      required: ['code', 'message'],
    },
  },
  required: ['id', 'request', 'by', 'state', 'createdMs'],
}

export const jobIdParameter = { name: 'id', in: 'path', required: true, schema: { type: 'string' } }

export const unknownJob = new FraudError('JOB_UNKNOWN', 'No job has this id')
export const nameTaken = new FraudError(
  'JOB_NAME_TAKEN',
  'A bundle or a job already has the name cards-2: choose another',
)
export const jobsFull = new FraudError('JOBS_FULL', '20 jobs are already waiting: let them end, or cancel some')
export const overloaded = new FraudError('OVERLOADED', 'The service is overloaded')
