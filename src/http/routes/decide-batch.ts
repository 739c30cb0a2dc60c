import type { IncomingMessage } from 'node:http'
import type { FastifyReply } from 'fastify'
import { FraudError } from '../../core/errors.ts'
import type { LiveService } from '../../scoring/live-service.ts'
import { answerLines, ndjson } from '../answer-lines.ts'
import type { HttpContext } from '../http-context.ts'
import { joinedText } from '../joined-text.ts'
import { readJson } from '../json-text.ts'
import { LineSplitter } from '../line-splitter.ts'
import { mediaTypeOf } from '../media-type.ts'
import { readArray } from '../read-array.ts'
import { readableId } from '../readable-id.ts'
import type { LiveContext, Route } from '../route.ts'
import { transactionExample } from '../schemas/decision.ts'
import { manyAnswers, manyBody, ref } from '../schemas/parts.ts'
import { presentItemError } from '../schemas/problem.ts'
import { unavailable, usual } from '../schemas/refused.ts'
import { decideItem, namesOf } from './decide.ts'

const types: ReadonlySet<string> = new Set(['application/json', ndjson])
/** Items of a batch that are decided before the first of them has to be durable. */
const itemsAtOnce = 64

/** `POST /v1/decisions/batch`: transactions -> a decision each, or why there is none; in their order. */
export const decideBatch: Route<LiveContext> = {
  method: 'POST',
  path: '/v1/decisions/batch',
  role: 'score',
  summary: 'Decide many, one answer each, in order',
  bounds: ['load'],
  operationId: 'decideBatch',
  tag: 'decisions',
  body: ({ live }) => manyBody(ref('Transaction'), transactionExample(live.live, live.newestMs)),
  answers: { ok: manyAnswers({ anyOf: [ref('Decision'), ref('ItemError')] }), refusals: [...usual, unavailable] },
  handle:
    (context) =>
    ({ raw }, reply) => {
      const { live } = context
      if (mediaTypeOf(raw.headers, types) === ndjson) {
        answerLines(context, raw, reply, (stalled) => decideLines(context, live, raw, stalled))
      } else sendAnswers(context, live, raw, reply)
    },
}

function sendAnswers(context: HttpContext, live: LiveService, raw: IncomingMessage, reply: FastifyReply): void {
  readArray(context, raw, reply, namesOf(live), (items) => {
    const decisions = inGroups(context, live, items, {
      decide: (item) => decideItem(live, item, performance.now()),
      reread: ({ value }) => value,
    })
    return joinedText(decisions, context.turns, '[', ',', ']')
  })
}

async function* decideLines(
  context: HttpContext,
  live: LiveService,
  raw: IncomingMessage,
  stalled: NodeJS.Timeout,
): AsyncGenerator<Iterable<string>> {
  const { limits } = context
  const splitter = new LineSplitter(limits.lineBytes)
  const names = Math.max(limits.names, namesOf(live))
  let index = 0
  const decideLine = (line: Buffer | undefined): Promise<string> => {
    stalled.refresh()
    if (line !== undefined) return decideItem(live, readJson(line, 'line', names), performance.now())
    throw new FraudError('BODY_TOO_LARGE', `The line is over ${limits.lineBytes} bytes`)
  }
  const reread = (line: Buffer | undefined) => line && readJson(line, 'line', names).value
  const each = { decide: decideLine, reread }
  for await (const chunk of raw) {
    for await (const group of inGroups(context, live, splitter.take(chunk), each, index)) yield count(group)
  }
  for await (const group of inGroups(context, live, splitter.finish(), each, index)) yield count(group)

  function count(group: readonly string[]): readonly string[] {
    index += group.length
    return group.map((answer) => `${answer}\n`)
  }
}

/** The answers to items, in order: each a decision or why there is none. */
async function* inGroups<Item>(
  { turns }: HttpContext,
  live: LiveService,
  items: Iterable<Item>,
  each: Each<Item>,
  first = 0,
): AsyncGenerator<readonly string[]> {
  let index = first
  let group: Promise<string>[] = []
  for (const item of items) {
    // Transactions that come alone go first: a batch waits for room, and is not refused.
    while (turns.isOver() || !live.decider.hasRoom()) {
      await live.decider.room()
      await turns.next()
    }
    group.push(answerItem(live, index, item, each))
    index += 1
    if (group.length < itemsAtOnce) continue
    yield await Promise.all(group)
    group = []
  }
  if (group.length > 0) yield await Promise.all(group)
}

/** What is done with each item: it is decided, and read once more where that failed. */
interface Each<Item> {
  decide(item: Item): Promise<string>
  reread(item: Item): unknown
}

/** Not an async function up to the decision itself: items are decided in their order. */
function answerItem<Item>(live: LiveService, index: number, item: Item, each: Each<Item>): Promise<string> {
  const present = (error: unknown) =>
    JSON.stringify(
      presentItemError(
        error,
        index,
        readableId(live, () => each.reread(item)),
      ),
    )
  try {
    return each.decide(item).catch(present)
  } catch (error) {
    return Promise.resolve(present(error))
  }
}
