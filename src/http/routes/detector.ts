import type { Detector } from '../../detector/detector.ts'
import type { DecidingContext, Route } from '../route.ts'
import { jsonAnswer } from '../schemas/parts.ts'
import { usual } from '../schemas/refused.ts'

const text = { type: 'string' } as const
const columns = { type: 'object', additionalProperties: text } as const

const answer = {
  type: 'object',
  properties: {
    name: text,
    id: { ...text, description: 'The field with the id.' },
    time: { ...text, description: 'The field with the time of the event.' },
    zone: { ...text, description: 'The IANA time zone of hours and weekdays.' },
    amount: {
      type: 'object',
      properties: {
        field: text,
        digits: { type: 'integer' },
        isMinor: {
          type: 'boolean',
          description: 'Whether it is sent in minor units, of which `digits` says the size.',
        },
        currency: { ...text, description: 'The code, where all transactions have the same.' },
        currencyField: { ...text, description: 'The field with the code, where each has its own.' },
      },
      required: ['field', 'isMinor'],
    },
    keys: { ...columns, description: 'The field of each key: card, customer and so on.' },
    optionalKeys: { type: 'array', items: text },
    fields: { ...columns, description: 'Other fields, by the names that features and rules use.' },
    position: {
      type: 'object',
      properties: { latitude: text, longitude: text },
      required: ['latitude', 'longitude'],
    },
    personal: { type: 'array', items: text, description: 'Keys whose values are kept apart, and can be erased.' },
  },
  required: ['name', 'id', 'time', 'zone', 'keys', 'optionalKeys', 'fields', 'personal'],
} as const

/** `GET /v1/detector`: which field of a transaction is what, so that a program can show any stream's. */
export const detector: Route<DecidingContext> = {
  method: 'GET',
  path: '/v1/detector',
  role: 'viewer',
  summary: 'Which field of a transaction is what',
  bounds: ['load'],
  operationId: 'detector',
  tag: 'operation',
  answers: { ok: jsonAnswer('The fields of the detector in force.', answer), refusals: usual },
  handle:
    ({ decisions }) =>
    (_request, reply) =>
      reply.send(describeFields(decisions.inForce.detector)),
}

function describeFields({ detector: name, transaction }: Detector): object {
  const { id = '', time, zone = 'UTC', amount, keys = {}, optionalKeys = [], fields = {}, personal = [] } = transaction
  const { position } = transaction
  return {
    name,
    id,
    time: time?.field ?? '',
    zone,
    ...(amount === undefined ? {} : { amount: describeAmount(amount) }),
    keys,
    optionalKeys,
    fields,
    ...(position === undefined ? {} : { position }),
    personal,
  }
}

function describeAmount(amount: NonNullable<Detector['transaction']['amount']>): object {
  const { field, digits, minorUnits = false, currency } = amount
  return {
    field,
    ...(digits === undefined ? {} : { digits }),
    isMinor: minorUnits,
    ...(typeof currency === 'string' ? { currency } : {}),
    ...(typeof currency === 'object' ? { currencyField: currency.field } : {}),
  }
}
