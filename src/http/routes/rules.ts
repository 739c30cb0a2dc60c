import type { FieldError } from '../../core/errors.ts'
import type { PolicyDesk } from '../../deciding/policy-desk.ts'
import { partOf, tellUnknown } from '../policy-parts.ts'
import type { PolicyContext, Route } from '../route.ts'
import { jsonAnswer } from '../schemas/parts.ts'
import { pathParameter, ruleAnswer, rulesAnswer, unknownPart } from '../schemas/policy.ts'
import { unavailable, usual } from '../schemas/refused.ts'
import { sendPolicy } from '../send-policy.ts'

/** `GET /v1/rules`: all of them, as they can be sent again. */
export const ruleList: Route<PolicyContext> = {
  method: 'GET',
  path: '/v1/rules',
  role: 'viewer',
  summary: 'The rules, and how they stand',
  bounds: ['load', 'answers'],
  operationId: 'rules',
  tag: 'policy',
  answers: { ok: jsonAnswer('The rules of the version in force.', rulesAnswer), refusals: [...usual, unavailable] },
  handle:
    ({ decisions }) =>
    (_request, reply) => {
      const { version, definitions, unknowns } = decisions.policy
      const fused = fusedRules(decisions)
      const unknown = Object.fromEntries([...unknowns.counts.keys()].map((id) => [id, tellUnknown(unknowns.of(id))]))
      const broken = Object.fromEntries(decisions.policy.broken.map(({ id }) => [id, problemsOf(decisions, id)]))
      return sendPolicy(reply, { version, rules: [...definitions.rules.values()], fused, unknown, broken })
    },
}

/** `GET /v1/rules/{id}`. */
export const rule: Route<PolicyContext> = {
  method: 'GET',
  path: '/v1/rules/{id}',
  role: 'viewer',
  summary: 'One rule, with its snoozes',
  bounds: ['load', 'answers'],
  operationId: 'rule',
  tag: 'policy',
  parameters: () => [pathParameter('id')],
  answers: {
    ok: jsonAnswer('The rule, and how it stands.', ruleAnswer),
    refusals: [...usual, unknownPart, unavailable],
  },
  handle:
    ({ decisions }) =>
    ({ params: { id } }, reply) => {
      const { version, definitions, unknowns, snoozes } = decisions.policy
      return sendPolicy(reply, {
        version,
        rule: partOf('rule', id, definitions.rules),
        fused: fusedRules(decisions).includes(id),
        unknown: tellUnknown(unknowns.of(id)),
        problems: problemsOf(decisions, id),
        snoozes: snoozes
          .filter((each) => each.rule === id)
          .map(({ key, value, untilMs }) => ({ key, value, until: new Date(untilMs).toISOString() })),
      })
    },
}

/** Rules that have had an effect too often. */
function fusedRules(decisions: PolicyDesk): readonly string[] {
  const mark = 'rule:'
  return decisions.trippedFuses.filter((fuse) => fuse.startsWith(mark)).map((fuse) => fuse.slice(mark.length))
}

/** Why the detector in force can't answer a rule. */
function problemsOf({ policy }: PolicyDesk, id: string): readonly FieldError[] {
  const { when = [], reason = [] } = policy.broken.find((each) => each.id === id)?.problems ?? {}
  const tell = (field: string) => (at: (typeof when)[number]) => ({ field, reason: at.message })
  return [...when.map(tell('when')), ...reason.map(tell('reason'))]
}
