import type { HttpContext } from './http-context.ts'
import { inputSchema } from './schemas/input.ts'
import { predictionSchema } from './schemas/prediction.ts'
import { itemErrorSchema, problemSchema } from './schemas/problem.ts'

const input = { $ref: '#/components/schemas/Input' }
const prediction = { $ref: '#/components/schemas/Prediction' }
const answer = { oneOf: [prediction, { $ref: '#/components/schemas/ItemError' }] }

/** The OpenAPI 3.1 document of the model being served: its own field names, and a real example. */
export function describeApi({ model, version, apiKeys }: HttpContext): object {
  const { modelId, inputs, example } = model.current
  const isGuarded = apiKeys.length > 0
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
    tags: [{ name: 'predictions' }, { name: 'operation' }],
    ...(isGuarded ? { security: [{ apiKey: [] }] } : {}),
    paths: paths(example, isGuarded),
    components: {
      schemas: {
        Input: inputSchema(inputs, example),
        Prediction: predictionSchema,
        ItemError: itemErrorSchema,
        Problem: problemSchema,
      },
      ...(isGuarded ? { securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } } } : {}),
    },
  }
}

function paths(example: Readonly<Record<string, number>>, isGuarded: boolean): object {
  const guarded = isGuarded ? [401] : []
  const open = isGuarded ? { security: [] } : {}
  const readable = (summary: string, type: string, operationId: string) => ({
    get: {
      operationId,
      summary,
      tags: ['operation'],
      responses: { 200: content('OK', type, {}), ...problems(guarded) },
    },
  })
  return {
    '/predict/': predictPath('predict', example, guarded),
    '/predict': predictPath('predictWithoutSlash', example, guarded),
    '/predict/batch': batchPath(example, guarded),
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
        responses: { 200: json('It does.', statusSchema('ready')), ...problems([503]) },
      },
    },
    '/metrics': readable('Metrics for Prometheus', 'text/plain', 'metrics'),
    '/openapi.json': readable('This document', 'application/json', 'openapi'),
  }
}

function predictPath(operationId: string, example: object, guarded: readonly number[]): object {
  return {
    post: {
      operationId,
      summary: 'Predict whether one transaction is fraud',
      tags: ['predictions'],
      requestBody: { required: true, content: { 'application/json': { schema: input, example } } },
      responses: { 200: json('The prediction.', prediction), ...problems([400, ...guarded, 408, 413, 415, 422, 503]) },
    },
  }
}

function batchPath(example: object, guarded: readonly number[]): object {
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
          'application/json': { schema: { type: 'array', items: input }, example: [example] },
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
        ...problems([400, ...guarded, 408, 413, 415, 422, 503]),
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

const reasons: Readonly<Record<number, string>> = {
  400: 'The body is empty, no UTF-8 or no JSON.',
  401: 'No API key, or none that is known.',
  408: 'The body did not arrive in time.',
  413: 'The body is too large.',
  415: 'The body is not announced as JSON, or it is compressed.',
  422: 'Fields are missing or no numbers. Every one of them is listed.',
  503: 'Too much to do, or shutting down.',
}

function problems(statuses: readonly number[]): object {
  const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }
  return Object.fromEntries(
    statuses.map((status) => [status, { description: reasons[status] ?? 'Refused.', content: problem }]),
  )
}
