import { caseActions, origins, verdicts } from '../../cases/case.ts'
import { FraudError } from '../../core/errors.ts'
import { z } from '../../core/zod.ts'
import { count, featuresView, object, time, transactionView } from './decision.ts'
import { ref } from './parts.ts'
import { unavailable, usual } from './refused.ts'

const text = { type: 'string' } as const
const orNull = (schema: { readonly type: string }) => ({ ...schema, type: [schema.type, 'null'] })
const nullable = (schema: object) => ({ anyOf: [schema, { type: 'null' }] })
const timeOrNull = orNull(time)
const textOrNull = orNull(text)
const money = { type: ['number', 'null'], description: 'In minor units where the amounts of the detector have digits.' }
const verdict = { type: 'string', enum: verdicts } as const

const caseProperties = {
  id: text,
  state: { type: 'string', enum: ['open', 'claimed', 'snoozed', 'closed'] },
  origin: { enum: [...origins, null], description: 'Null in the blind sample, until there is a verdict.' },
  openedAt: time,
  changedAt: time,
  dueAt: timeOrNull,
  isOverdue: { type: 'boolean' },
  expectedLossMinor: {
    ...money,
    description:
      'Score times amount, summed over what is open and not labelled. Null in the blind sample, and where it would be of several currencies.',
  },
  transactions: count('All of them.'),
  openTransactions: count('Those without a verdict.'),
  newest: nullable(object({ transactionId: text, at: time, amountMinor: money })),
  keys: {
    type: 'array',
    items: object({ key: text, value: text }),
    description: 'As the log keeps them: tokens of persons, hashes of card numbers.',
  },
  claim: nullable(object({ by: text, at: time, until: time })),
  assignee: textOrNull,
  snoozedUntil: timeOrNull,
  escalation: nullable(object({ by: text, at: time, to: textOrNull })),
  closed: nullable(object({ at: time, why: { enum: ['verdict', 'merged', 'expired'] } })),
  verdict: nullable(object({ verdict, by: text, at: time, code: textOrNull })),
  links: { type: 'array', items: text },
} as const

const similar = object({
  key: text,
  value: text,
  cases: count('Other cases with this value.'),
  active: count('Those of them that are not closed.'),
})

const member = object({
  transactionId: text,
  at: time,
  amountMinor: money,
  verdict: { enum: [...verdicts, null] },
  decision: {
    description: 'All that is known of it; null where its record is no longer kept.',
    anyOf: [
      ref('DecisionDetail'),
      object({ transactionId: text, transaction: transactionView, features: featuresView }),
      { type: 'null' },
    ],
  },
  missing: { type: 'array', items: text, description: 'Fields and features that had no value.' },
})

const deed = object(
  {
    sequence: { type: 'integer', description: 'The number of the record.' },
    at: time,
    by: text,
    action: { enum: caseActions },
    verdict,
    code: text,
    note: { ...textOrNull, description: 'Null where it was erased.' },
    until: time,
    to: textOrNull,
    other: { ...text, description: 'Another case.' },
    undoes: { type: 'integer', description: 'The number of the record of the verdict.' },
    transactions: { type: 'array', items: text },
  },
  ['verdict', 'code', 'note', 'until', 'to', 'other', 'undoes', 'transactions'],
)

export const caseSchemas = {
  Case: object(caseProperties),
  CaseDetail: object({
    ...caseProperties,
    isHidden: { type: 'boolean', description: 'Whether scores, outcomes and reasons are left out.' },
    members: { type: 'array', items: member },
    history: { type: 'array', items: deed },
    similar: { type: 'array', items: similar },
    linked: { type: 'array', items: ref('Case') },
  }),
}

export const caseAnswer = ref('Case')
export const caseDetailAnswer = ref('CaseDetail')
export const casesAnswer = object({ cases: { type: 'array', items: ref('Case') }, cursor: textOrNull })
export const nextCaseAnswer = object({ case: nullable(ref('Case')) })
export const bulkAnswer = object({ results: { type: 'array', items: { anyOf: [ref('Case'), ref('ItemError')] } } })

const agreement = object({
  compared: count('Transactions.'),
  agreed: count('Those on which both said the same.'),
  share: { type: ['number', 'null'] },
})
const byVerdict = { fraud: count(''), legitimate: count(''), unsure: count('') }

export const caseFiguresAnswer = object({
  from: time,
  to: time,
  cases: object({ open: count(''), claimed: count(''), snoozed: count(''), closed: count('') }),
  overdue: count(''),
  escalated: count(''),
  unassigned: count(''),
  expectedLossMinor: { ...money, description: 'Null where it would be of several currencies.' },
  oldestOpenedAt: timeOrNull,
  opened: count('Since then.'),
  expired: count('Closed since then because nothing had happened to them for long.'),
  verdicts: object(byVerdict),
  undone: count(''),
  verdictsPerHour: { type: 'number' },
  medianMinutesToVerdict: { type: ['number', 'null'] },
  analysts: { type: 'array', items: object({ name: text, verdicts: count(''), ...byVerdict, undone: count('') }) },
  analystsAgree: agreement,
  laterLabelsAgree: agreement,
})

export const unknownCase = new FraudError(
  'CASE_UNKNOWN',
  'There is no case with this id, or its records are no longer kept',
)

export const caseRefusals: readonly FraudError[] = [
  ...usual,
  unknownCase,
  new FraudError('CASE_CLAIMED_BY_OTHER', 'user:ann has this case until 2030-01-01T00:30:00.000Z'),
  unavailable,
]

function bodyOf(schema: z.ZodType, example: unknown): object {
  const { $schema: _, ...own } = z.toJSONSchema(schema, { io: 'input' })
  return { content: { 'application/json': { schema: own, example } } }
}

export function caseBody(schema: z.ZodType, example: unknown): object {
  return { required: true, ...bodyOf(schema, example) }
}

/** A body that may be left out. */
export function optionalCaseBody(schema: z.ZodType, example: unknown): object {
  return { required: false, ...bodyOf(schema, example) }
}
