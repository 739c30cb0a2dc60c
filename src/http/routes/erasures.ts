import { FraudError } from '../../core/errors.ts'
import { readJson } from '../../core/json-text.ts'
import { isRecord } from '../../core/json-value.ts'
import { refuseRepeated } from '../../deciding/refuse-repeated.ts'
import { answerBody } from '../answer-body.ts'
import { smallBody } from '../body.ts'
import { principalOf } from '../guard.ts'
import type { DecidingContext, Route } from '../route.ts'
import { jsonAnswer, jsonBody, ref } from '../schemas/parts.ts'
import { unavailable, usual } from '../schemas/refused.ts'

const incomplete = new FraudError(
  'ERASURE_INCOMPLETE',
  "The customer's token was erased, but 3 records still hold the value in plain text, from before customer was personal",
)

const erased = {
  type: 'object',
  properties: { erased: { type: 'boolean' }, token: { type: ['string', 'null'] } },
  required: ['erased', 'token'],
}

/** `POST /v1/erasures`: forgets what the token of a personal value stands for, in every file, before it is answered. */
export const erase: Route<DecidingContext> = {
  method: 'POST',
  path: '/v1/erasures',
  role: 'admin',
  summary: 'Erase a person',
  bounds: ['load'],
  operationId: 'erase',
  tag: 'operation',
  details:
    'The value that a token replaced is deleted from every file before this is answered. Records from ' +
    'before its key was personal hold it in plain text: then this is refused.',
  body: () => jsonBody(ref('Erasure'), { key: 'customer', value: 'c-1' }),
  answers: { ok: jsonAnswer('Whether there was a token.', erased), refusals: [...usual, incomplete, unavailable] },
  handle: (context) => {
    const { limits, decisions } = context
    const bodyLimits = smallBody(context)
    return (request, reply) => {
      answerBody(bodyLimits, request.raw, reply, (body) => {
        const { value, repeated } = readJson(body, 'body', limits.names)
        refuseRepeated(repeated)
        const { personal = [] } = decisions.inForce.detector.transaction
        if (
          !isRecord(value) ||
          typeof value.key !== 'string' ||
          typeof value.value !== 'string' ||
          !personal.includes(value.key)
        ) {
          const reason = `must be { "key", "value" }, with one of the personal keys ${personal.join(', ') || 'none'}`
          throw new FraudError('INPUT_INVALID', 'Not a valid erasure', { errors: [{ field: '(body)', reason }] })
        }
        return decisions
          .erase(value.key, value.value, principalOf(request).name)
          .then((token) => JSON.stringify({ erased: token !== undefined, token: token ?? null }))
      })
    }
  },
}
