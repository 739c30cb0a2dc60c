import { alertKinds, severities } from '../../monitoring/alert.ts'
import { answerReasoned } from '../change-body.ts'
import { principalOf } from '../guard.ts'
import { mustBeApproved, proposeAlerts } from '../propose.ts'
import type { DecidingContext, Route } from '../route.ts'
import { pendingAnswer } from '../schemas/approvals.ts'
import { alertsAnswer, alertsBody, alertsChanged } from '../schemas/monitoring.ts'
import { jsonAnswer, jsonBody } from '../schemas/parts.ts'
import { unavailable, usual } from '../schemas/refused.ts'

/** `GET /v1/alerts`: what holds now, what is asked for, and what has changed lately. */
export const alerts: Route<DecidingContext> = {
  method: 'GET',
  path: '/v1/alerts',
  role: 'viewer',
  summary: 'The alerts that hold, and what alerts there can be',
  bounds: ['load', 'answers'],
  operationId: 'alerts',
  tag: 'monitoring',
  answers: { ok: jsonAnswer('The alerts.', alertsAnswer), refusals: [...usual, unavailable] },
  handle:
    ({ decisions }) =>
    (_request, reply) => {
      const { definedBy: version, firing, definitions, events } = decisions.alertStates
      const changes = events.toReversed()
      return reply.header('cache-control', 'no-store').send({ version, firing, alerts: definitions, changes })
    },
}

/** `PUT /v1/alerts`: what alerts are asked for. */
export const putAlerts: Route<DecidingContext> = {
  method: 'PUT',
  path: '/v1/alerts',
  role: 'author',
  summary: 'Say what alerts are asked for',
  bounds: ['load'],
  operationId: 'putAlerts',
  tag: 'monitoring',
  details: `A kind that is left out is as it usually is. Kinds: ${alertKinds.join(', ')}; severities: ${severities.join(', ')}.`,
  body: () =>
    jsonBody(alertsBody, { alerts: [{ kind: 'drift', isOn: true, severity: 'critical', limit: 0.1 }], why: 'Fewer' }),
  answers: {
    ok: jsonAnswer('They count from the next look on.', alertsChanged),
    accepted: jsonAnswer('It waits for approval.', pendingAnswer),
    refusals: [...usual, unavailable],
  },
  handle: (context) => (request, reply) =>
    answerReasoned(context, request.raw, reply, async ({ why, alerts: given, ...others }) => {
      if (mustBeApproved(context)) return proposeAlerts(context, { given, others, why }, request, reply)
      const { alerts: watch } = context.decisions
      const version = await watch.define(given, others, { by: principalOf(request).name, why })
      return { version, alerts: context.decisions.alertStates.definitions }
    }),
}
