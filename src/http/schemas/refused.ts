import { FraudError } from '../../core/errors.ts'
import { modelMissing } from '../../deciding/lineup.ts'

/** What any route that reads a body may refuse, as examples of the OpenAPI document. */
export const usual: readonly FraudError[] = [
  new FraudError('BODY_INVALID', 'The body is not valid JSON'),
  new FraudError('REQUEST_TIMEOUT', 'The body did not arrive within 10 s'),
  new FraudError('BODY_TOO_LARGE', 'The body is over the limit of 65536 bytes'),
  new FraudError('MEDIA_TYPE_UNSUPPORTED', 'Send the body with Content-Type: application/json'),
  new FraudError('INPUT_INVALID', '1 field is not what the model needs', {
    errors: [{ field: 'Amount', reason: 'is missing' }],
  }),
  new FraudError('OVERLOADED', 'The service is overloaded'),
]

/** The same of predictions. */
export const usualOfPredictions: readonly FraudError[] = [...usual, new FraudError('MODEL_MISSING', modelMissing)]

export const unavailable = new FraudError('LOG_UNAVAILABLE', 'The log could not be written')
