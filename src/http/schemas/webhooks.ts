import { listOf, objectOf } from './parts.ts'

const count = { type: 'integer' } as const
const time = { type: 'string', format: 'date-time' } as const
const text = { type: 'string' } as const

const endpoint = objectOf({
  name: text,
  origin: { ...text, description: 'Without the path, which may hold a secret.' },
  events: listOf(text),
  through: { ...count, description: 'Records through this number were read for it.' },
  behind: { ...count, description: 'Records after that.' },
  waiting: { ...count, description: 'Events that were read and that it has yet to take.' },
  delivered: { ...count, description: 'Since this process began to send, as the next three.' },
  failures: { ...count, description: 'Tries that failed.' },
  dead: { ...count, description: 'Events that were given up.' },
  missed: { ...count, description: 'Records that were no longer kept when they were to be read.' },
  lastFailure: { anyOf: [objectOf({ why: text, at: time }), { type: 'null' }] },
})

export const webhooksAnswer = objectOf({ endpoints: listOf(endpoint) })

export const deadLettersAnswer = objectOf({
  total: count,
  letters: listOf(
    objectOf({
      id: { ...text, description: 'The webhook-id that it was sent under.' },
      sequence: { ...count, description: 'The number of its record.' },
      type: text,
      at: time,
      attempts: count,
      why: text,
    }),
  ),
})

export const replayBody = {
  type: 'object',
  properties: {
    from: { type: 'integer', minimum: 1, description: 'The number of the first record.' },
    dead: { type: 'boolean', const: true, description: 'In place of from: what was given up.' },
  },
} as const

export const replayAnswer = {
  type: 'object',
  properties: { from: count, events: { ...count, description: 'How many had been given up.' } },
} as const
