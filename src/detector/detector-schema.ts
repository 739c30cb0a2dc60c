import { suggestion } from '../core/closest-name.ts'
import { showValue } from '../core/show-value.ts'
import { timeFormats } from '../core/time-formats.ts'
import { z } from '../core/zod.ts'
import { isZone } from '../core/zone.ts'
import { durationSchema } from './duration-schema.ts'
import { keptNames } from './kept-fields.ts'

const column = z.string().min(1, 'name a column')

// Such a name becomes a part of features' names, of column headers and of reason codes.
const name = z
  .string()
  .regex(/^[a-z][A-Za-z0-9_]{0,39}$/, 'a name begins with a small letter and has letters, digits and "_", at most 40')

const timeSchema = z
  .strictObject({
    field: column,
    format: z.enum(timeFormats),
    /** What seconds-since, hours-since and days-since count from; 1970 by default. */
    start: z.iso.datetime({ offset: true, error: 'write an ISO 8601 time with its offset' }).optional(),
    /** The column with the time of day, where `field` has the day alone. */
    clock: column.optional(),
  })
  .refine(({ format, clock }) => clock === undefined || format === 'iso', {
    path: ['clock'],
    error: 'only times of the format iso have their time of day in another column',
  })
  .refine(({ field, clock }) => clock !== field, { path: ['clock'], error: 'name another column than the field' })
  .refine(({ format, start }) => start === undefined || format.endsWith('-since'), {
    path: ['start'],
    error: 'only the formats seconds-since, hours-since and days-since have a start',
  })

const currencyForms = 'write a code of three capitals, such as EUR, or { field: COLUMN }'

const amountSchema = z
  .strictObject({
    field: column,
    /** Decimals of the currency. With them amounts are exact: whole minor units. */
    digits: z.int().min(0).max(6).optional(),
    /** Whether they come as whole minor units: 1250 for 12.50. */
    minorUnits: z.boolean().optional(),
    /** A code, or the field that holds each transaction's. */
    currency: z
      .union([z.string().regex(/^[A-Z]{3}$/, currencyForms), z.strictObject({ field: column })], {
        error: currencyForms,
      })
      .optional(),
    /** The field with the rate that turns an amount into one common currency. */
    conversion: column.optional(),
  })
  .refine(({ conversion, currency }) => conversion === undefined || typeof currency === 'object', {
    path: ['conversion'],
    error: 'a conversion also needs currency: { field: COLUMN }',
  })
  .refine(({ minorUnits, digits }) => minorUnits !== true || digits !== undefined, {
    path: ['minorUnits'],
    error: 'minor units also need digits: the number of decimals of the currency',
  })
  .refine(({ minorUnits, conversion }) => minorUnits !== true || conversion === undefined, {
    path: ['minorUnits'],
    error: "minor units can't have a conversion: currencies differ in their decimals",
  })

const labelSchema = z
  .strictObject({
    field: column,
    /** How long after the transaction its label is known. */
    delay: durationSchema.optional(),
    /** The column that says when it became known. */
    knownAt: column.optional(),
    /** How old a transaction must be to count as legitimate if nobody called it fraud; the delay by default. */
    maturity: durationSchema.optional(),
    /** Sources whose labels count before those of others, the most believed first; chargeback, issuer, analyst by default. */
    precedence: z.array(z.string().min(1)).max(30, 'list at most 30 sources').optional(),
  })
  .refine(({ delay, knownAt }) => delay === undefined || knownAt === undefined, {
    path: ['knownAt'],
    error: 'a label has a delay or a column that says when it was known, not both',
  })

const transactionFields = z.strictObject({
  id: column.optional(),
  time: timeSchema.optional(),
  amount: amountSchema.optional(),
  /** What histories are kept by: a name for each column. */
  keys: z.record(name, column).optional(),
  /** Other columns that features speak of, by the names that they use. */
  fields: z.record(name, column).optional(),
  /** Where it took place, in degrees. */
  position: z.strictObject({ latitude: column, longitude: column }).optional(),
  label: labelSchema,
  /** The IANA time zone of times without an offset, and of hours and weekdays; UTC by default. */
  zone: z.string().refine(isZone, 'use a time zone such as UTC or Europe/Paris').optional(),
  /** Fields that are only kept, so that features can read them one day; or all that come. */
  keep: z.union([z.array(column), z.literal('all')], { error: 'write a list of fields, or all' }).optional(),
  /**
   * Names of keys and kept fields that stand for a person: as random tokens only, so that the person can be forgotten.
   */
  personal: z.array(z.string()).optional(),
  /** Names of keys that some transactions do not have, so that a missing one is not worth a word. */
  optionalKeys: z.array(z.string()).optional(),
  /** Columns whose values may look like card numbers and are none. */
  notCardNumber: z.array(column).optional(),
  /** Columns that may hold a card number: a keyed hash takes its place. */
  hashCardNumber: z.array(column).optional(),
})

const transactionSchema = transactionFields.superRefine((transaction, context) => {
  const { keys = {}, personal = [], optionalKeys = [] } = transaction
  const keep = keptNames(transaction)
  const names = Object.keys(keys)
  const refuse = (list: string, i: number, message: string | undefined) => {
    if (message !== undefined) context.addIssue({ code: 'custom', path: [list, i], message })
  }
  const kept = keep.length === 0 ? 'transaction.keys has no' : 'neither transaction.keys nor keep has'
  personal.forEach((_, i) => void refuse('personal', i, whyNotListed(personal, i, [...names, ...keep], kept)))
  optionalKeys.forEach((_, i) => {
    refuse('optionalKeys', i, whyNotListed(optionalKeys, i, names, 'transaction.keys has no'))
  })
  keep.forEach((name, i) => void refuse('keep', i, whyNotKept(name, i, transaction)))
})

/** What is wrong with a field that is only to be kept. */
function whyNotKept(name: string, i: number, transaction: z.infer<typeof transactionFields>): string | undefined {
  const { id, time, label, keys = {} } = transaction
  if (name === id || name === time?.field || name === time?.clock) return 'the id and the time are kept anyway'
  if (name === label.field || name === label.knownAt) return 'a label arrives later, separately'
  const isOtherKey = Object.hasOwn(keys, name) && keys[name] !== name
  if (isOtherKey) return `the key of this name has the column "${showValue(keys[name])}": give the key another name`
  return keptNames(transaction).indexOf(name) < i ? `"${showValue(name)}" is listed twice` : undefined
}

/** The outcome; from least to most severe: approve, challenge, review, decline. */
export const outcomes = ['approve', 'challenge', 'review', 'decline'] as const
export type Outcome = (typeof outcomes)[number]

const share = z.number().min(0).max(1)

const policySchema = z
  .strictObject({
    challenge: share.optional(),
    review: share.optional(),
    decline: share.optional(),
    /** The outcome where there is no score in time. */
    whenUnavailable: z.enum(outcomes).optional(),
    /** How long a score may take. */
    deadlineMs: z.int().min(1).max(60_000).optional(),
  })
  .superRefine((policy, context) => {
    const given = outcomes.flatMap((outcome) =>
      outcome !== 'approve' && policy[outcome] !== undefined ? [{ outcome, threshold: policy[outcome] }] : [],
    )
    given.forEach(({ outcome, threshold }, i) => {
      if (i === 0 || threshold >= given[i - 1].threshold) return
      const milder = given[i - 1]
      context.addIssue({
        code: 'custom',
        path: [outcome],
        message: `${outcome} is more severe than ${milder.outcome}, so its threshold can't be under ${milder.threshold}`,
      })
    })
  })

const code = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, 'a code has small letters, digits, "-" and "_", at most 40')

/** What becomes of decisions that ask for a review. */
const casesSchema = z.strictObject({
  /** Keys by which transactions join one case, the first first; the detector's first key by default. */
  by: z.array(z.string()).min(1, 'name at least one key').optional(),
  /** How soon somebody should say what a case is. */
  dueIn: durationSchema.optional(),
  /** How long a case may go without anything happening to it; then it is closed. 90d by default. */
  expireAfter: durationSchema.optional(),
  /** The share of approvals that are looked at, too, without telling who looks that they were approved. */
  blindSample: share.optional(),
  /** What a verdict may give as its code; anything of the form of one by default. */
  codes: z.array(code).min(1, 'list at least one code').optional(),
})

const detectorFields = z.strictObject({
  detector: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/i, 'use letters, digits, ".", "_" and "-", at most 64'),
  transaction: transactionSchema,
  /** The model's inputs, in this order: a name, or a kind with what it wants to know. */
  features: z
    .array(
      z.union([z.string().min(1), z.record(z.string(), z.unknown())], {
        error: 'write a name, or a kind of feature with its parameters, such as - count: { by: card, over: 7d }',
      }),
    )
    .min(1, 'list at least one feature'),
  histories: z
    .strictObject({
      /** How many of its newest transactions a key's history keeps exactly; 4,096 by default. */
      eventsPerKey: z.int().min(1).max(1_048_576),
    })
    .optional(),
  /** What learns, and how, which learners know (learners/model-choice.ts); a service never asks. */
  model: z.record(z.string(), z.unknown()).optional(),
  /** The words of a reason by feature; {value} is replaced by the actual value. */
  reasons: z.record(z.string(), z.string().min(1).max(200)).optional(),
  policy: policySchema.optional(),
  cases: casesSchema.optional(),
})

/** What else the detector uses a column of amounts in minor units for; undefined if nothing. */
function otherUseOfMinorUnits(transaction: Detector['transaction']) {
  const { amount, id, keys = {}, fields = {}, position } = transaction
  if (amount?.minorUnits !== true) return undefined
  const { field, currency } = amount
  if (id === field) return 'transaction.id'
  if (typeof currency === 'object' && currency.field === field) return 'transaction.amount.currency'
  if (Object.values(keys).includes(field)) return 'transaction.keys'
  if (Object.values(fields).includes(field)) return 'transaction.fields'
  if (keptNames(transaction).includes(field)) return 'transaction.keep'
  return position?.latitude === field || position?.longitude === field ? 'transaction.position' : undefined
}

/** The columns that a transaction's texts come from, and those of its numbers but time and amount. */
function columnsOf({ transaction, features }: z.infer<typeof detectorFields>) {
  const { id, keys = {}, fields = {}, amount, position } = transaction
  const { currency, conversion } = amount ?? {}
  const currencyField = typeof currency === 'object' ? currency.field : undefined
  const plain = features.map((feature) => (typeof feature === 'string' ? feature : feature.column))
  const named = (columns: readonly unknown[]) => [...new Set(columns.filter((each) => typeof each === 'string'))]
  return {
    texts: named([id, ...Object.values(keys), ...Object.values(fields), ...keptNames(transaction), currencyField]),
    numbers: named([amount?.field, conversion, position?.latitude, position?.longitude, ...plain]),
  }
}

/**
 * What a transaction of one stream looks like, what a model of it looks at, and what follows: the detector file. What
 * a feature may say is its kind's own matter (features/definitions/), and of the model its learner's.
 */
export const detectorSchema = detectorFields.superRefine((detector, context) => {
  const { notCardNumber = [], hashCardNumber = [] } = detector.transaction
  const { texts, numbers } = columnsOf(detector)
  const otherUse = otherUseOfMinorUnits(detector.transaction)
  if (otherUse !== undefined) {
    const message = `the column of an amount in minor units can't have another use: ${otherUse} names it, too`
    context.addIssue({ code: 'custom', path: ['transaction', 'amount', 'minorUnits'], message })
  }
  const refuse = (list: string, i: number, message: string | undefined) => {
    if (message !== undefined) context.addIssue({ code: 'custom', path: ['transaction', list, i], message })
  }
  const { by = [] } = detector.cases ?? {}
  const keys = Object.keys(detector.transaction.keys ?? {})
  by.forEach((_, i) => {
    const message = whyNotListed(by, i, keys, 'transaction.keys has no')
    if (message !== undefined) context.addIssue({ code: 'custom', path: ['cases', 'by', i], message })
  })
  notCardNumber.forEach((_, i) => {
    const reason = whyNotListed(notCardNumber, i, [...texts, ...numbers], 'the detector declares no column')
    refuse('notCardNumber', i, reason)
  })
  hashCardNumber.forEach((name, i) => {
    const reason = whyNotListed(hashCardNumber, i, texts, 'the detector declares no column of texts')
    const isBoth = notCardNumber.includes(name)
    refuse('hashCardNumber', i, isBoth ? 'it is also listed in notCardNumber; remove it from one of the two' : reason)
  })
})

/** What is wrong with an entry of a list of names, each of which is one of those there are, and once. */
function whyNotListed(list: readonly string[], i: number, names: readonly string[], thereIsNo: string) {
  const shown = `"${showValue(list[i])}"`
  if (!names.includes(list[i])) return `${thereIsNo} ${shown}${names.length === 0 ? '' : suggestion(list[i], names)}`
  return list.indexOf(list[i]) < i ? `${shown} is listed twice` : undefined
}

export type Detector = Readonly<z.infer<typeof detectorSchema>>
/** An entry of its list of features. */
export type FeatureEntry = Detector['features'][number]

/** The names that a mapping of a file of this form may have at a path, for suggestions; none where it may have any. */
export function namesAllowedAt(form: z.ZodType<Detector>, path: readonly PropertyKey[]): readonly string[] {
  let schema: unknown = form
  for (const key of path) {
    const inner = unwrap(schema)
    if (!(inner instanceof z.ZodObject)) return []
    schema = inner.shape[String(key)]
  }
  const found = unwrap(schema)
  return found instanceof z.ZodObject ? Object.keys(found.shape) : []
}

function unwrap(schema: unknown): unknown {
  return schema instanceof z.ZodOptional ? unwrap(schema.unwrap()) : schema
}
