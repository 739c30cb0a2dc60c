import { proposalKinds, proposalStates } from '../../access/proposal.ts'
import { FraudError } from '../../core/errors.ts'
import { fieldErrors } from './problem.ts'

const text = { type: 'string' } as const
const time = { type: 'string', format: 'date-time' } as const
const whole = { type: 'integer', minimum: 0 } as const
const maybe = { type: ['string', 'null'] } as const

/** What a change is answered with that waits for somebody else. */
export const pendingAnswer = {
  type: 'object',
  properties: {
    state: { const: 'pending' },
    change: { ...whole, description: 'Its number, for /v1/changes.' },
    hash: { ...text, description: 'Of what an approval is of.' },
    version: whole,
    diff: { type: 'array', items: text, description: 'What it would change.' },
    warnings: { type: 'array', items: { anyOf: [text, fieldErrors.items] } },
  },
  required: ['state', 'change', 'hash'],
} as const

export const proposalAnswer = {
  type: 'object',
  properties: {
    id: whole,
    kind: { enum: proposalKinds },
    content: { type: 'object', description: 'The change, with tokens and hashes in the place of values.' },
    ...{ by: text, why: text, at: time, hash: text, state: { enum: proposalStates } },
    base: { type: ['integer', 'null'], description: 'The version that it is a change of; null where it is of any.' },
    ...{ decidedBy: maybe, decidedAt: { ...maybe, format: 'date-time' }, decidedWhy: maybe },
  },
  required: [
    'id',
    'kind',
    'content',
    'by',
    'why',
    'at',
    'base',
    'hash',
    'state',
    'decidedBy',
    'decidedAt',
    'decidedWhy',
  ],
} as const

export const changeList = {
  type: 'object',
  properties: { changes: { type: 'array', items: proposalAnswer }, cursor: { type: ['integer', 'null'] } },
  required: ['changes', 'cursor'],
} as const

export const decisionBody = {
  type: 'object',
  properties: { hash: text, why: { type: 'string', maxLength: 1000 } },
  required: ['hash'],
  additionalProperties: false,
} as const

export const fourEyesAnswer = { type: 'object', properties: { on: { type: 'boolean' } }, required: ['on'] } as const
export const fourEyesBody = {
  type: 'object',
  properties: { on: { type: 'boolean' }, why: { type: 'string', maxLength: 1000 } },
  required: ['on'],
  additionalProperties: false,
} as const

export const unknownChange = new FraudError('CHANGE_UNKNOWN', 'There is no change with this number')
export const ownerMissing = new FraudError(
  'OWNER_MISSING',
  'It must be known whose this is (four eyes): log in, or use a key with an owner (shrike keys create --owner NAME)',
)
export const decisionRefusals: readonly FraudError[] = [
  new FraudError('CHANGE_DECIDED', 'Change 12 does not wait for approval any more'),
  new FraudError('CHANGE_DIFFERS', 'The hash is not that of this change: look at the change again'),
  new FraudError('SAME_PERSON', 'Somebody else has to look at a change: this one is your own'),
]
