import type { IncomingMessage } from 'node:http'
import type { FastifyReply } from 'fastify'
import { FraudError } from '../../core/errors.ts'
import { readJson } from '../../core/json-text.ts'
import { LineSplitter } from '../../core/line-splitter.ts'
import { decideMany, type RefusedItem } from '../../deciding/decide-many.ts'
import type { Decision } from '../../decisioning/decision.ts'
import { answerLines, ndjson } from '../answer-lines.ts'
import { joinedText } from '../joined-text.ts'
import { mediaTypeOf } from '../media-type.ts'
import { readArray } from '../read-array.ts'
import type { DecidingContext, Route } from '../route.ts'
import { transactionExample } from '../schemas/decision.ts'
import { manyAnswers, manyBody, ref } from '../schemas/parts.ts'
import { presentItemError } from '../schemas/problem.ts'
import { unavailable, usual } from '../schemas/refused.ts'
import { namesOf } from './decide.ts'

const types: ReadonlySet<string> = new Set(['application/json', ndjson])

/** `POST /v1/decisions/batch`: transactions -> a decision each, or why there is none; in their order. */
export const decideBatch: Route<DecidingContext> = {
  method: 'POST',
  path: '/v1/decisions/batch',
  role: 'score',
  summary: 'Decide many transactions, one answer each, in order',
  bounds: ['load'],
  operationId: 'decideBatch',
  tag: 'decisions',
  body: ({ decisions }) => manyBody(ref('Transaction'), transactionExample(decisions.inForce, decisions.newestMs)),
  answers: { ok: manyAnswers({ anyOf: [ref('Decision'), ref('ItemError')] }), refusals: [...usual, unavailable] },
  handle:
    (context) =>
    ({ raw }, reply) => {
      if (mediaTypeOf(raw.headers, types) === ndjson)
        answerLines(context, raw, reply, (stalled) => decideLines(context, raw, stalled))
      else sendAnswers(context, raw, reply)
    },
}

function sendAnswers(context: DecidingContext, raw: IncomingMessage, reply: FastifyReply): void {
  const { decisions, turns } = context
  readArray(context, raw, reply, namesOf(decisions), (items) =>
    joinedText(inText(decideMany(decisions, items, { read: (item) => item, turns, nowMs })), turns, '[', ',', ']'),
  )
}

async function* decideLines(
  { limits, decisions, turns }: DecidingContext,
  raw: IncomingMessage,
  stalled: NodeJS.Timeout,
): AsyncGenerator<Iterable<string>> {
  const splitter = new LineSplitter(limits.lineBytes)
  const names = Math.max(limits.names, namesOf(decisions))
  let first = 0
  const read = (line: Buffer | undefined) => {
    first += 1
    stalled.refresh()
    if (line !== undefined) return readJson(line, 'line', names)
    throw new FraudError('BODY_TOO_LARGE', `The line is over ${limits.lineBytes} bytes`)
  }
  const decide = (lines: Iterable<Buffer | undefined>) =>
    inText(decideMany(decisions, lines, { read, turns, nowMs, first }), '\n')
  for await (const chunk of raw) yield* decide(splitter.take(chunk))
  yield* decide(splitter.finish())
}

const nowMs = () => performance.now()

/** Answers as they are sent; each is written when its turn comes. */
async function* inText(
  groups: AsyncIterable<readonly (Decision | RefusedItem)[]>,
  end = '',
): AsyncGenerator<Iterable<string>> {
  for await (const group of groups) {
    yield group.values().map((answer) => {
      const content = 'error' in answer ? presentItemError(answer.error, answer.index, answer.id) : answer
      return `${JSON.stringify(content)}${end}`
    })
  }
}
