import { type Detector, outcomes } from '../../detector/detector-schema.ts'

const time = { type: 'string', format: 'date-time' } as const
/** No text may hold U+0000. */
export const textPattern = '^[^\\u0000]*$'
const text = (maxLength: number) => ({ type: 'string', minLength: 1, maxLength, pattern: textPattern }) as const
/** A whole number that JSON readers agree about. */
const wholeNumber = { type: 'integer', minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER } as const
/** The id of a transaction, which labels name, too. */
export const idSchema = { anyOf: [text(128), wholeNumber] } as const
const cursor = {
  type: 'string',
  pattern: '^before-[0-9]{1,15}$',
  description: 'The cursor that the page before returned.',
} as const
const limit = { type: 'integer', minimum: 1, maximum: 500, default: 50 } as const
const minScore = { type: 'number', minimum: 0, maximum: 1 } as const

/** What narrows a page of decisions, in a URL and in a body. */
const filters = {
  outcome: { type: 'string', enum: outcomes, description: 'Only decisions with this outcome.' },
  from: { ...time, description: "Of the transaction's time, included." },
  to: { ...time, description: "Of the transaction's time, included; a day alone is the whole of it." },
  minScore: { ...minScore, description: 'Only decisions with this score or more.' },
  limit: { ...limit, description: 'The most decisions in a page.' },
  cursor,
} as const

function closed(properties: Readonly<Record<string, unknown>>, required: readonly string[]): object {
  return { type: 'object', properties, required, additionalProperties: false }
}

/** One of these names; any text where there are no names, since no text is right then. */
function oneOf(names: readonly string[]): object {
  return names.length === 0 ? { type: 'string' } : { type: 'string', enum: names }
}

/** The bodies of requests, except for transactions. */
export function requestSchemas({
  transaction: { keys = {}, personal = [] },
}: Detector): Readonly<Record<string, object>> {
  const label = {
    transactionId: idSchema,
    isFraud: { type: 'boolean' },
    knownAt: {
      anyOf: [time, { type: 'null' }],
      description: 'When the label became known; now by default, and not in the future.',
    },
    source: { type: ['string', 'null'], maxLength: 128, pattern: textPattern },
  }
  const search = { key: oneOf(Object.keys(keys)), value: { anyOf: [text(512), wholeNumber] }, ...filters }
  return {
    Label: closed(label, ['transactionId', 'isFraud']),
    KeySearch: closed(search, ['key', 'value']),
    TextSearch: closed({ text: { type: 'string', minLength: 1, description: 'The id of a transaction.' } }, ['text']),
    Erasure: {
      type: 'object',
      properties: { key: oneOf(personal), value: text(512) },
      required: ['key', 'value'],
    },
  }
}

export const explainParameter = {
  name: 'explain',
  in: 'query',
  description: 'Whether to add what each feature contributed, for an approval, too.',
  schema: { type: 'boolean', default: false },
} as const

/** Where a link finds the id of a decision that was just made. */
export const transactionId = '$response.body#/transactionId'

/** The parameters of `GET /v1/decisions`. */
export function pageParameters({ transaction: { keys = {}, personal = [] } }: Detector): readonly object[] {
  const forms = Object.keys(keys).map((name) => `${escapePattern(name)}:${personal.includes(name) ? 'tok_' : ''}`)
  const key = {
    type: 'string',
    ...(forms.length > 0 && { pattern: `^(${forms.join('|')})` }),
    description: 'NAME:VALUE of a declared key, such as customer:c-1; the token for a personal or hashed key.',
  }
  return Object.entries({ ...filters, key }).map(([name, { description, ...schema }]) => {
    return { name, in: 'query', schema, description }
  })
}

function escapePattern(name: string): string {
  return name.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
