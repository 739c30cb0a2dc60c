import type { IncomingMessage } from 'node:http'
import type { FastifyReply } from 'fastify'
import { FraudError } from '../../core/errors.ts'
import type { Decision } from '../../decisioning/decision.ts'
import type { LiveService } from '../../scoring/live-service.ts'
import { answerBody } from '../answer-body.ts'
import { answerLines, ndjson } from '../answer-lines.ts'
import type { BodyLimits } from '../body.ts'
import { readExplain } from '../explain-query.ts'
import type { App, HttpContext } from '../http-context.ts'
import { joinedText } from '../joined-text.ts'
import { type JsonItem, readJson } from '../json-text.ts'
import { LineSplitter } from '../line-splitter.ts'
import { mediaTypeOf } from '../media-type.ts'
import { readArray } from '../read-array.ts'
import { readableId } from '../readable-id.ts'
import { presentItemError } from '../schemas/problem.ts'

const types: ReadonlySet<string> = new Set(['application/json', ndjson])
/** Items of a batch that are decided before the first of them has to be durable. */
const itemsAtOnce = 64

/** `POST /v1/decisions` and `/v1/decisions/batch`: transactions -> decisions, durable before they are answered. */
export function decisionRoutes(app: App, context: HttpContext, live: LiveService): void {
  const { limits, held } = context
  const bodyLimits: BodyLimits = { limitBytes: limits.bodyBytes, timeoutMs: limits.bodyTimeoutMs, held }
  app.post('/v1/decisions', { config: { query: ['explain'] } }, ({ raw, query }, reply) => {
    const arrivedMs = performance.now()
    const isAsked = readExplain(query)
    answerBody(bodyLimits, raw, reply, (body) =>
      decide(live, readJson(body, 'body', Math.max(limits.names, namesOf(live))), arrivedMs, isAsked),
    )
  })
  app.post('/v1/decisions/batch', ({ raw }, reply) => {
    if (mediaTypeOf(raw.headers, types) === ndjson) {
      answerLines(context, raw, reply, (stalled) => decideLines(context, live, raw, stalled))
    } else sendDecisions(context, live, raw, reply)
  })
}

function decide(live: LiveService, { value, repeated }: JsonItem, arrivedMs: number, isAsked = false): Promise<string> {
  return live.decide(value, repeated, () => performance.now() - arrivedMs, isAsked).then(renderDecision)
}

function renderDecision(decision: Decision): string {
  return JSON.stringify(decision)
}

/** Names that a transaction may have at least: a detector may declare more than the usual limit. */
function namesOf({ live }: LiveService): number {
  return 2 * live.predictor.inputs.length
}

function sendDecisions(context: HttpContext, live: LiveService, raw: IncomingMessage, reply: FastifyReply): void {
  readArray(context, raw, reply, namesOf(live), (items) => {
    const decisions = inGroups(context, live, items, {
      decide: (item) => decide(live, item, performance.now()),
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
    if (line !== undefined) return decide(live, readJson(line, 'line', names), performance.now())
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
