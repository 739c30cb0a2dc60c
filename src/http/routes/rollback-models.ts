import { FraudError } from '../../core/errors.ts'
import { kindOf } from '../../core/json-value.ts'
import { answerReasoned, readIfMatch } from '../change-body.ts'
import { principalOf } from '../guard.ts'
import { mustBeApproved, proposeModelsRollback } from '../propose.ts'
import type { ModelContext, Route } from '../route.ts'
import { pendingAnswer } from '../schemas/approvals.ts'
import { deployedAnswer, deployRefusals, rollbackModelsBody } from '../schemas/model.ts'
import { jsonAnswer } from '../schemas/parts.ts'
import { ifMatch } from '../schemas/policy.ts'
import { unavailable, usual } from '../schemas/refused.ts'

/** `POST /v1/models/rollback`: those are in force again who were in a version. */
export const rollbackModels: Route<ModelContext> = {
  method: 'POST',
  path: '/v1/models/rollback',
  role: 'author',
  summary: 'Go back to the models of an earlier version',
  bounds: ['load'],
  operationId: 'rollbackModels',
  tag: 'models',
  details: 'Without a version, to the one before.',
  parameters: () => [ifMatch],
  body: () => ({
    required: false,
    content: { 'application/json': { schema: rollbackModelsBody, example: { why: 'Too many declines' } } },
  }),
  answers: {
    ok: jsonAnswer('They are in force again.', deployedAnswer),
    accepted: jsonAnswer('It waits for approval.', pendingAnswer),
    refusals: [...usual, ...deployRefusals, unavailable],
  },
  handle: (context) => (request, reply) => {
    const ifVersion = readIfMatch(request.headers)
    const by = principalOf(request).name
    const roll = async ({ why, to, ...others }: { why: string; readonly [name: string]: unknown }) => {
      const errors = Object.keys(others).map((field) => ({ field, reason: 'is unknown' }))
      const isVersion = to === undefined || (typeof to === 'number' && Number.isSafeInteger(to) && to >= 0)
      if (!isVersion) errors.push({ field: 'to', reason: `is ${kindOf(to)}, where a version is required` })
      if (errors.length > 0) throw new FraudError('INPUT_INVALID', 'This is not a version to go back to', { errors })
      const version = typeof to === 'number' ? to : undefined
      if (mustBeApproved(context)) return proposeModelsRollback(context, version, { why, ifVersion }, request, reply)
      const done = await context.deployer.rollback(version, { by, why, ifVersion })
      reply.header('etag', `"${done.version}"`)
      return { ...done, state: 'idle' }
    }
    answerReasoned(context, request.raw, reply, roll, true)
  },
}
