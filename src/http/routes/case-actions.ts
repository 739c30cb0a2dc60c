import type { FastifyRequest } from 'fastify'
import { type Case, verdicts } from '../../cases/case.ts'
import { viewCase } from '../../cases/case-view.ts'
import { FraudError } from '../../core/errors.ts'
import { z } from '../../core/zod.ts'
import type { CaseDesk } from '../../deciding/case-desk.ts'
import { readTimeAhead } from '../case-time.ts'
import { answerChange } from '../change-body.ts'
import { principalOf } from '../guard.ts'
import type { DecidingContext, Route } from '../route.ts'
import { bulkAnswer, caseAnswer, caseBody, caseRefusals, nextCaseAnswer, optionalCaseBody } from '../schemas/case.ts'
import { jsonAnswer } from '../schemas/parts.ts'
import { pathParameter } from '../schemas/policy.ts'
import { presentItemError } from '../schemas/problem.ts'

const note = z.string().min(1).exactOptional()
const ids = z.array(z.string().min(1)).min(1, 'name at least one').max(500, 'are over 500')

interface CaseAction<Body> {
  readonly path: string
  readonly operationId: string
  readonly summary: string
  readonly details?: string
  readonly body: z.ZodType<Body>
  readonly example: Body
  readonly answer?: object
  readonly act: (desk: CaseDesk, body: Body, asked: { readonly id: string; readonly by: string }) => Promise<object>
}

/** A route by which an analyst does something to a case, or to several. */
function caseAction<Body>(action: CaseAction<Body>): Route<DecidingContext> {
  const { path, operationId, summary, details, body, example, answer = caseAnswer, act } = action
  const mayBeEmpty = body.safeParse({}).success
  return {
    method: 'POST',
    path,
    role: 'analyst',
    summary,
    bounds: ['load'],
    operationId,
    tag: 'cases',
    ...(details !== undefined && { details }),
    ...(path.includes('{id}') && { parameters: () => [pathParameter('id')] }),
    body: () => (mayBeEmpty ? optionalCaseBody(body, example) : caseBody(body, example)),
    answers: { ok: jsonAnswer('What it is now.', answer), refusals: caseRefusals },
    handle: (context) => (request, reply) => {
      const asked = { id: request.params.id, by: byOf(request) }
      const change = async (given: unknown) => act(context.decisions.desk, read(body, given), asked)
      answerChange(context, request.raw, reply, change, mayBeEmpty)
    },
  }
}

function byOf(request: FastifyRequest): string {
  return principalOf(request).name
}

/** @throws FraudError INPUT_INVALID with every bad field. */
function read<Body>(body: z.ZodType<Body>, given: unknown): Body {
  const { data, error } = body.safeParse(given)
  if (error === undefined) return data
  const errors = error.issues.map(({ path, message }) => ({ field: path.join('.') || '(body)', reason: message }))
  throw new FraudError('INPUT_INVALID', 'Not what this route takes', { errors })
}

/** Shows a case as it is once the record is durable. */
async function shown(desk: CaseDesk, done: Promise<Case>): Promise<object> {
  return viewCase(await done, desk.nowMs)
}

export const openCase = caseAction({
  path: '/v1/cases',
  operationId: 'openCase',
  summary: 'Open a case by hand',
  details: 'For decisions that are kept. Where one of their keys has an open case they join that.',
  body: z.strictObject({ transactions: ids, note }),
  example: { transactions: ['t-1'], note: 'The customer called' },
  act: (desk, { transactions, note }, { by }) => shown(desk, desk.open(transactions, note, by)),
})

export const claimNextCase = caseAction({
  path: '/v1/cases/next/claim',
  operationId: 'claimNextCase',
  summary: 'Claim the case with the most at stake that nobody has',
  details:
    'Never one that somebody else has claimed, that is assigned to somebody else, or that is snoozed. Null where none is left.',
  body: z.strictObject({}),
  example: {},
  answer: nextCaseAnswer,
  async act(desk, _, { by }) {
    const one = await desk.claimNext(by)
    return { case: one === undefined ? null : viewCase(one, desk.nowMs) }
  },
})

export const claimCase = caseAction({
  path: '/v1/cases/{id}/claim',
  operationId: 'claimCase',
  summary: 'Claim a case for 30 minutes, or for 30 more',
  body: z.strictObject({}),
  example: {},
  act: (desk, _, { id, by }) => shown(desk, desk.claim(id, by)),
})

export const releaseCase = caseAction({
  path: '/v1/cases/{id}/release',
  operationId: 'releaseCase',
  summary: 'Give a case back',
  body: z.strictObject({}),
  example: {},
  act: (desk, _, { id, by }) => shown(desk, desk.release(id, by)),
})

const verdictFields = { verdict: z.enum(verdicts), code: z.string().exactOptional(), note }

export const verdictCase = caseAction({
  path: '/v1/cases/{id}/verdict',
  operationId: 'giveVerdict',
  summary: 'Say what a case is',
  details:
    'fraud and legitimate become labels of its open transactions, or of those that are named, with the source ' +
    'analyst:NAME, durable with the verdict or not at all. The same again changes nothing.',
  body: z.strictObject({ ...verdictFields, transactions: ids.exactOptional() }),
  example: { verdict: 'fraud', code: 'stolen-card' },
  act: (desk, said, { id, by }) => shown(desk, desk.verdict(id, said, by)),
})

export const verdictCases = caseAction({
  path: '/v1/cases/verdicts',
  operationId: 'giveVerdicts',
  summary: 'Say what many cases are',
  details: 'Each is taken or refused alone; the answers are in the order of the cases.',
  body: z.strictObject({ cases: ids, ...verdictFields }),
  example: { cases: ['c-17', 'c-21'], verdict: 'legitimate' },
  answer: bulkAnswer,
  async act(desk, { cases, ...said }, { by }) {
    const results: object[] = []
    for (const [index, id] of cases.entries()) {
      const done = desk.verdict(id, said, by).then((one) => viewCase(one, desk.nowMs))
      results.push(await done.catch((error: unknown) => presentItemError(error, index, id)))
    }
    return { results }
  },
})

export const undoCase = caseAction({
  path: '/v1/cases/{id}/undo',
  operationId: 'undoVerdict',
  summary: 'Take the last verdict on a case back',
  details: 'Its labels are withdrawn with it, and whoever undoes it has the case claimed.',
  body: z.strictObject({ note }),
  example: { note: 'Wrong key' },
  act: (desk, { note }, { id, by }) => shown(desk, desk.undo(id, note, by)),
})

export const noteCase = caseAction({
  path: '/v1/cases/{id}/notes',
  operationId: 'noteCase',
  summary: 'Write a note',
  details: 'Card numbers are refused. It is erased with the person that the case is of.',
  body: z.strictObject({ text: z.string() }),
  example: { text: 'The customer confirms the purchase' },
  act: (desk, { text }, { id, by }) => shown(desk, desk.note(id, text, by)),
})

export const snoozeCase = caseAction({
  path: '/v1/cases/{id}/snooze',
  operationId: 'snoozeCase',
  summary: 'Put a case off until a time',
  details: 'A new transaction of the case wakes it before.',
  body: z.strictObject({ until: z.string(), note }),
  example: { until: '2030-01-01T00:00:00Z', note: 'Calls back' },
  act: (desk, { until, note }, { id, by }) =>
    shown(desk, desk.snooze(id, readTimeAhead('until', until, desk.nowMs), note, by)),
})

export const assignCase = caseAction({
  path: '/v1/cases/{id}/assign',
  operationId: 'assignCase',
  summary: 'Give a case to somebody, or to nobody',
  body: z.strictObject({ to: z.string().nullable(), note }),
  example: { to: 'user:ann' },
  act: (desk, { to, note }, { id, by }) => shown(desk, desk.assign(id, to, note, by)),
})

export const escalateCase = caseAction({
  path: '/v1/cases/{id}/escalate',
  operationId: 'escalateCase',
  summary: 'Hand a case on to somebody who may decide more',
  body: z.strictObject({ to: z.string().exactOptional(), note }),
  example: { to: 'user:lead', note: 'A mule account?' },
  act: (desk, { to, note }, { id, by }) => shown(desk, desk.escalate(id, to, note, by)),
})

export const linkCase = caseAction({
  path: '/v1/cases/{id}/link',
  operationId: 'linkCase',
  summary: 'Link a case with another',
  body: z.strictObject({ with: z.string(), note }),
  example: { with: 'c-21' },
  act: (desk, { with: other, note }, { id, by }) => shown(desk, desk.link(id, other, note, by)),
})

export const mergeCase = caseAction({
  path: '/v1/cases/{id}/merge',
  operationId: 'mergeCase',
  summary: 'Move everything of a case into another',
  details: 'Answered with the other one; this one is closed.',
  body: z.strictObject({ into: z.string(), note }),
  example: { into: 'c-17' },
  act: (desk, { into, note }, { id, by }) => shown(desk, desk.merge(id, into, note, by)),
})
