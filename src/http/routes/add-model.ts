import { isRecord } from '../../core/json-value.ts'
import { readBody } from '../body.ts'
import { isSentByCurl } from '../change-body.ts'
import { principalOf } from '../guard.ts'
import { mediaTypeOf } from '../media-type.ts'
import { readText } from '../model-query.ts'
import type { ModelContext, Route } from '../route.ts'
import { addedAnswer, badBundle } from '../schemas/model.ts'
import { jsonAnswer } from '../schemas/parts.ts'
import { unavailable, usual } from '../schemas/refused.ts'

const bundleTypes: ReadonlySet<string> = new Set(['application/octet-stream'])
/** A bundle is a thousand times as large as a transaction. */
const longerBy = 6

const textParameter = (name: string, description: string) => ({
  name,
  in: 'query',
  description,
  schema: { type: 'string' },
})

/** `POST /v1/models`: keeps a bundle under its id, which is that of its bytes. */
export const addModel: Route<ModelContext> = {
  method: 'POST',
  path: '/v1/models',
  role: 'author',
  summary: 'Add a model',
  query: ['why', 'parent'],
  bounds: ['load'],
  operationId: 'addModel',
  tag: 'models',
  details: 'It has no role yet. The same bytes again change nothing.',
  parameters: () => [
    textParameter('why', 'For readers of the history of models.'),
    textParameter('parent', 'The id of the model that it is meant to follow.'),
  ],
  body: () => ({
    required: true,
    content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
  }),
  answers: { ok: jsonAnswer('It is kept.', addedAnswer), refusals: [...usual, badBundle, unavailable] },
  handle:
    ({ deployer, limits, held }) =>
    (request, reply) => {
      const { raw, query } = request
      if (!isSentByCurl(raw.headers)) mediaTypeOf(raw.headers, bundleTypes)
      const { why: givenWhy, parent: givenParent } = isRecord(query) ? query : {}
      const context = {
        by: principalOf(request).name,
        why: readText('why', givenWhy) ?? '',
        parent: readText('parent', givenParent),
      }
      const refuse = (error: unknown) => void reply.send(error)
      const send = (answer: object) => void reply.header('cache-control', 'no-store').send(answer)
      const bodyLimits = { limitBytes: limits.modelBytes, timeoutMs: longerBy * limits.bodyTimeoutMs, held }
      const add = async (bytes: Buffer) => deployer.models.add(bytes, context)
      readBody(raw, bodyLimits, (bytes) => void add(bytes).then(send, refuse), refuse)
    },
}
