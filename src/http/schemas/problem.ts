import { errorCodes } from '../../core/errors.ts'
import { type Problem, presentError, statusOf } from '../error-status.ts'

export const fieldErrors = {
  type: 'array',
  items: {
    type: 'object',
    properties: {
      field: { type: 'string' },
      reason: { type: 'string' },
      at: {
        type: 'object',
        description: 'Where in the text of a rule: line and column from 1, and offsets.',
        properties: {
          line: { type: 'integer', minimum: 1 },
          column: { type: 'integer', minimum: 1 },
          start: { type: 'integer', minimum: 0 },
          end: { type: 'integer', minimum: 0 },
        },
        required: ['line', 'column', 'start', 'end'],
      },
      id: { type: 'string', description: "Of a label's transaction, where it could be read." },
    },
    required: ['field', 'reason'],
  },
} as const

// Failures of commands are no answer to a request.
const code = {
  type: 'string',
  enum: errorCodes.filter((name) => name === 'INTERNAL' || statusOf[name] !== 500),
  description: 'Stable: messages may change, codes do not.',
}

/** The schema of `Problem`. */
export const problemSchema = {
  type: 'object',
  description: 'Why a request was refused (RFC 9457).',
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code,
    errors: fieldErrors,
  },
  required: ['type', 'title', 'status', 'detail', 'code', 'errors'],
} as const

/** What takes the place of a prediction where one item of many is bad. */
export interface ItemError {
  readonly error: Pick<Problem, 'code' | 'detail' | 'errors'>
  readonly index: number
  /** The transaction's id, where it could be read. */
  readonly id?: string
}

/** The error of the item at `index`, counted from 0, and with this id. */
export function presentItemError(cause: unknown, index: number, id?: string): ItemError {
  const { code, detail, errors } = presentError(cause)
  return { error: { code, detail, errors }, index, ...(id !== undefined && { id }) }
}

export const itemErrorSchema = {
  type: 'object',
  properties: {
    error: {
      type: 'object',
      properties: { code, detail: { type: 'string' }, errors: fieldErrors },
      required: ['code', 'detail', 'errors'],
    },
    index: { type: 'integer', minimum: 0 },
    id: { type: 'string', description: "The transaction's id, where it could be read." },
  },
  required: ['error', 'index'],
} as const
