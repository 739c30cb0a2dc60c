import type { DecidingContext, Route } from '../route.ts'
import { jsonAnswer } from '../schemas/parts.ts'
import { unavailable, usual } from '../schemas/refused.ts'
import { sendPolicy } from '../send-policy.ts'

const text = { type: 'string' } as const
const texts = { type: 'array', items: text } as const

const name = {
  type: 'object',
  properties: {
    name: text,
    type: { ...text, description: 'As of the rule language: double, string, token, timestamp, list and so on.' },
    from: { ...text, description: 'The field, the feature as it is declared, or what the list holds.' },
    range: {
      type: 'object',
      description: 'Between what its values are, where that is known.',
      properties: { least: { type: 'number' }, most: { type: ['number', 'null'] } },
      required: ['least', 'most'],
    },
    values: { ...texts, description: 'Texts that the detector lists of it.' },
    examples: {
      type: 'array',
      description: 'Of the newest decisions, at most five, the newest first; none of personal values and card numbers.',
      items: { type: ['string', 'number'] },
    },
  },
  required: ['name', 'type', 'from', 'examples'],
} as const

const answer = {
  type: 'object',
  properties: { version: { type: 'integer' }, names: { type: 'array', items: name } },
  required: ['version', 'names'],
} as const

/** `GET /v1/policy/names`: what a condition may speak of, to look it up and to complete it. */
export const policyNames: Route<DecidingContext> = {
  method: 'GET',
  path: '/v1/policy/names',
  role: 'viewer',
  summary: 'Every name that a condition can use',
  bounds: ['load', 'answers'],
  operationId: 'policyNames',
  tag: 'policy',
  answers: {
    ok: jsonAnswer('Names of the detector in force, and of the lists.', answer),
    refusals: [...usual, unavailable],
  },
  handle:
    ({ decisions }) =>
    (_request, reply) => {
      const send = async () => {
        const names = await decisions.names()
        return { version: decisions.policy.version, names }
      }
      void send().then(
        (answer) => sendPolicy(reply, answer),
        (error: unknown) => reply.send(error),
      )
    },
}
