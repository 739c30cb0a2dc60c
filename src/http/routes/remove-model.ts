import { FraudError } from '../../core/errors.ts'
import { isRecord } from '../../core/json-value.ts'
import { answerReasoned, readIfMatch } from '../change-body.ts'
import { principalOf } from '../guard.ts'
import { readChoice } from '../model-query.ts'
import type { ModelContext, Route } from '../route.ts'
import { modelInUse, modelsChanged, removedAnswer, unknownModel } from '../schemas/model.ts'
import { jsonAnswer } from '../schemas/parts.ts'
import { ifMatch, pathParameter, reasonBody } from '../schemas/policy.ts'
import { unavailable, usual } from '../schemas/refused.ts'

/** `DELETE /v1/models/{id}`: a model without a role, and, with `forget`, although decisions name it. */
export const removeModel: Route<ModelContext> = {
  method: 'DELETE',
  path: '/v1/models/{id}',
  role: 'admin',
  summary: 'Remove a model',
  query: ['forget'],
  bounds: ['load'],
  operationId: 'removeModel',
  tag: 'models',
  details: 'With forget=true although decisions that are kept name it: they can not be explained again.',
  parameters: () => [
    pathParameter('id'),
    { name: 'forget', in: 'query', schema: { enum: ['true', 'false'], default: 'false' } },
    ifMatch,
  ],
  body: () => reasonBody,
  answers: {
    ok: jsonAnswer('Its file is gone.', removedAnswer),
    refusals: [...usual, unknownModel, modelInUse, modelsChanged, unavailable],
  },
  handle: (context) => (request, reply) => {
    const { id } = request.params
    const { query } = request
    const forgets = readChoice('forget', isRecord(query) ? query.forget : undefined, ['true', 'false']) === 'true'
    const ifVersion = readIfMatch(request.headers)
    const by = principalOf(request).name
    const remove = async ({ why, ...others }: { why: string; readonly [name: string]: unknown }) => {
      const errors = Object.keys(others).map((field) => ({ field, reason: 'is unknown' }))
      if (errors.length > 0) throw new FraudError('INPUT_INVALID', 'A removal says no more than why', { errors })
      return await context.deployer.remove(id, { by, why, ifVersion }, forgets)
    }
    answerReasoned(context, request.raw, reply, remove, true)
  },
}
