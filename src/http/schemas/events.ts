import { caseActions } from '../../cases/case.ts'
import { type EventType, eventTypes } from '../../events/event.ts'
import { jobKinds } from '../../jobs/request.ts'
import { decisionProperties, object, time } from './decision.ts'
import { jobSchema } from './job.ts'

const text = { type: 'string' } as const
const maybeText = { type: ['string', 'null'] } as const
const maybeNumber = { type: ['number', 'null'] } as const
const { transactionId, outcome, score, model, policy, decidedAt, degraded } = decisionProperties
const { request: _request, result: _result, ...ofJob } = jobSchema.properties

const change = {
  change: { ...maybeText, description: 'The kind of the change.' },
  sequence: { type: 'integer', minimum: 1, description: 'Its place in the log.' },
  by: text,
  reason: text,
  at: time,
} as const

const shapes: Readonly<Record<EventType, object>> = {
  decision: {
    ...{ transactionId, time, outcome, score },
    amount: { type: ['number', 'null'], description: 'As it was sent.' },
    keys: {
      type: 'object',
      additionalProperties: { type: ['string', 'number', 'null'] },
      description: 'What the log keeps of each key: a token, a hash, or the value itself.',
    },
    rules: { type: 'array', items: text, description: 'The ids of those that applied.' },
    ...{ model, policy, decidedAt, degraded },
  },
  label: {
    ...{
      transactionId,
      isFraud: { type: 'boolean' },
      source: maybeText,
      by: maybeText,
      knownAt: time,
      receivedAt: time,
    },
    pending: { type: 'boolean' },
    withdrawn: { type: 'boolean', description: 'Whether it counts no more.' },
  },
  case: {
    case: { ...maybeText, description: 'Its id.' },
    action: { type: 'string', enum: ['transaction', 'label', ...caseActions, 'sample'] },
    transactionId: { ...maybeText, description: 'Of a transaction that came to it, or a label of one.' },
    by: maybeText,
    at: time,
    isClosed: { type: ['boolean', 'null'] },
    claimedBy: maybeText,
  },
  alert: {
    sequence: change.sequence,
    ...{ at: time, by: text },
    state: { type: 'string', enum: ['firing', 'resolved', 'definitions'] },
    ...{ alert: maybeText, subject: maybeText, severity: maybeText, text },
    from: { ...maybeNumber, description: 'The figure before, where there is one.' },
    to: maybeNumber,
  },
  job: {
    ...ofJob,
    kind: { enum: jobKinds },
    name: maybeText,
    progress: object(
      {
        atMs: { type: 'number' },
        kind: { enum: ['begin', 'update', 'end', 'note', 'warning'] },
        text,
        done: { type: 'number' },
        total: { type: 'number' },
      },
      ['done', 'total'],
    ),
  },
  policy: change,
  deployment: { ...change, model: maybeText },
}

const optional = ['startedMs', 'endedMs', 'error', 'progress']

/** The data of a message with events. */
export const eventMessageSchema = object({
  events: {
    type: 'array',
    items: {
      oneOf: eventTypes.map((type) => object({ type: { type: 'string', const: type }, ...shapes[type] }, optional)),
    },
    description: 'Oldest first.',
  },
  leftOut: {
    type: 'object',
    properties: Object.fromEntries(eventTypes.map((type) => [type, { type: 'integer', minimum: 1 }])),
    additionalProperties: false,
    description: 'How many more there were of each type, older than those here.',
  },
})
