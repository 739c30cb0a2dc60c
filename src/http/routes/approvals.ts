import { setTimeout as sleep } from 'node:timers/promises'
import { type Proposal, proposalStates } from '../../access/proposal.ts'
import { FraudError } from '../../core/errors.ts'
import { isRecord } from '../../core/json-value.ts'
import { z } from '../../core/zod.ts'
import { answerParsed } from '../access-body.ts'
import { principalOf } from '../guard.ts'
import { pageNames, pageQueryParameters, readPage } from '../page-query.ts'
import { applyProposal } from '../propose.ts'
import type { ApprovalContext, Route } from '../route.ts'
import { changeList, decisionBody, decisionRefusals, proposalAnswer, unknownChange } from '../schemas/approvals.ts'
import { jsonAnswer, jsonBody } from '../schemas/parts.ts'
import { pathParameter } from '../schemas/policy.ts'
import { usual } from '../schemas/refused.ts'

/** How long an answer waits for a model's histories; then it says that they are being made. */
const longestWaitMs = 10_000

/** `GET /v1/changes`: those that wait for approval, and what became of others. */
export const changeProposals: Route<ApprovalContext> = {
  method: 'GET',
  path: '/v1/changes',
  role: 'viewer',
  summary: 'Changes that wait for approval, and those that did, newest first',
  query: [...pageNames, 'state'],
  bounds: ['load', 'answers'],
  operationId: 'changes',
  tag: 'access',
  parameters: () => [...pageQueryParameters, { name: 'state', in: 'query', schema: { enum: proposalStates } }],
  answers: { ok: jsonAnswer('A page.', changeList), refusals: usual },
  handle:
    ({ accounts }) =>
    ({ query }, reply) => {
      const { limit, cursor = Number.MAX_SAFE_INTEGER } = readPage(query)
      const given = isRecord(query) ? query.state : undefined
      const state = proposalStates.find((each) => each === given)
      if (given !== undefined && state === undefined) {
        const errors = [{ field: 'state', reason: `is one of ${proposalStates.join(', ')}` }]
        throw new FraudError('INPUT_INVALID', 'The query is not valid for this route', { errors })
      }
      const found = accounts.fourEyes.list(state, cursor, limit + 1)
      const changes = found.slice(0, limit)
      const next = found.length > limit ? (changes.at(-1)?.id ?? null) : null
      return reply.header('cache-control', 'no-store').send({ changes: changes.map(show), cursor: next })
    },
}

/** `GET /v1/changes/{id}`. */
export const changeProposal: Route<ApprovalContext> = {
  method: 'GET',
  path: '/v1/changes/{id}',
  role: 'viewer',
  summary: 'One change, with the hash that an approval names',
  bounds: ['load'],
  operationId: 'change',
  tag: 'access',
  parameters: () => [pathParameter('id')],
  answers: { ok: jsonAnswer('The change.', proposalAnswer), refusals: [unknownChange] },
  handle:
    ({ accounts }) =>
    ({ params }, reply) =>
      reply.header('cache-control', 'no-store').send(show(accounts.fourEyes.find(readId(params.id)))),
}

const decision = z.strictObject({ hash: z.string(), why: z.string().max(1000).default('') })

/** `POST /v1/changes/{id}/approve`: puts it in force. */
export const approveChange: Route<ApprovalContext> = {
  method: 'POST',
  path: '/v1/changes/{id}/approve',
  role: 'approver',
  summary: 'Approve a change of somebody else, which puts it in force',
  bounds: ['load'],
  operationId: 'approveChange',
  tag: 'access',
  details:
    'The hash is that of the change as it was looked at. A change of a version that is not in force any more is refused, and outdated from then on.',
  parameters: () => [pathParameter('id')],
  body: () => jsonBody(decisionBody, { hash: '9f2c41d07ab3', why: 'A week in shadow without a false alarm' }),
  answers: {
    ok: jsonAnswer('It is in force.', proposalAnswer),
    accepted: jsonAnswer('The histories of a model are being made.', proposalAnswer),
    refusals: [...usual, unknownChange, ...decisionRefusals],
  },
  handle: (context) => (request, reply) =>
    answerParsed(context, decision, request, reply, async ({ hash, why }) => {
      const { fourEyes } = context.accounts
      const principal = principalOf(request)
      const id = readId(request.params.id)
      request.auditDetail = { change: id, hash, why }
      const approving = fourEyes.approve({ id, hash, why }, principal, (proposal) =>
        applyProposal(context, proposal, principal.name),
      )
      const done = await Promise.race([approving, sleep(longestWaitMs, undefined, { ref: false })])
      approving.catch(() => {})
      if (done === undefined) reply.code(202)
      return { ...show(fourEyes.find(id)), ...done }
    }),
}

/** `POST /v1/changes/{id}/reject`. */
export const rejectChange: Route<ApprovalContext> = {
  method: 'POST',
  path: '/v1/changes/{id}/reject',
  role: 'approver',
  summary: 'Reject a change of somebody else',
  bounds: ['load'],
  operationId: 'rejectChange',
  tag: 'access',
  parameters: () => [pathParameter('id')],
  body: () => jsonBody(decisionBody, { hash: '9f2c41d07ab3', why: 'The threshold is too low' }),
  answers: {
    ok: jsonAnswer('It is rejected.', proposalAnswer),
    refusals: [...usual, unknownChange, ...decisionRefusals],
  },
  handle: (context) => (request, reply) =>
    answerParsed(context, decision, request, reply, async ({ hash, why }) => {
      const id = readId(request.params.id)
      request.auditDetail = { change: id, hash, why }
      return show(context.accounts.fourEyes.reject({ id, hash, why }, principalOf(request)))
    }),
}

/** `DELETE /v1/changes/{id}`: who made a change takes it back. */
export const withdrawChange: Route<ApprovalContext> = {
  method: 'DELETE',
  path: '/v1/changes/{id}',
  role: 'author',
  summary: 'Take back a change of your own that waits for approval',
  bounds: ['load'],
  operationId: 'withdrawChange',
  tag: 'access',
  parameters: () => [pathParameter('id')],
  answers: { ok: jsonAnswer('It is withdrawn.', proposalAnswer), refusals: [unknownChange, ...decisionRefusals] },
  handle:
    ({ accounts }) =>
    (request, reply) => {
      const withdrawn = accounts.fourEyes.withdraw(readId(request.params.id), principalOf(request))
      return reply.header('cache-control', 'no-store').send(show(withdrawn))
    },
}

function show({ id, kind, content, by, why, atMs, base, hash, state, decided }: Proposal) {
  const at = (timeMs: number) => new Date(timeMs).toISOString()
  const told = { id, kind, content, by, why, at: at(atMs), base, hash, state }
  if (decided === null) return { ...told, decidedBy: null, decidedAt: null, decidedWhy: null }
  return { ...told, decidedBy: decided.by, decidedAt: at(decided.atMs), decidedWhy: decided.why }
}

function readId(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new FraudError('CHANGE_UNKNOWN', 'There is no change with this number')
}
