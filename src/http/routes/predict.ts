import type { FastifyReply, FastifyRequest } from 'fastify'
import { FraudError } from '../../core/errors.ts'
import type { Prediction } from '../../scoring/predictor.ts'
import { type BodyLimits, readBody } from '../body.ts'
import type { App, HttpContext } from '../http-context.ts'
import { readJson } from '../json-text.ts'
import type { ServedModel } from '../live-model.ts'
import { mediaTypeOf } from '../media-type.ts'
import type { Metrics } from '../metrics.ts'
import { renderPrediction } from '../schemas/prediction.ts'

/** `POST /predict/` and `/predict`: the recipe's contract. Stateless: nothing is recorded but counts. */
export function predictRoutes(app: App, { model, metrics, limits, held }: HttpContext): void {
  const bodyLimits: BodyLimits = { limitBytes: limits.bodyBytes, timeoutMs: limits.bodyTimeoutMs, held }
  function answer({ raw }: FastifyRequest, reply: FastifyReply): void {
    mediaTypeOf(raw.headers)
    const take = (body: Buffer) => {
      const prediction = predictOne(model.current, metrics, body, 'body', limits.names)
      reply.header('content-type', 'application/json; charset=utf-8').send(renderPrediction(prediction))
    }
    readBody(raw, bodyLimits, take, (error) => reply.send(error))
  }
  app.post('/predict/', answer)
  app.post('/predict', answer)
}

/** The bytes of one object -> its prediction, counted. Throws BODY_INVALID, BODY_TOO_LARGE or INPUT_INVALID. */
export function predictOne(
  model: ServedModel,
  metrics: Metrics,
  bytes: Buffer,
  what: 'body' | 'line',
  names: number,
): Prediction {
  const { value, repeated } = readJson(bytes, what, Math.max(names, model.names))
  const prediction = model.predict(value, repeated)
  metrics.countPrediction(prediction)
  return prediction
}

/** Refuses early where the loop can't keep up, so that what was accepted stays fast. */
export function refuseOverload(app: App, { isOverloaded }: HttpContext): void {
  app.addHook('onRequest', (_request, _reply, done) => {
    if (!isOverloaded()) return done()
    done(new FraudError('OVERLOADED', 'The service is overloaded'))
  })
}
