// The yardstick for `POST /v1/decisions`: the same framework, with a schema for the same body and the same answer, that
// decides nothing and keeps nothing. PORT, and the fields of a transaction as JSON: {"TX_AMOUNT": "number", ...}.
import fastify from 'fastify'

const [port, fields] = process.argv.slice(2)
const types: Readonly<Record<string, string>> = JSON.parse(fields)
const properties = Object.fromEntries(Object.entries(types).map(([name, type]) => [name, { type }]))
const idField = Object.keys(types)[0]

const text = { type: 'string' }
const reason = { type: 'object', properties: { code: text, text } }
const decision = {
  type: 'object',
  properties: {
    transactionId: text,
    outcome: text,
    score: { type: 'number' },
    reasons: { type: 'array', items: reason },
    rules: { type: 'array', items: text },
    model: text,
    policy: { type: 'integer' },
    decidedAt: text,
    duplicate: { type: 'boolean' },
    degraded: { type: 'array', items: text },
  },
}

const app = fastify()
const schema = { body: { type: 'object', properties, required: Object.keys(types) }, response: { 200: decision } }
app.post<{ Body: Readonly<Record<string, unknown>> }>('/v1/decisions', { schema }, async ({ body }) => ({
  transactionId: body[idField],
  outcome: 'approve',
  score: 0.0021847652198347,
  reasons: [],
  rules: [],
  model: 'handbook@9f2c41d07ab3',
  policy: 1,
  decidedAt: '2026-11-22T09:00:00.000Z',
  duplicate: false,
  degraded: [],
}))
app.get('/readyz', async () => ({ status: 'ready' }))
await app.listen({ port: Number(port), host: '127.0.0.1' })
