import { FraudError } from '../core/errors.ts'
import { presentError } from './error-status.ts'
import type { HttpContext } from './http-context.ts'
import { items, livePaths } from './openapi-live.ts'
import { decisionSchemas, transactionExample, transactionSchema } from './schemas/decision.ts'
import { inputSchema, nestedExample } from './schemas/input.ts'
import { predictionSchema } from './schemas/prediction.ts'
import { itemErrorSchema, problemSchema } from './schemas/problem.ts'
import { requestSchemas } from './schemas/requests.ts'

const input = { $ref: '#/components/schemas/Input' }
const prediction = { $ref: '#/components/schemas/Prediction' }
const answer = { oneOf: [prediction, { $ref: '#/components/schemas/ItemError' }] }

/** The OpenAPI 3.1 document of the model being served: its own field names, and a real example. */
export function describeApi({ model, live, version, isGuarded: asksForKey }: HttpContext): object {
  const { modelId, inputs, example } = model.current
  const isGuarded = asksForKey()
  const transaction = live ? transactionExample(live.live, live.newestMs) : {}
  return {
    openapi: '3.1.1',
    info: {
      title: 'Shrike',
      version,
      summary: 'Real-time card-fraud detection',
      description: `Serving \`${modelId}\`. Errors are \`application/problem+json\` with a stable \`code\`.`,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [
      ...(live ? [{ name: 'decisions' }, { name: 'labels' }] : []),
      { name: 'predictions' },
      { name: 'operation' },
    ],
    ...(isGuarded ? { security: [{ apiKey: [] }] } : {}),
    paths: {
      ...(live &&
        livePaths(transaction, live.live.detector, { json, refusals: (more) => refusalsOf(isGuarded, more) })),
      ...paths(nestedExample(example), isGuarded),
    },
    components: {
      schemas: {
        Input: inputSchema(inputs, example),
        Prediction: predictionSchema,
        ItemError: itemErrorSchema,
        Problem: problemSchema,
        ...(live && {
          Transaction: transactionSchema(live.live, transaction),
          ...decisionSchemas,
          ...requestSchemas(live.live.detector),
        }),
      },
      ...(isGuarded ? { securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } } } : {}),
    },
  }
}

function paths(example: object, isGuarded: boolean): object {
  const guarded = isGuarded ? problems(refusals.filter(({ code }) => code === 'UNAUTHORIZED')) : {}
  const open = isGuarded ? { security: [] } : {}
  const readable = (summary: string, type: string, operationId: string) => ({
    get: {
      operationId,
      summary,
      tags: ['operation'],
      responses: { 200: content('OK', type, {}), ...guarded },
    },
  })
  return {
    '/predict/': predictPath('predict', example, isGuarded),
    '/predict': predictPath('predictWithoutSlash', example, isGuarded),
    '/predict/batch': batchPath(example, isGuarded),
    '/healthz': {
      get: {
        operationId: 'health',
        summary: 'Whether the process answers',
        tags: ['operation'],
        ...open,
        responses: { 200: json('It does.', statusSchema('ok')) },
      },
    },
    '/readyz': {
      get: {
        operationId: 'readiness',
        summary: 'Whether the service takes new work',
        tags: ['operation'],
        ...open,
        responses: {
          200: json('It does.', statusSchema('ready')),
          ...problems([new FraudError('NOT_READY', 'The service is shutting down')]),
        },
      },
    },
    '/metrics': readable('Metrics for Prometheus', 'text/plain', 'metrics'),
    '/openapi.json': readable('This document', 'application/json', 'openapi'),
  }
}

function predictPath(operationId: string, example: object, isGuarded: boolean): object {
  return {
    post: {
      operationId,
      summary: 'Predict whether one transaction is fraud',
      tags: ['predictions'],
      requestBody: { required: true, content: { 'application/json': { schema: input, example } } },
      responses: { 200: json('The prediction.', prediction), ...refusalsOf(isGuarded) },
    },
  }
}

function batchPath(example: object, isGuarded: boolean): object {
  const lines = { type: 'string', description: 'One object a line.' }
  return {
    post: {
      operationId: 'predictBatch',
      summary: 'Predict for many, one answer each, in order',
      description:
        'A bad item is answered by an error in its place, and the rest goes on. NDJSON is answered a line for a line, while it arrives.',
      tags: ['predictions'],
      requestBody: {
        required: true,
        content: {
          'application/json': { schema: items(input), example: [example] },
          'application/x-ndjson': { schema: lines, example: `${JSON.stringify(example)}\n` },
        },
      },
      responses: {
        200: {
          description: 'The answers.',
          content: {
            'application/json': { schema: { type: 'array', items: answer } },
            'application/x-ndjson': { schema: lines },
          },
        },
        ...refusalsOf(isGuarded),
      },
    },
  }
}

function statusSchema(status: string): object {
  return {
    type: 'object',
    properties: { status: { const: status }, model: { type: 'string' } },
    required: ['status'],
  }
}

function json(description: string, schema: object): object {
  return content(description, 'application/json', schema)
}

function content(description: string, type: string, schema: object): object {
  return { description, content: { [type]: { schema } } }
}

const refusals: readonly FraudError[] = [
  new FraudError('BODY_INVALID', 'The body is not valid JSON'),
  new FraudError('UNAUTHORIZED', 'Send one of the API keys as Authorization: Bearer KEY'),
  new FraudError('REQUEST_TIMEOUT', 'The body did not arrive within 10 s'),
  new FraudError('BODY_TOO_LARGE', 'The body is over the limit of 65536 bytes'),
  new FraudError('MEDIA_TYPE_UNSUPPORTED', 'Send the body with Content-Type: application/json'),
  new FraudError('INPUT_INVALID', '1 field is not what the model needs', {
    errors: [{ field: 'Amount', reason: 'is missing' }],
  }),
  new FraudError('OVERLOADED', 'The service is overloaded'),
]

/** The refusals of a prediction; a key is asked for only where there are keys. */
function refusalsOf(isGuarded: boolean, more: readonly FraudError[] = []): object {
  const forbidden = new FraudError('FORBIDDEN', 'This key does not have the role score')
  const keys = more.length > 0 ? [forbidden] : []
  return problems(
    [...refusals, ...keys, ...more].filter(
      ({ code }) => isGuarded || (code !== 'UNAUTHORIZED' && code !== 'FORBIDDEN'),
    ),
  )
}

function problems(errors: readonly FraudError[]): object {
  const schema = { $ref: '#/components/schemas/Problem' }
  return Object.fromEntries(
    errors.map((error) => {
      const example = presentError(error)
      const content = { 'application/problem+json': { schema, example } }
      return [example.status, { description: example.title, content }]
    }),
  )
}
