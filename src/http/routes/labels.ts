import { Readable } from 'node:stream'
import type { LiveService } from '../../scoring/live-service.ts'
import { answerBody } from '../answer-body.ts'
import { checkBeginning, isArray } from '../array-items.ts'
import { type BodyLimits, tooLarge } from '../body.ts'
import type { App, HttpContext } from '../http-context.ts'
import { joinedText } from '../joined-text.ts'
import { readJson } from '../json-text.ts'
import { arrayLimits, itemsOf } from '../read-array.ts'
import { refuseRepeated } from '../refuse-repeated.ts'

/** A label has four names; a few more, so that misspelt ones are named in the refusal. */
const labelNames = 16

/** `POST /v1/labels`: what transactions turned out to be, one or an array, durable before it is answered. */
export function labelRoutes(app: App, context: HttpContext, live: LiveService): void {
  const { limits, held, turns, answers } = context
  const check = (bytes: Buffer) => {
    if (!isArray(bytes)) throw tooLarge(limits.bodyBytes)
    checkBeginning(bytes, arrayLimits(limits, labelNames))
  }
  const beginning = { bytes: limits.bodyBytes, check }
  const bodyLimits: BodyLimits = { limitBytes: limits.labelBytes, timeoutMs: limits.bodyTimeoutMs, held, beginning }
  app.post('/v1/labels', ({ raw }, reply) => {
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
