import { FraudError } from '../../core/errors.ts'
import { readJson } from '../../core/json-text.ts'
import type { Decisions } from '../../deciding/decisions.ts'
import type { DecisionSettled } from '../../deciding/local-intake.ts'
import { answerPlain } from '../answer-body.ts'
import { smallBody } from '../body.ts'
import { readExplain } from '../explain-query.ts'
import type { PlainHandler, ReadingHandler, Settle } from '../plain-handler.ts'
import type { DecidingContext, Route } from '../route.ts'
import { transactionExample } from '../schemas/decision.ts'
import { jsonAnswer, jsonBody, ref } from '../schemas/parts.ts'
import { unavailable, usual } from '../schemas/refused.ts'
import { explainParameter, transactionId } from '../schemas/requests.ts'

const conflict = new FraudError(
  'TRANSACTION_CONFLICT',
  'A transaction with this id was already received with different content',
  { errors: [{ field: 'amount', reason: 'differs from what was sent first' }] },
)

/** What a decision's answer may be used for next. */
const links = {
  decision: {
    operationId: 'decision',
    parameters: { id: transactionId },
    description: 'Everything that is known about the decision.',
  },
  search: { operationId: 'search', requestBody: { text: transactionId }, description: 'The decision as a page.' },
}

/** `POST /v1/decisions`: a transaction -> its decision, durable before it is answered. */
export const decide: Route<DecidingContext> = {
  method: 'POST',
  path: '/v1/decisions',
  role: 'score',
  summary: 'Decide one transaction, durably',
  query: ['explain'],
  bounds: ['load'],
  operationId: 'decide',
  tag: 'decisions',
  details: 'The same id with the same content gets the first answer again; with different content it gets 409.',
  parameters: () => [explainParameter],
  body: ({ decisions }) => jsonBody(ref('Transaction'), transactionExample(decisions.inForce, decisions.newestMs)),
  answers: {
    ok: { ...jsonAnswer('The decision. Its record is on disk.', ref('Decision')), links },
    refusals: [...usual, conflict, unavailable],
  },
  plain: (context) => answerDecisions(context, false),
  plainReading:
    ({ decisions }): ReadingHandler =>
    (reading, arrivedMs, settle) =>
      decisions.settleReading(reading, waitedSince(arrivedMs), settleDecision(settle)),
  handle: (context) => {
    const bodyLimits = smallBody(context)
    const alone = answerDecisions(context, false)
    const explained = answerDecisions(context, true)
    return ({ raw, query }, reply) => answerPlain(bodyLimits, raw, reply, readExplain(query) ? explained : alone)
  },
}

function answerDecisions({ limits, decisions }: DecidingContext, explain: boolean): PlainHandler {
  return (body, arrivedMs, settle) => {
    const { value, repeated } = readJson(body, 'body', Math.max(limits.names, namesOf(decisions)))
    decisions.settle(value, repeated, waitedSince(arrivedMs), explain, settleDecision(settle))
  }
}

function waitedSince(arrivedMs: number): () => number {
  return () => performance.now() - arrivedMs
}

function settleDecision(settle: Settle): DecisionSettled {
  return (error, decision) => settle(error, decision === undefined ? '' : JSON.stringify(decision))
}

/** Names that a transaction may have at least: a detector may declare more than the usual limit. */
export function namesOf({ inForce }: Decisions): number {
  return 2 * inForce.features.names.length
}
