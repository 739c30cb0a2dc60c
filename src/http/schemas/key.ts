import { outcomes } from '../../detector/detector-schema.ts'
import { count, decisionProperties, object, time } from './decision.ts'

const text = { type: 'string' } as const
const maybeText = { type: ['string', 'null'] } as const
const maybeTime = { type: ['string', 'null'], format: 'date-time' } as const
const { transactionId, score } = decisionProperties
const keyValue = { key: text, token: { ...text, description: 'What the log keeps: a token, a hash, or the value.' } }

const transaction = object({
  transactionId,
  time,
  outcome: { type: ['string', 'null'], enum: [...outcomes, null], description: 'Null of one that was not decided.' },
  score,
  amount: { type: ['number', 'null'], description: 'As it was sent.' },
  keys: { type: 'object', additionalProperties: text },
  isFraud: { type: ['boolean', 'null'], description: 'What the label says that counts; null where there is none.' },
})

const figures = object({
  windowMs: { type: ['integer', 'null'], description: 'Null: all that are counted.' },
  transactions: count('How many.'),
  amount: {
    type: ['number', 'null'],
    description: 'The sum of the amounts as they were sent; null where it would be of several currencies.',
  },
  outcomes: {
    type: 'object',
    properties: Object.fromEntries(outcomes.map((outcome) => [outcome, { type: 'integer', minimum: 1 }])),
    additionalProperties: false,
  },
  frauds: count('Known to be fraud.'),
  legitimate: count('Known to be legitimate.'),
})

export const knownKeySchema = object({
  ...keyValue,
  transactions: { type: 'array', items: transaction, description: 'Newest first.' },
  next: { ...maybeText, description: 'The cursor of the next page; null at the end.' },
  asOf: { ...maybeTime, description: 'The time of the newest transaction, from which windows reach back.' },
  figures: { type: 'array', items: figures, description: 'Of an hour, a day, 7 and 30 days, and all.' },
  linked: {
    type: 'array',
    items: object({
      ...keyValue,
      steps: { type: 'integer', enum: [1, 2], description: '1 in the same transaction; 2 by a value between them.' },
      transactions: count('Those that were looked at.'),
      frauds: count('Those of them that are known to be fraud.'),
    }),
  },
  links: {
    type: 'array',
    items: object({ from: object(keyValue), to: object(keyValue), transactions: count('Of both.') }),
  },
  lists: {
    type: 'array',
    items: object({
      ...{ list: text, effect: text, addedAt: time, by: text, expiresAt: maybeTime },
      ...{ source: maybeText, note: maybeText },
    }),
  },
  snoozes: { type: 'array', items: object({ rule: text, until: time }) },
  isCut: object({
    searchedSince: { ...maybeTime, description: 'Older transactions are not searched; null where all are.' },
    figuresOf: { type: ['integer', 'null'], description: 'Figures count so many, the newest; null where all.' },
    links: { type: 'boolean', description: 'Whether there are more links.' },
  }),
})
