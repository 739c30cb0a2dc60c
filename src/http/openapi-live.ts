import type { Detector } from '../core/detector-schema.ts'
import { FraudError } from '../core/errors.ts'
import { pageParameters } from './schemas/requests.ts'

/** How a path's answers are described: a schema, and the refusals beside it. */
export interface Describe {
  json(description: string, schema: object): object
  refusals(codes: readonly FraudError[]): object
}

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })
const refused = {
  conflict: new FraudError(
    'TRANSACTION_CONFLICT',
    'A transaction with this id was already received with different content',
    {
      errors: [{ field: 'amount', reason: 'differs from what was sent first' }],
    },
  ),
  unknown: new FraudError('TRANSACTION_UNKNOWN', 'No decision of this id is in the log'),
  unexplained: new FraudError('EXPLANATION_UNAVAILABLE', 'cards@0b4f made this decision, and cards@77d1 is in force'),
  full: new FraudError('PENDING_LABELS_FULL', '100000 labels already wait for transactions that have not come'),
  contradicted: new FraudError('LABELS_FULL', 'Transaction "order-48213" already has 100 labels'),
  card: new FraudError('CARD_NUMBER_REFUSED', 'Card numbers are not taken in', {
    errors: [{ field: 'value', reason: 'holds what is a card number by its digits; send a token in its place' }],
  }),
  incomplete: new FraudError(
    'ERASURE_INCOMPLETE',
    "The customer's token was erased, but 3 records of before customer was personal hold the value in plain text",
  ),
  unavailable: new FraudError('LOG_UNAVAILABLE', 'The log could not be written'),
}

const explainParameter = {
  name: 'explain',
  in: 'query',
  description: 'Whether to say what features added, of an approval, too.',
  schema: { type: 'boolean', default: false },
}

/** An array of items that are answered one by one: a bad one is answered by an error in its place. */
export const items = (schema: object) => ({
  type: 'array',
  items: { anyOf: [schema, { description: 'Answered by an error in its place.' }] },
})

const body = (schema: object, example: unknown) => ({
  required: true,
  content: { 'application/json': { schema, example } },
})

/** The paths of decisions and labels. */
export function livePaths(example: object, detector: Detector, describe: Describe): object {
  return { ...decisionPaths(example, detector, describe), ...batchPath(example, describe), ...otherPaths(describe) }
}

/** What a decision's answer may be used for next. */
const links = {
  decision: {
    operationId: 'decision',
    parameters: { id: '$response.body#/transactionId' },
    description: 'All that is known of it.',
  },
  search: {
    operationId: 'search',
    requestBody: { text: '$response.body#/transactionId' },
    description: 'The same as a page.',
  },
}

function decisionPaths(example: object, detector: Detector, { json, refusals }: Describe): object {
  return {
    '/v1/decisions': {
      post: {
        operationId: 'decide',
        summary: 'Decide one transaction, durably',
        description: 'The same id with the same content gets the first answer again, with other content 409.',
        tags: ['decisions'],
        parameters: [explainParameter],
        requestBody: body(ref('Transaction'), example),
        responses: {
          200: { ...json('The decision; its record is on disk.', ref('Decision')), links },
          ...refusals([refused.conflict, refused.unavailable]),
        },
      },
      get: {
        operationId: 'decisions',
        summary: 'Pages of decisions, newest first',
        tags: ['decisions'],
        parameters: pageParameters(detector),
        responses: { 200: json('A page.', ref('DecisionPage')), ...refusals([]) },
      },
    },
    '/v1/decisions/{id}': {
      get: {
        operationId: 'decision',
        summary: 'One decision, with its transaction, features and labels',
        tags: ['decisions'],
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }, explainParameter],
        responses: {
          200: json('All that is known of it.', ref('DecisionDetail')),
          ...refusals([refused.unknown, refused.unexplained]),
        },
      },
    },
  }
}

function batchPath(example: object, { refusals }: Describe): object {
  const answers = { type: 'array', items: { anyOf: [ref('Decision'), ref('ItemError')] } }
  const lines = { type: 'string', description: 'One object a line.' }
  return {
    '/v1/decisions/batch': {
      post: {
        operationId: 'decideBatch',
        summary: 'Decide many, one answer each, in order',
        tags: ['decisions'],
        requestBody: {
          required: true,
          content: {
            'application/json': { schema: items(ref('Transaction')), example: [example] },
            'application/x-ndjson': { schema: lines, example: `${JSON.stringify(example)}\n` },
          },
        },
        responses: {
          200: {
            description: 'The answers.',
            content: { 'application/json': { schema: answers }, 'application/x-ndjson': { schema: lines } },
          },
          ...refusals([refused.unavailable]),
        },
      },
    },
  }
}

function otherPaths({ json, refusals }: Describe): object {
  const label = { transactionId: 't-1', isFraud: true, source: 'chargeback' }
  return {
    '/v1/labels': {
      post: {
        operationId: 'label',
        summary: 'What transactions turned out to be',
        description:
          'One label or an array, durable before it is answered; an array is checked as a whole first, and a refused one ' +
          'changes nothing. Of CSV and NDJSON each line stands alone, and the answer is what became of them together.',
        tags: ['labels'],
        requestBody: {
          required: true,
          content: {
            'application/json': {
              schema: { oneOf: [ref('Label'), { type: 'array', items: ref('Label') }] },
              example: label,
            },
            'application/x-ndjson': { schema: labelLines, example: `${JSON.stringify(label)}\n` },
            'text/csv': { schema: labelCsv, example: 'transactionId,isFraud,source\nt-1,true,chargeback\n' },
          },
        },
        responses: {
          200: json('What is known now; of CSV and NDJSON, how much of it is new.', {
            oneOf: [ref('LabelAnswer'), { type: 'array', items: ref('LabelAnswer') }, ref('LabelReport')],
          }),
          ...refusals([refused.unavailable, refused.full, refused.contradicted]),
        },
      },
    },
    '/v1/search': {
      post: {
        operationId: 'search',
        summary: "Decisions of a key's value, or of a transaction's id",
        description:
          'Card numbers and persons are replaced as in a transaction before anything is looked for, and are never in a URL.',
        tags: ['decisions'],
        requestBody: body({ oneOf: [ref('KeySearch'), ref('TextSearch')] }, { text: 't-1' }),
        responses: { 200: json('A page, newest first.', ref('SearchPage')), ...refusals([refused.card]) },
      },
    },
    '/v1/erasures': {
      post: {
        operationId: 'erase',
        summary: 'Erase a person',
        description:
          'What the token of a personal value stands for is gone from every file before this is answered. Records of ' +
          'before its key was personal hold it in plain text: then that is refused.',
        tags: ['operation'],
        requestBody: body(ref('Erasure'), { key: 'customer', value: 'c-1' }),
        responses: {
          200: json('Whether there was one.', erased),
          ...refusals([refused.incomplete, refused.unavailable]),
        },
      },
    },
  }
}

const labelLines = { type: 'string', description: 'One label a line.' }
const labelCsv = {
  type: 'string',
  description:
    'A header with the fields of a label, and one label a line; isFraud as true or false, 1 or 0, yes or no.',
}

const erased = {
  type: 'object',
  properties: { erased: { type: 'boolean' }, token: { type: ['string', 'null'] } },
  required: ['erased', 'token'],
}
