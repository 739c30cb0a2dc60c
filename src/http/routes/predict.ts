import { readJson } from '../../core/json-text.ts'
import { requireModel } from '../../deciding/lineup.ts'
import type { Prediction } from '../../scoring/predictor.ts'
import type { ServedModel } from '../../scoring/served-model.ts'
import { answerPlain } from '../answer-body.ts'
import { smallBody } from '../body.ts'
import type { HttpContext } from '../http-context.ts'
import { mediaTypeOf } from '../media-type.ts'
import type { Metrics } from '../metrics.ts'
import type { PlainHandler } from '../plain-handler.ts'
import type { Route } from '../route.ts'
import { nestedExample } from '../schemas/input.ts'
import { jsonAnswer, jsonBody, ref } from '../schemas/parts.ts'
import { renderPrediction } from '../schemas/prediction.ts'
import { usualOfPredictions } from '../schemas/refused.ts'

/** `POST /predict/`: the recipe's contract. Stateless: nothing is recorded but counts. */
export const predict: Route = {
  method: 'POST',
  path: '/predict/',
  role: 'score',
  summary: 'Predict whether one transaction is fraud',
  bounds: ['load'],
  operationId: 'predict',
  tag: 'predictions',
  body: ({ lineup }) => jsonBody(ref('Input'), nestedExample(lineup.champion.model?.example ?? {})),
  answers: { ok: jsonAnswer('The prediction.', ref('Prediction')), refusals: usualOfPredictions },
  plain: answerPredictions,
  handle: (context) => {
    const { lineup } = context
    const bodyLimits = smallBody(context)
    const answer = answerPredictions(context)
    return ({ raw }, reply) => {
      mediaTypeOf(raw.headers)
      // Before the body is read.
      requireModel(lineup)
      answerPlain(bodyLimits, raw, reply, answer)
    }
  },
}

/** `POST /predict`: the same. */
export const predictWithoutSlash: Route = { ...predict, path: '/predict', operationId: 'predictWithoutSlash' }

function answerPredictions({ lineup, metrics, limits }: HttpContext): PlainHandler {
  return (body, _arrivedMs, settle) => {
    const prediction = predictOne(requireModel(lineup), metrics, body, 'body', limits.names)
    settle(undefined, renderPrediction(prediction))
  }
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
