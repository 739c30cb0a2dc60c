import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { LiveService } from '../../scoring/live-service.ts'
import { answerBody } from '../answer-body.ts'
import { ndjson } from '../answer-lines.ts'
import { checkBeginning, isArray } from '../array-items.ts'
import { type BodyLimits, tooLarge } from '../body.ts'
import type { App, HttpContext } from '../http-context.ts'
import { joinedText } from '../joined-text.ts'
import { readJson } from '../json-text.ts'
import { type LabelStream, takeLabelLines } from '../label-lines.ts'
import { mediaTypeOf } from '../media-type.ts'
import { arrayLimits, itemsOf } from '../read-array.ts'
import { refuseRepeated } from '../refuse-repeated.ts'

const csv = 'text/csv'
const types: ReadonlySet<string> = new Set(['application/json', csv, ndjson])

/** A label has four names; a few more, so that misspelt ones are named in the refusal. */
const labelNames = 16

/** `POST /v1/labels`: what transactions turned out to be, one, an array or a stream, durable before it is answered. */
export function labelRoutes(app: App, context: HttpContext, live: LiveService): void {
  const { limits, held, turns, answers } = context
  const check = (bytes: Buffer) => {
    if (!isArray(bytes)) throw tooLarge(limits.bodyBytes)
    checkBeginning(bytes, arrayLimits(limits, labelNames))
  }
  const beginning = { bytes: limits.bodyBytes, check }
  const bodyLimits: BodyLimits = { limitBytes: limits.labelBytes, timeoutMs: limits.bodyTimeoutMs, held, beginning }
  app.post('/v1/labels', ({ raw }, reply) => {
    const type = mediaTypeOf(raw.headers, types)
    if (type !== 'application/json') {
      answerStream(context, live, { raw, isCsv: type === csv, names: labelNames }, reply)
      return
    }
    answerBody(bodyLimits, raw, reply, async (body) => {
      if (!isArray(body)) {
        const { value, repeated } = readJson(body, 'body', labelNames)
        refuseRepeated(repeated)
        const [label] = await live.label(value)
        return JSON.stringify(label)
      }
      const items = await itemsOf(context, body, reply, labelNames)
      if (items === undefined) return undefined
      for (const { repeated } of items) refuseRepeated(repeated)
      const values = items.map(({ value }) => value)
      const labels = await live.label(values, turns)
      const texts = labels.values().map((label) => JSON.stringify(label))
      answers.limitTime(reply.raw)
      return Readable.from(joinedText([texts], turns, '[', ',', ']'))
    })
  })
}

/** Labels that come as lines, without a bound on how many, are answered by what became of them together. */
function answerStream(context: HttpContext, live: LiveService, stream: LabelStream, reply: FastifyReply): void {
  const { limits, held } = context
  // In memory are a line that is being read and the piece of the stream that it came in.
  const heldBytes = 2 * limits.lineBytes
  held.take(heldBytes)
  reply.raw.once('close', () => held.give(heldBytes))
  const send = (text: string) => void reply.header('content-type', 'application/json; charset=utf-8').send(text)
  takeLabelLines(context, live, stream).then(
    (report) => send(JSON.stringify(report)),
    // Of a client that has gone away nobody waits for the answer.
    (error: unknown) => reply.raw.destroyed || reply.send(error),
  )
}
