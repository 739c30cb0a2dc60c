import { FraudError } from '../../core/errors.ts'
import type { Webhooks } from '../../webhooks/webhooks.ts'
import { answerChange } from '../change-body.ts'
import type { HttpContext } from '../http-context.ts'
import type { DecidingContext, Route } from '../route.ts'
import { jsonAnswer, jsonBody } from '../schemas/parts.ts'
import { pathParameter } from '../schemas/policy.ts'
import { unavailable, usual } from '../schemas/refused.ts'
import { deadLettersAnswer, replayAnswer, replayBody, webhooksAnswer } from '../schemas/webhooks.ts'

const unknown = new FraudError('WEBHOOK_UNKNOWN', 'No webhook is called so; there are none')
/** How many letters an answer shows. */
const mostShown = 1000

/** `GET /v1/webhooks`: who is told, and how far each is. */
export const webhookList: Route<DecidingContext> = {
  method: 'GET',
  path: '/v1/webhooks',
  role: 'viewer',
  summary: 'The webhooks, and how far each is',
  bounds: ['load', 'answers'],
  operationId: 'webhooks',
  tag: 'operation',
  answers: { ok: jsonAnswer('The endpoints.', webhooksAnswer), refusals: usual },
  handle:
    ({ webhooks }) =>
    (_request, reply) =>
      reply.header('cache-control', 'no-store').send({ endpoints: webhooks?.endpoints ?? [] }),
}

/** `GET /v1/webhooks/{name}/dead`: what one was not told. */
export const webhookDead: Route<DecidingContext> = {
  method: 'GET',
  path: '/v1/webhooks/{name}/dead',
  role: 'viewer',
  summary: 'Events that a webhook did not take, the newest first',
  bounds: ['load', 'answers'],
  operationId: 'webhookDead',
  tag: 'operation',
  parameters: () => [pathParameter('name')],
  answers: { ok: jsonAnswer(`The newest ${mostShown} at most.`, deadLettersAnswer), refusals: [...usual, unknown] },
  handle:
    (context) =>
    ({ params: { name } }, reply) => {
      const send = async () => {
        const letters = await known(context).deadLetters(name)
        return { total: letters.length, letters: letters.slice(0, mostShown) }
      }
      send().then(
        (answer) => reply.header('cache-control', 'no-store').send(answer),
        (error: unknown) => reply.send(error),
      )
    },
}

/** `POST /v1/webhooks/{name}/replay`: all from a record on, or what it did not take, once more. */
export const webhookReplay: Route<DecidingContext> = {
  method: 'POST',
  path: '/v1/webhooks/{name}/replay',
  role: 'admin',
  summary: 'Send events to a webhook once more',
  bounds: ['load'],
  operationId: 'replayWebhook',
  tag: 'operation',
  details:
    '`from` is the number of a record: all from there on is sent again, in order. `dead` sends what was given up.',
  parameters: () => [pathParameter('name')],
  body: () => jsonBody(replayBody, { dead: true }),
  answers: { ok: jsonAnswer('They are on their way.', replayAnswer), refusals: [...usual, unknown, unavailable] },
  handle: (context) => (request, reply) =>
    answerChange(context, request.raw, reply, async ({ from, dead, ...others }) => {
      const [stranger] = Object.keys(others)
      if (stranger !== undefined) throw invalid(stranger, 'is not known here; there are from and dead')
      const { name } = request.params
      if (dead === true && from === undefined) return { events: await known(context).replayDead(name) }
      if (dead !== undefined) throw invalid('dead', 'is true, where from is not given')
      if (typeof from !== 'number' || !Number.isSafeInteger(from)) throw invalid('from', 'is the number of a record')
      await known(context).replay(name, from)
      return { from }
    }),
}

function known({ webhooks }: Pick<HttpContext, 'webhooks'>): Webhooks {
  if (webhooks === undefined) throw unknown
  return webhooks
}

function invalid(field: string, reason: string): FraudError {
  return new FraudError('INPUT_INVALID', 'What is to be sent again can not be read', { errors: [{ field, reason }] })
}
