import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { FraudError } from '../../core/errors.ts'
import { isRecord } from '../../core/json-value.ts'
import { countNames, repeatedNames } from '../../core/repeated-names.ts'
import type { Decision } from '../../decisioning/decision.ts'
import type { LiveService } from '../../scoring/live-service.ts'
import { answerLines, ndjson } from '../answer-lines.ts'
import { readBody } from '../body.ts'
import { readExplain } from '../explain-query.ts'
import type { App, HttpContext } from '../http-context.ts'
import { joinedText } from '../joined-text.ts'
import { decodeJson, readItems } from '../json-text.ts'
import type { Limits } from '../limits.ts'
import { LineSplitter } from '../line-splitter.ts'
import { mediaTypeOf } from '../media-type.ts'
import { presentItemError } from '../schemas/problem.ts'

const json = 'application/json; charset=utf-8'
const types: ReadonlySet<string> = new Set(['application/json', ndjson])
/** Items of a batch that are decided before the first of them has to be durable. */
const itemsAtOnce = 64

/** `POST /v1/decisions` and `/v1/decisions/batch`: transactions -> decisions, durable before they are answered. */
export function decisionRoutes(app: App, context: HttpContext, live: LiveService): void {
  const { limits } = context
  app.post('/v1/decisions', ({ raw, query }, reply) => {
    const arrivedMs = performance.now()
    const isAsked = readExplain(query)
    answerBody(limits, limits.bodyBytes, raw, reply, (body) => decideOne(live, body, 'body', arrivedMs, isAsked))
  })
  app.post('/v1/decisions/batch', ({ raw }, reply) => {
    if (mediaTypeOf(raw.headers, types) === ndjson) {
      answerLines(context, raw, reply, (stalled) => decideLines(context, live, raw, stalled))
    } else sendDecisions(context, live, raw, reply)
  })
}

/** Reads a body of JSON and sends the JSON that it is answered with, or what the answer throws or rejects with. */
function answerBody(
  { bodyTimeoutMs }: Limits,
  limitBytes: number,
  raw: IncomingMessage,
  reply: FastifyReply,
  answer: (body: Buffer) => Promise<string>,
): void {
  mediaTypeOf(raw.headers)
  const refuse = (error: unknown) => void reply.send(error)
  const send = (text: string) => void reply.header('content-type', json).send(text)
  readBody(raw, limitBytes, bodyTimeoutMs, (body) => void answer(body).then(send, refuse), refuse)
}

/** The bytes of one object -> the text of its decision. Throws what is wrong with them, or rejects. */
function decideOne(
  live: LiveService,
  bytes: Buffer,
  what: 'body' | 'line',
  arrivedMs: number,
  isAsked = false,
): Promise<string> {
  const { text, value } = decodeJson(bytes, what)
  return decideValue(live, value, repeatedNames(text, countNames(value), 0).get(0), arrivedMs, isAsked)
}

function decideValue(
  live: LiveService,
  value: unknown,
  repeated: ReadonlySet<string> | undefined,
  arrivedMs: number,
  isAsked = false,
): Promise<string> {
  return live.decide(value, repeated, () => performance.now() - arrivedMs, isAsked).then(renderDecision)
}

function renderDecision(decision: Decision): string {
  return JSON.stringify(decision)
}

function sendDecisions({ limits }: HttpContext, live: LiveService, raw: IncomingMessage, reply: FastifyReply): void {
  const take = (body: Buffer) => {
    const { items, repeated } = readItems(body, limits.batchItems)
    const decisions = inGroups(live, items, (item, index) =>
      decideValue(live, item, repeated.get(index), performance.now()),
    )
    reply.header('content-type', json).send(Readable.from(joinedText(decisions, '[', ',', ']')))
  }
  readBody(raw, limits.batchBytes, limits.bodyTimeoutMs, take, (error) => reply.send(error))
}

async function* decideLines(
  { limits }: HttpContext,
  live: LiveService,
  raw: IncomingMessage,
  stalled: NodeJS.Timeout,
): AsyncGenerator<Iterable<string>> {
  const splitter = new LineSplitter(limits.lineBytes)
  let index = 0
  const decideLine = (line: Buffer | undefined): Promise<string> => {
    stalled.refresh()
    if (line !== undefined) return decideOne(live, line, 'line', performance.now())
    throw new FraudError('BODY_TOO_LARGE', `The line is over ${limits.lineBytes} bytes`)
  }
  for await (const chunk of raw) {
    for await (const group of inGroups(live, splitter.take(chunk), decideLine, index)) yield count(group)
  }
  for await (const group of inGroups(live, splitter.finish(), decideLine, index)) yield count(group)

  function count(group: readonly string[]): readonly string[] {
    index += group.length
    return group.map((answer) => `${answer}\n`)
  }
}

/** The answers to items, in order: each a decision or why there is none. */
async function* inGroups<Item>(
  live: LiveService,
  items: Iterable<Item>,
  decide: (item: Item, index: number) => Promise<string>,
  first = 0,
): AsyncGenerator<readonly string[]> {
  let index = first
  let group: Promise<string>[] = []
  for (const item of items) {
    // Transactions that come alone go first: a batch waits for room, and is not refused.
    if (group.length === 0) await live.decider.room()
    group.push(answerItem(index, item, decide))
    index += 1
    if (group.length < itemsAtOnce) continue
    yield await Promise.all(group)
    group = []
  }
  if (group.length > 0) yield await Promise.all(group)
}

/** Not an async function up to the decision itself: items are decided in their order. */
function answerItem<Item>(
  index: number,
  item: Item,
  decide: (item: Item, index: number) => Promise<string>,
): Promise<string> {
  const present = (error: unknown) => JSON.stringify(presentItemError(error, index))
  try {
    return decide(item, index).catch(present)
  } catch (error) {
    return Promise.resolve(present(error))
  }
}

/** `POST /v1/labels`: what transactions turned out to be, one or an array, durable before it is answered. */
export function labelRoutes(app: App, { limits }: HttpContext, live: LiveService): void {
  app.post('/v1/labels', ({ raw }, reply) => {
    answerBody(limits, limits.batchBytes, raw, reply, (body) => {
      const { text, value } = decodeJson(body)
      if (Array.isArray(value)) refuseRepeated(...readItems(body, limits.batchItems).repeated.values())
      else refuseRepeated(...repeatedNames(text, countNames(value), 0).values())
      return live.label(value).then((answers) => JSON.stringify(Array.isArray(value) ? answers : answers[0]))
    })
  })
}

function refuseRepeated(...repeated: readonly ReadonlySet<string>[]): void {
  if (repeated.length === 0) return
  const errors = repeated.flatMap((names) => [...names].map((field) => ({ field, reason: 'is given more than once' })))
  throw new FraudError('INPUT_INVALID', 'A field is given more than once', { errors })
}

/** `POST /v1/erasures`: forgets what the token of a personal value stands for, in every file, before it is answered. */
export function erasureRoutes(app: App, { limits }: HttpContext, live: LiveService): void {
  app.post('/v1/erasures', ({ raw }, reply) => {
    answerBody(limits, limits.bodyBytes, raw, reply, (body) => {
      const { text, value } = decodeJson(body)
      refuseRepeated(...repeatedNames(text, countNames(value), 0).values())
      const { personal = [] } = live.live.detector.transaction
      if (
        !isRecord(value) ||
        typeof value.key !== 'string' ||
        typeof value.value !== 'string' ||
        !personal.includes(value.key)
      ) {
        const reason = `is { "key", "value" }, and the personal keys are ${personal.join(', ') || 'none'}`
        throw new FraudError('INPUT_INVALID', 'This is no erasure', { errors: [{ field: '(body)', reason }] })
      }
      return live
        .erase(value.key, value.value)
        .then((token) => JSON.stringify({ erased: token !== undefined, token: token ?? null }))
    })
  })
}
