import { FraudError } from '../../core/errors.ts'
import { z } from '../../core/zod.ts'
import { anyChangeSchema } from '../../decisioning/index.ts'
import { entrySchema, listSchema } from '../../decisioning/list-definition.ts'
import { policySchema } from '../../decisioning/policy-definition.ts'
import { ruleSchema } from '../../decisioning/rule-definition.ts'
import { fieldErrors } from './problem.ts'
import { unavailable, usual } from './refused.ts'

const why = { type: 'string', description: 'For readers of the history of the policy.' } as const

/** A schema of the policy as a body has it: with why it is changed. */
function bodyOf(schema: z.ZodType): object {
  const { $schema: _, ...own } = z.toJSONSchema(schema, { io: 'input' })
  return { ...own, properties: { ...own.properties, why } }
}

/** A body of a few fields, and why. */
export function reasonedBody(properties: Readonly<Record<string, object>>, required = Object.keys(properties)): object {
  return { type: 'object', properties: { ...properties, why }, required, additionalProperties: false }
}

/** A body that may say why, or be left out. */
export const reasonBody = {
  required: false,
  content: { 'application/json': { schema: reasonedBody({}), example: { why: 'It found nothing in a month' } } },
}

export const ruleBody = bodyOf(ruleSchema)
export const policyBody = bodyOf(policySchema)
/** The path has the name. */
export const listBody = { ...bodyOf(listSchema), required: ['of', 'effect'] }

const entry = schemaOf(entrySchema)
const entryExample = { value: 'k-0000157', expiresAt: '2030-01-01T00:00:00Z', note: 'Reported stolen' }
const value = { type: 'string' } as const
export const entriesBody = {
  required: true,
  content: {
    'application/json': {
      schema: reasonedBody(
        {
          add: { type: 'array', items: { anyOf: [entry, value] } },
          remove: { type: 'array', items: value },
        },
        [],
      ),
      example: { add: [entryExample], remove: ['k-0000158'], why: 'Reports of today' },
    },
    'application/x-ndjson': {
      schema: { type: 'string', description: 'One entry a line.' },
      example: `${JSON.stringify(entryExample)}\n`,
    },
    'text/csv': {
      schema: { type: 'string', description: 'A header of value, expires_at, source and note, and one entry a line.' },
      example: 'value,expires_at,note\nk-0000157,2030-01-01T00:00:00Z,Reported stolen\n',
    },
  },
}
export const changeBody = reasonedBody({ change: schemaOf(anyChangeSchema) })

function schemaOf(schema: z.ZodType): object {
  const { $schema: _, ...own } = z.toJSONSchema(schema, { io: 'input' })
  return own
}

export const ruleExample = {
  id: 'small-night',
  when: 'amount < 2.0 && time.getHours("Europe/Berlin") < 5',
  then: 'review',
  reason: 'A small payment at night',
}

/** What a change is answered with. */
export const changed = {
  type: 'object',
  properties: {
    version: { type: 'integer', description: 'Decisions name it from now on.' },
    sequence: { type: 'integer', description: "The number of the change's record in the log." },
    warnings: { ...fieldErrors, description: 'What is doubtful about the change, which counts all the same.' },
  },
  required: ['version', 'sequence', 'warnings'],
} as const

/** What came of a check. */
export const checked = {
  type: 'object',
  properties: { problems: fieldErrors, warnings: fieldErrors },
  required: ['problems', 'warnings'],
} as const

const version = { type: 'integer', description: 'In force now.' } as const
const { $schema: _, ...ruleItem } = z.toJSONSchema(ruleSchema, { io: 'input' })

/** How often a rule could not be told: no record keeps that. */
export const unknownCount = {
  type: 'object',
  description:
    'How often the rule could not be told for want of a value, by this process and in this version of the policy.',
  properties: {
    count: { type: 'integer' },
    decisions: { type: 'integer', description: 'Of so many.' },
    since: {
      type: ['string', 'null'],
      format: 'date-time',
      description: 'The first of these decisions; null before it.',
    },
  },
  required: ['count', 'decisions', 'since'],
} as const

export const rulesAnswer = {
  type: 'object',
  properties: {
    version,
    rules: { type: 'array', items: ruleItem },
    fused: { type: 'array', items: { type: 'string' }, description: 'Ids of rules that a fuse holds.' },
    unknown: { type: 'object', additionalProperties: unknownCount },
    broken: {
      type: 'object',
      description: 'Rules that the detector in force can not answer, with why.',
      additionalProperties: fieldErrors,
    },
  },
  required: ['version', 'rules', 'fused', 'unknown', 'broken'],
} as const

const policyFeature = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    state: {
      enum: ['computed', 'filling', 'failed'],
      description: 'While it is filled from the log, and where that failed, rules take it for unknown.',
    },
    reason: { type: 'string', description: 'Why it failed.' },
  },
  required: ['name', 'state'],
} as const

export const policyAnswer = {
  type: 'object',
  properties: {
    version,
    policy: schemaOf(policySchema),
    rules: { type: 'array', items: ruleItem },
    lists: { type: 'array', items: schemaOf(listSchema) },
    tripped: { type: 'array', items: { type: 'string' }, description: 'Fuses that hold now.' },
    reviews: {
      type: 'object',
      description: 'Decisions that ask for a review, whatever asked for it.',
      properties: {
        last24h: { type: 'integer' },
        perDay: { type: ['integer', 'null'], description: 'What people can do, as `costs.review.perDay` says.' },
        since: { type: 'string', format: 'date-time', description: 'From when on they are counted.' },
      },
      required: ['last24h', 'perDay', 'since'],
    },
    features: { type: 'array', items: policyFeature, description: "The policy's own, beside those of the model." },
  },
  required: ['version', 'policy', 'rules', 'lists', 'tripped', 'reviews', 'features'],
} as const

const text = { type: 'string' } as const
const step = {
  type: 'object',
  properties: {
    version,
    at: { type: 'string', format: 'date-time' },
    by: text,
    why: text,
    diff: { type: 'array', items: text },
  },
  required: ['version', 'at', 'by', 'why', 'diff'],
} as const

export const versionsAnswer = {
  type: 'object',
  properties: {
    version,
    oldest: { type: 'integer', description: 'The first version that a rollback can go to.' },
    versions: { type: 'array', items: step },
    cursor: { type: ['integer', 'null'] },
  },
  required: ['version', 'oldest', 'versions', 'cursor'],
} as const

export const listsAnswer = {
  type: 'object',
  properties: {
    version,
    lists: { type: 'array', items: schemaOf(listSchema) },
    entries: { type: 'object', description: 'How many each has.', additionalProperties: { type: 'integer' } },
  },
  required: ['version', 'lists', 'entries'],
} as const

const told = {
  type: 'object',
  properties: {
    ...{ value, source: value, note: value, by: value, number: { type: 'integer' } },
    ...{ expiresAt: { type: 'string', format: 'date-time' }, addedAt: { type: 'string', format: 'date-time' } },
  },
  required: ['value', 'by', 'number', 'addedAt'],
} as const
const lines = { type: 'string' } as const

export const entriesAnswer = {
  description: 'A page of JSON, or all entries.',
  content: {
    'application/json': {
      schema: {
        type: 'object',
        properties: { list: value, entries: { type: 'array', items: told }, cursor: { type: ['integer', 'null'] } },
        required: ['list', 'entries', 'cursor'],
      },
    },
    'application/x-ndjson': { schema: lines },
    'text/csv': { schema: lines },
  },
}

const lineError = {
  type: 'object',
  properties: { line: { type: 'integer', minimum: 1 }, field: value, reason: value },
  required: ['line', 'field', 'reason'],
} as const

/** What came of entries; of lines, how many were good, too. */
export const entriesChanged = {
  ...changed,
  properties: {
    ...changed.properties,
    ...{ lines: { type: 'integer' }, added: { type: 'integer' }, refused: { type: 'integer' } },
    errors: { type: 'array', items: lineError },
  },
}

const snooze = {
  type: 'object',
  properties: { key: { type: 'string' }, value: { type: 'string' }, until: { type: 'string', format: 'date-time' } },
  required: ['key', 'value', 'until'],
} as const

export const ruleAnswer = {
  type: 'object',
  properties: {
    version,
    rule: ruleItem,
    fused: { type: 'boolean' },
    unknown: unknownCount,
    problems: fieldErrors,
    snoozes: { type: 'array', items: snooze },
  },
  required: ['version', 'rule', 'fused', 'unknown', 'problems', 'snoozes'],
} as const

export function pathParameter(name: string): object {
  return { name, in: 'path', required: true, schema: { type: 'string', minLength: 1 } }
}

export const ifMatch = {
  name: 'If-Match',
  in: 'header',
  description:
    'The version of the policy that it is a change of: where another one is in force by then, it is refused.',
  schema: { type: 'string', pattern: '^("?[0-9]{1,15}"?|\\*)$' },
} as const

const changedMeanwhile = new FraudError(
  'POLICY_CHANGED',
  'The policy is in version 18 by now; what was sent is a change of version 17',
)
export const refusedCard = new FraudError('CARD_NUMBER_REFUSED', 'Card numbers are not accepted', {
  errors: [{ field: 'value', reason: 'holds what is a card number by its digits; send a token in its place' }],
})
export const unknownPart = new FraudError('POLICY_PART_UNKNOWN', 'There is no rule "velocty"; did you mean velocity?')

/** What any change may be refused for. */
export const changeRefusals = [...usual, changedMeanwhile, unavailable]
