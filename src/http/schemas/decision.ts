import { asSent } from '../../core/money.ts'
import { numberForTime } from '../../core/time-formats.ts'
import { formatIsoTime } from '../../core/time-parser.ts'
import type { DetectorInForce } from '../../deciding/detector-in-force.ts'
import { mostRefusedListed } from '../../deciding/label-tally.ts'
import { contributionScales } from '../../decisioning/contribution.ts'
import { shownDegradations } from '../../decisioning/decision.ts'
import { hitStates } from '../../decisioning/policy-trace.ts'
import { type DeclaredField, declaredFields } from '../../detector/declared-fields.ts'
import { outcomes } from '../../detector/detector-schema.ts'
import { keepsAll } from '../../detector/kept-fields.ts'
import { nestedExample } from './input.ts'
import { objectSchema } from './object-schema.ts'
import { idSchema, textPattern } from './requests.ts'

export const time = { type: 'string', format: 'date-time' } as const
export const count = (description: string) => ({ type: 'integer', minimum: 0, description }) as const
const scalar = { type: ['string', 'number', 'null'] } as const
const reasons = {
  type: 'array',
  items: {
    type: 'object',
    properties: {
      code: { type: 'string' },
      text: { type: 'string' },
      contribution: { type: 'number', description: "What the feature added to the model's uncalibrated output." },
    },
    required: ['code', 'text'],
  },
} as const

export const decisionProperties = {
  transactionId: { type: 'string' },
  outcome: {
    type: 'string',
    enum: outcomes,
    description: 'The outcome; from least to most severe: approve, challenge, review, decline.',
  },
  score: {
    type: ['number', 'null'],
    minimum: 0,
    maximum: 1,
    description: 'The calibrated probability of fraud; null where none was available, or there is no model.',
  },
  reasons,
  contributionScale: { type: 'string', enum: contributionScales, description: 'The scale of the contributions.' },
  rules: {
    type: 'array',
    items: {
      type: 'object',
      properties: {
        id: { type: 'string' },
        state: { type: 'string', enum: hitStates, description: 'Only a live one has an effect.' },
        outcome: { type: 'string', enum: [...outcomes, 'tag'] },
      },
      required: ['id', 'state', 'outcome'],
    },
    description: 'Those that applied.',
  },
  model: {
    type: ['string', 'null'],
    description: 'The bundle that scored it; null where rules and lists alone decided.',
  },
  policy: { type: 'integer', minimum: 1 },
  decidedAt: time,
  duplicate: { type: 'boolean', description: 'Whether the transaction had already been decided.' },
  degraded: { type: 'array', items: { type: 'string', enum: shownDegradations } },
} as const

const optional = ['contributionScale']

const by = { type: ['string', 'null'], description: 'Who sent the label; null in a log of an older version.' } as const

const counts = {
  type: 'boolean',
  description: 'Whether it is the one that counts: its source decides first, then its time.',
} as const

const label = { isFraud: { type: 'boolean' }, knownAt: time, source: { type: ['string', 'null'] } } as const

export function object(properties: Readonly<Record<string, unknown>>, optional: readonly string[] = []): object {
  const required = Object.keys(properties).filter((name) => !optional.includes(name))
  return { type: 'object', properties, required }
}

export const transactionView = {
  type: 'object',
  additionalProperties: scalar,
  description: 'The declared and kept fields. A personal value that was erased is null.',
}

export const featuresView = { type: 'object', additionalProperties: { type: ['number', 'null'] } } as const

const pageProperties = {
  decisions: { type: 'array', items: object({ ...decisionProperties, transaction: transactionView }, optional) },
  cursor: {
    type: ['string', 'null'],
    description: 'The cursor of the next page; null at the end. A page may be short before the end.',
  },
} as const

export const decisionSchemas = {
  Decision: object(decisionProperties, optional),
  DecisionDetail: object(
    {
      ...decisionProperties,
      transaction: transactionView,
      features: featuresView,
      labels: { type: 'array', items: object({ ...label, by, counts }), maxItems: 100 },
      hasOlderLabels: {
        type: 'boolean',
        description: 'Whether there are earlier labels, in a log of an older version.',
      },
      explanation: object({
        scale: decisionProperties.contributionScale,
        base: { type: 'number', description: "The model's answer when nothing is known." },
        output: { type: 'number', description: 'The uncalibrated answer: the base plus all contributions.' },
        contributions: { type: 'object', additionalProperties: { type: 'number' } },
        error: { type: 'number', description: 'The error of the contributions; 0 where they are exact.' },
      }),
    },
    [...optional, 'hasOlderLabels', 'explanation'],
  ),
  DecisionPage: object(pageProperties),
  SearchPage: object({
    key: { type: ['string', 'null'] },
    token: {
      type: ['string', 'null'],
      description:
        'What the log keeps of the value: a token, a hash, or the value itself; null where the value is unknown.',
    },
    degraded: {
      type: 'array',
      items: { type: 'string', enum: ['plain-records-unsearched'] },
      description: 'Records from before the key was personal may hold the value in plain text; they are not searched.',
    },
    ...pageProperties,
  }),
  LabelAnswer: object({
    transactionId: { type: 'string' },
    ...label,
    pending: { type: 'boolean', description: 'Whether the transaction has not arrived yet; the label is kept for it.' },
    duplicate: { type: 'boolean', description: 'Whether the label was already known, so nothing changed.' },
  }),
  LabelReport: object({
    lines: count('All labels: accepted, repeated and refused.'),
    accepted: count('New ones.'),
    pending: count('Accepted labels whose transaction has not arrived.'),
    changed: count('Accepted labels that replace another one.'),
    repeated: count('Labels that were already known, so nothing changed.'),
    overruled: count('Repeated labels that a later label has replaced.'),
    refused: count('Labels that were not accepted.'),
    errors: {
      type: 'array',
      items: object(
        {
          line: { type: 'integer', minimum: 1 },
          id: { type: 'string', description: "The id of the label's transaction, where it could be read." },
          code: { type: 'string' },
          field: { type: 'string' },
          reason: { type: 'string' },
        },
        ['id'],
      ),
      description: `The errors of the first ${mostRefusedListed} refused lines.`,
    },
    refusedUnlisted: count('The number of refused lines beyond those.'),
  }),
} as const

/** The body of a decision, with the detector's own names. */
export function transactionSchema({ detector, features }: DetectorInForce, example: object): object {
  const { id = '', time: declaredTime } = detector.transaction
  const fields = declaredFields(detector, features.layout)
  const isDayApart = declaredTime?.clock !== undefined
  const timeSchema = declaredTime?.format !== 'iso' ? { type: 'number' } : isDayApart ? { type: 'string' } : time
  const properties = new Map<string, object>([
    [id, idSchema],
    [declaredTime?.field ?? '', timeSchema],
    ...clockOf(declaredTime?.clock, declaredTime?.field),
    ...fields.map((field): [string, object] => [field.column, fieldSchema(field)]),
    ...requiredAmount(detector).map((column): [string, object] => [column, amountSchema(detector)]),
  ])
  return {
    ...objectSchema(properties, new Set([id, declaredTime?.field ?? '', ...requiredAmount(detector)])),
    description: `A transaction by the fields that the detector declares. ${
      keepsAll(detector) ? 'Other fields are kept, but not used.' : 'Other fields are ignored and not kept.'
    }`,
    examples: [example],
  }
}

/** The time of day, where it comes apart from the day. */
function clockOf(clock: string | undefined, field: string | undefined): readonly [string, object][] {
  if (clock === undefined) return []
  const description = `The time of day, such as 08:30:00, where ${field} is a day alone.`
  return [[clock, { type: ['string', 'null'], description }]]
}

function requiredAmount({ transaction: { amount } }: DetectorInForce['detector']): readonly string[] {
  return amount?.digits === undefined ? [] : [amount.field]
}

function amountSchema({ transaction: { amount } }: DetectorInForce['detector']): object {
  if (amount?.minorUnits !== true) return { type: 'number' }
  return {
    type: 'integer',
    description: `The amount in minor units: ${10 ** (amount.digits ?? 0)} of them are one unit of the currency.`,
  }
}

function fieldSchema({ kind }: DeclaredField): object {
  if (kind === 'number') return { type: ['number', 'null'] }
  return kind === 'text'
    ? { type: ['string', 'integer', 'null'], pattern: textPattern }
    : { ...scalar, pattern: textPattern }
}

const someTimeMs = Date.UTC(2026, 10, 22, 9)

/** A transaction that the service takes, at a time that moves no window: that of the newest one, where there is one. */
export function transactionExample(
  { detector, features }: Pick<DetectorInForce, 'detector' | 'features'>,
  newestMs = Number.NEGATIVE_INFINITY,
): Record<string, unknown> {
  const { id = '', time: declaredTime, amount } = detector.transaction
  const timestampMs = Number.isFinite(newestMs) ? newestMs : someTimeMs
  const seconds = Math.floor(timestampMs / 1000)
  // Another time is another transaction, so that examples of two days do not conflict.
  const example: Record<string, unknown> = { [id]: `example-${seconds}` }
  if (declaredTime !== undefined) {
    const isIso = declaredTime.format === 'iso'
    example[declaredTime.field] = isIso ? formatIsoTime(seconds * 1000) : numberForTime(seconds * 1000, declaredTime)
  }
  // A value that the model knows, where there is a list of them.
  const listed = new Map(
    features.listed.map(({ text, values }) => [features.layout.texts[text].column, [...values][0]]),
  )
  for (const { column, kind } of declaredFields(detector, features.layout)) {
    if (column === amount?.field) example[column] = asSent(25, amount)
    else if (column === amount?.conversion) example[column] = 1
    else example[column] = kind === 'number' ? 0 : (listed.get(column) ?? `${column}-1`)
  }
  return nestedExample(example)
}
