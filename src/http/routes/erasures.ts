import { FraudError } from '../../core/errors.ts'
import { isRecord } from '../../core/json-value.ts'
import type { LiveService } from '../../scoring/live-service.ts'
import { answerBody } from '../answer-body.ts'
import type { BodyLimits } from '../body.ts'
import type { App, HttpContext } from '../http-context.ts'
import { readJson } from '../json-text.ts'
import { refuseRepeated } from '../refuse-repeated.ts'

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
