import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { FraudError } from '../../core/errors.ts'
import { isRecord } from '../../core/json-value.ts'
import type { Decision } from '../../decisioning/decision.ts'
import type { LiveService } from '../../scoring/live-service.ts'
import { answerLines, ndjson } from '../answer-lines.ts'
import { isArray } from '../array-items.ts'
import { type BodyLimits, readBody, tooLarge } from '../body.ts'
import { readExplain } from '../explain-query.ts'
import type { App, HttpContext } from '../http-context.ts'
import { joinedText } from '../joined-text.ts'
import { type JsonItem, readJson } from '../json-text.ts'
import { LineSplitter } from '../line-splitter.ts'
import { mediaTypeOf } from '../media-type.ts'
import { itemsOf, readArray } from '../read-array.ts'
import { refuseRepeated } from '../refuse-repeated.ts'
import { presentItemError } from '../schemas/problem.ts'

const json = 'application/json; charset=utf-8'
const types: ReadonlySet<string> = new Set(['application/json', ndjson])
/** Items of a batch that are decided before the first of them has to be durable. */
const itemsAtOnce = 64
/** A label has four; what has many is not one, and each is an error to tell. */
const labelNames = 16

/** `POST /v1/decisions` and `/v1/decisions/batch`: transactions -> decisions, durable before they are answered. */
export function decisionRoutes(app: App, context: HttpContext, live: LiveService): void {
  const { limits, held } = context
  const bodyLimits: BodyLimits = { limitBytes: limits.bodyBytes, timeoutMs: limits.bodyTimeoutMs, held }
  app.post('/v1/decisions', ({ raw, query }, reply) => {
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

/** Reads a body of JSON and sends the JSON that it is answered with, or what the answer throws or rejects with. */
function answerBody(
  limits: BodyLimits,
  raw: IncomingMessage,
  reply: FastifyReply,
  answer: (body: Buffer) => Promise<string>,
): void {
  mediaTypeOf(raw.headers)
  const refuse = (error: unknown) => void reply.send(error)
  const send = (text: string) => void reply.header('content-type', json).send(text)
  readBody(raw, limits, (body) => void answer(body).then(send, refuse), refuse)
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
    const decisions = inGroups(context, live, items, (item) => decide(live, item, performance.now()))
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
  for await (const chunk of raw) {
    for await (const group of inGroups(context, live, splitter.take(chunk), decideLine, index)) yield count(group)
  }
  for await (const group of inGroups(context, live, splitter.finish(), decideLine, index)) yield count(group)

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
  decideItem: (item: Item) => Promise<string>,
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
    group.push(answerItem(index, item, decideItem))
    index += 1
    if (group.length < itemsAtOnce) continue
    yield await Promise.all(group)
    group = []
  }
  if (group.length > 0) yield await Promise.all(group)
}

/** Not an async function up to the decision itself: items are decided in their order. */
function answerItem<Item>(index: number, item: Item, decideItem: (item: Item) => Promise<string>): Promise<string> {
  const present = (error: unknown) => JSON.stringify(presentItemError(error, index))
  try {
    return decideItem(item).catch(present)
  } catch (error) {
    return Promise.resolve(present(error))
  }
}

/** `POST /v1/labels`: what transactions turned out to be, one or an array, durable before it is answered. */
export function labelRoutes(app: App, context: HttpContext, live: LiveService): void {
  const { limits, held, turns, answers } = context
  const bodyLimits: BodyLimits = { limitBytes: limits.labelBytes, timeoutMs: limits.bodyTimeoutMs, held }
  app.post('/v1/labels', ({ raw }, reply) => {
    mediaTypeOf(raw.headers)
    const refuse = (error: unknown) => void reply.send(error)
    const answer = async (body: Buffer): Promise<void> => {
      if (!isArray(body)) {
        if (body.length > limits.bodyBytes) throw tooLarge(limits.bodyBytes)
        const { value, repeated } = readJson(body, 'body', labelNames)
        refuseRepeated(repeated)
        const [label] = await live.label(value)
        reply.header('content-type', json).send(JSON.stringify(label))
        return
      }
      const items = await itemsOf(context, body, reply, labelNames)
      if (items === undefined) return
      for (const { repeated } of items) refuseRepeated(repeated)
      const values = items.map(({ value }) => value)
      const labels = await live.label(values, () => turns.next())
      const text = joinedText([labels.values().map((label) => JSON.stringify(label))], turns, '[', ',', ']')
      answers.limitTime(reply.raw)
      reply.header('content-type', json).send(Readable.from(text))
    }
    readBody(raw, bodyLimits, (body) => void answer(body).catch(refuse), refuse)
  })
}

/** `POST /v1/erasures`: forgets what the token of a personal value stands for, in every file, before it is answered. */
export function erasureRoutes(app: App, { limits, held }: HttpContext, live: LiveService): void {
  const bodyLimits: BodyLimits = { limitBytes: limits.bodyBytes, timeoutMs: limits.bodyTimeoutMs, held }
  app.post('/v1/erasures', ({ raw }, reply) => {
    answerBody(bodyLimits, raw, reply, (body) => {
      const { value, repeated } = readJson(body, 'body', limits.names)
      refuseRepeated(repeated)
      const { personal = [] } = live.live.detector.transaction
      if (
        !isRecord(value) ||
        typeof value.key !== 'string' ||
        typeof value.value !== 'string' ||
        !personal.includes(value.key)
      ) {
        const reason = `is { "key", "value" }, and the personal keys are ${personal.join(', ') || 'none'}`
        throw new FraudError('INPUT_INVALID', 'Not a valid erasure', { errors: [{ field: '(body)', reason }] })
      }
      return live
        .erase(value.key, value.value)
        .then((token) => JSON.stringify({ erased: token !== undefined, token: token ?? null }))
    })
  })
}
