import { z } from '../../core/zod.ts'
import { answerParsed } from '../access-body.ts'
import { principalOf } from '../guard.ts'
import { propose } from '../propose.ts'
import type { AccessContext, Route } from '../route.ts'
import { fourEyesAnswer, fourEyesBody, ownerMissing, pendingAnswer } from '../schemas/approvals.ts'
import { jsonAnswer, jsonBody } from '../schemas/parts.ts'
import { usual } from '../schemas/refused.ts'

/** `GET /v1/four-eyes`: whether changes wait for somebody else. */
export const fourEyes: Route<AccessContext> = {
  method: 'GET',
  path: '/v1/four-eyes',
  role: 'viewer',
  summary: 'Whether changes wait for the approval of somebody else',
  operationId: 'fourEyes',
  tag: 'access',
  answers: { ok: jsonAnswer('The setting.', fourEyesAnswer), refusals: [] },
  handle:
    ({ accounts }) =>
    (_request, reply) =>
      reply.header('cache-control', 'no-store').send({ on: accounts.fourEyes.isOn }),
}

const setting = z.strictObject({ on: z.boolean(), why: z.string().max(1000).default('') })

/** `PUT /v1/four-eyes`: on at once; off once somebody else has approved that. */
export const setFourEyes: Route<AccessContext> = {
  method: 'PUT',
  path: '/v1/four-eyes',
  role: 'admin',
  summary: 'Have changes wait for the approval of somebody else, or no longer',
  bounds: ['load'],
  operationId: 'setFourEyes',
  tag: 'access',
  details: 'On at once. Off is a change that somebody else has to approve.',
  body: () => jsonBody(fourEyesBody, { on: true, why: 'Audit finding 7' }),
  answers: {
    ok: jsonAnswer('The setting.', fourEyesAnswer),
    accepted: jsonAnswer('It waits for approval.', pendingAnswer),
    refusals: [...usual, ownerMissing],
  },
  handle: (context) => (request, reply) =>
    answerParsed(context, setting, request, reply, async ({ on, why }) => {
      const { fourEyes } = context.accounts
      request.auditDetail = { on, why }
      if (!on && fourEyes.isOn)
        return propose(context, { kind: 'four-eyes', content: { on }, why, base: null }, request, reply)
      if (on) fourEyes.switchOn(principalOf(request))
      return { on: fourEyes.isOn }
    }),
}
