import { setTimeout as sleep } from 'node:timers/promises'
import { FraudError } from '../../core/errors.ts'
import { kindOf } from '../../core/json-value.ts'
import { versionOf } from '../../deciding/models.ts'
import { answerReasoned, readIfMatch } from '../change-body.ts'
import { principalOf } from '../guard.ts'
import { mustBeApproved, proposeDeployment } from '../propose.ts'
import type { ModelContext, Route } from '../route.ts'
import { pendingAnswer } from '../schemas/approvals.ts'
import { deployBody, deployedAnswer, deployRefusals } from '../schemas/model.ts'
import { jsonAnswer, jsonBody } from '../schemas/parts.ts'
import { ifMatch, pathParameter } from '../schemas/policy.ts'
import { unavailable, usual } from '../schemas/refused.ts'

/** How long an answer waits for histories; then it says that they are being made. */
const longestWaitMs = 10_000

/** `POST /v1/models/{id}/deploy`: gives a model a role, beside a service that goes on. */
export const deployModel: Route<ModelContext> = {
  method: 'POST',
  path: '/v1/models/{id}/deploy',
  role: 'author',
  summary: 'Make a model champion, canary or shadow, or retire it',
  bounds: ['load'],
  operationId: 'deployModel',
  tag: 'models',
  details:
    'A champion decides once its histories have been made of the log. Where that takes longer than 10 seconds the answer is 202 with state preparing, and the model says how far it is.',
  parameters: () => [pathParameter('id'), ifMatch],
  body: () => jsonBody(deployBody, { role: 'champion', why: 'Finds a tenth more at the same number of declines' }),
  answers: {
    ok: jsonAnswer('What became of it.', deployedAnswer),
    accepted: jsonAnswer('Its histories are being made, or it waits for approval.', {
      anyOf: [deployedAnswer, pendingAnswer],
    }),
    refusals: [...usual, ...deployRefusals, unavailable],
  },
  handle: (context) => {
    const { deployer } = context
    return (request, reply) => {
      const { id } = request.params
      const ifVersion = readIfMatch(request.headers)
      const by = principalOf(request).name
      answerReasoned(context, request.raw, reply, async ({ why, dryRun = false, ...given }) => {
        if (typeof dryRun !== 'boolean') throw notBoolean(dryRun)
        if (dryRun) return await deployer.rehearse(id, given)
        if (mustBeApproved(context)) {
          const wanted = { model: id, request: JSON.parse(JSON.stringify(given)) }
          return await proposeDeployment(context, wanted, { why, ifVersion }, request, reply)
        }
        const deploying = deployer.deploy(id, given, { by, why, ifVersion })
        const done = await Promise.race([deploying, sleep(longestWaitMs, undefined, { ref: false })])
        const { version } = versionOf(deployer.models.deployments)
        reply.header('etag', `"${version}"`)
        if (done !== undefined) return { ...done, state: 'idle' }
        deploying.catch(() => {})
        reply.code(202)
        return { id, role: given.role, state: 'preparing', version, warnings: [] }
      })
    }
  },
}

function notBoolean(value: unknown): FraudError {
  const errors = [{ field: 'dryRun', reason: `is ${kindOf(value)}, where true or false is required` }]
  return new FraudError('INPUT_INVALID', 'dryRun is true or false', { errors })
}
