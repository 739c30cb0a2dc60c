import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { JsonItem } from '../core/json-text.ts'
import { answerBody } from './answer-body.ts'
import { type ArrayLimits, checkBeginning, readItems } from './array-items.ts'
import type { HttpContext } from './http-context.ts'
import type { Limits } from './limits.ts'

/** What a byte of JSON may take once it is parsed, where it was written for that. */
const parsedBytesPerByte = 8

/**
 * Reads a body that is an array and streams the text that its items are answered with. The whole is checked before the
 * first answer, so that a bad body is refused with its own status.
 *
 * @param names that an item may have at least.
 */
export function readArray(
  context: HttpContext,
  raw: IncomingMessage,
  reply: FastifyReply,
  names: number,
  answer: (items: readonly JsonItem[]) => AsyncIterable<string>,
): void {
  const { limits, held } = context
  const itemLimits = arrayLimits(limits, Math.max(limits.names, names))
  const beginning = { bytes: limits.bodyBytes, check: (bytes: Buffer) => checkBeginning(bytes, itemLimits) }
  const bodyLimits = { limitBytes: limits.batchBytes, timeoutMs: limits.bodyTimeoutMs, held, beginning }
  answerBody(bodyLimits, raw, reply, async (body) => {
    const items = await itemsOf(context, body, reply, Math.max(limits.names, names))
    if (items === undefined) return undefined
    context.answers.limitTime(reply.raw)
    return Readable.from(answer(items))
  })
}

export function arrayLimits({ batchItems, bodyBytes }: Limits, names: number): ArrayLimits {
  return { items: batchItems, itemBytes: bodyBytes, names }
}

/** The items of an array, counted as held until they are answered; undefined once nobody waits for the answer. */
export async function itemsOf(
  { limits, held, turns }: HttpContext,
  body: Buffer,
  { raw }: FastifyReply,
  names: number,
): Promise<readonly JsonItem[] | undefined> {
  const heldBytes = parsedBytesPerByte * body.length
  held.take(heldBytes, raw.req)
  raw.once('close', () => held.give(heldBytes, raw.req))
  const isWanted = () => !raw.destroyed
  const items = await readItems(body, arrayLimits(limits, names), turns, isWanted)
  return isWanted() ? items : undefined
}
