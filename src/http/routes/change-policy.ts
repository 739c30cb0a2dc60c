import { FraudError } from '../../core/errors.ts'
import { changes } from '../change-body.ts'
import type { PolicyContext, Route } from '../route.ts'
import { pendingAnswer } from '../schemas/approvals.ts'
import { jsonAnswer, jsonBody } from '../schemas/parts.ts'
import { changeBody, changed, changeRefusals, ifMatch, refusedCard } from '../schemas/policy.ts'

/** A change as clients send it. */
export const changeExample = {
  change: { kind: 'together', changes: [{ kind: 'list', list: { name: 'mules', of: 'card', effect: 'block' } }] },
  why: 'From the policy in git',
}

/** `POST /v1/policy/changes`: any change, or several that count together or not at all. */
export const changePolicy: Route<PolicyContext> = {
  method: 'POST',
  path: '/v1/policy/changes',
  role: 'author',
  summary: 'Make any change, or several together',
  bounds: ['load'],
  operationId: 'changePolicy',
  tag: 'policy',
  details: 'Several count together from the next decision on, or not at all.',
  parameters: () => [ifMatch],
  body: () => jsonBody(changeBody, changeExample),
  answers: {
    ok: jsonAnswer('It counts from the next decision on.', changed),
    accepted: jsonAnswer('It waits for approval.', pendingAnswer),
    refusals: [...changeRefusals, refusedCard],
  },
  handle: (context) => changes(context, onlyChange),
}

/** @throws FraudError INPUT_INVALID where something else is sent, too */
export function onlyChange({ change, ...others }: Readonly<Record<string, unknown>>): unknown {
  const errors = Object.keys(others).map((field) => ({ field, reason: 'is not known: send change, and why' }))
  if (change === undefined) errors.push({ field: 'change', reason: 'is missing' })
  if (errors.length > 0) throw new FraudError('INPUT_INVALID', 'Send { "change", "why" }', { errors })
  return change
}
