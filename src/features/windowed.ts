import { z } from '../core/zod.ts'
import { durationSchema } from '../detector/duration-schema.ts'
import type { Transaction } from '../detector/transaction.ts'
import { defineKind, type Feature, type FeatureKind } from './feature.ts'
import type { History } from './history.ts'
import { featureName } from './names.ts'
import type { NumberSource, Scope, ShowNumber, TextSource } from './scope.ts'
import { type PastWords, pastWords, showRatio, spoken } from './words.ts'

export const by = z.string({ error: 'name the key or category whose history it is' }).min(1)
export const of = z.string({ error: 'name the amount or a field' }).min(1)
export const as = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,59}$/, 'a feature is named with small letters, digits and "_"')
  .optional()
export const over = z.union([durationSchema, z.array(durationSchema).min(1)], {
  error: 'write a window or a list of them, such as [1d, 7d, 30d]',
})
/** Ends the window this long before the transaction, which then is not in it. */
export const delay = durationSchema.optional()

/** Leaves the transaction itself out. */
export const excludeSelf = z.boolean({ error: 'write true or false' }).optional()
/** Of the window's transactions only those with this condition on their own fields, in the rule language. */
export const where = z.string({ error: 'write a condition, such as channel == "online"' }).min(1).optional()

export interface WindowDeclaration {
  readonly by: string
  readonly over: string | readonly string[]
  readonly delay?: string | undefined
  readonly excludeSelf?: boolean | undefined
  readonly where?: string | undefined
  readonly as?: string | undefined
}

/** How a value is told, of a window of a key's history. */
type SayPast = (value: number, past: PastWords, transaction: Transaction | undefined) => string

/** A feature for each of a declaration's windows: `{by}_{of}_{kind}_{over}`. */
export function overWindows(
  kind: string,
  { by, of, over, delay, excludeSelf, where, as }: WindowDeclaration & { readonly of?: string },
  scope: Scope,
  compute: (history: number, window: number) => Feature['compute'],
  say: SayPast,
  show?: Feature['show'],
  sayUnknown?: (past: PastWords) => string,
): readonly Feature[] {
  const history = scope.history(by)
  const key = scope.text(by)
  const widths = typeof over === 'string' ? [over] : over
  return widths.map((width) => {
    const past = pastWords(by, width, { delay, excludeSelf, where })
    return {
      name: featureName(as === undefined ? [by, of, kind, width] : [as, width]),
      compute: compute(history, scope.window(history, width, delay, excludeSelf)),
      ...pastSaid(key, by, past, say, sayUnknown?.(past)),
      ...(show && { show }),
    }
  })
}

/** A key that the payment does not name has no past to speak of. */
export function pastSaid(
  key: TextSource,
  by: string,
  past: PastWords,
  say: SayPast,
  unknown = `No payment of ${past.key} ${past.within} is known`,
): Pick<Feature, 'say' | 'sayUnknown'> {
  const orNameless = (transaction: Transaction | undefined, words: () => string) =>
    transaction !== undefined && key(transaction) === undefined ? `The payment names no ${spoken(by)}` : words()
  return {
    say: (value, transaction) => orNameless(transaction, () => say(value, past, transaction)),
    sayUnknown: (transaction) => orNameless(transaction, () => unknown),
  }
}

type Summary = (history: History, window: number, field: number, unit: number) => number

/** What a summary's words are made of: the value and what it is of, such as "amount". */
interface SummaryWords extends PastWords {
  readonly value: string
  readonly of: string
}

/** A kind that sums up a number over a window of a key's history: the mean, say. */
export function summaryOfNumber(kind: string, summarise: Summary, say: (words: SummaryWords) => string): FeatureKind {
  return kindOfNumber(kind, {
    present: () => (_, summary) => summary,
    summarise,
    say: (of, show) => (value, past, transaction) => say({ ...past, of: spoken(of), value: show(value, transaction) }),
    isOf: true,
  })
}

/** What a ratio's words are made of: the transaction's own number, how many times the summary it is, and of what. */
interface RatioWords extends SummaryWords {
  readonly own: string
}

/** A kind that compares the transaction's own number with that summary. */
export function ratioToSummary(kind: string, summarise: Summary, say: (words: RatioWords) => string): FeatureKind {
  return kindOfNumber(kind, {
    present: (own) => (transaction, summary) => quotient(own(transaction), summary),
    summarise,
    say: (of, show, own) => (value, past, transaction) =>
      say({
        ...past,
        of: spoken(of),
        value: showRatio(value),
        own: transaction === undefined ? `The ${spoken(of)}` : show(own(transaction), transaction),
      }),
    isOf: false,
  })
}

interface NumberKind {
  readonly present: (own: NumberSource) => (transaction: Transaction, summary: number) => number
  readonly summarise: Summary
  readonly say: (of: string, show: ShowNumber, own: NumberSource) => SayPast
  /** Whether the value is one of the number itself, and shown like it. */
  readonly isOf: boolean
}

function kindOfNumber(kind: string, { present, summarise, say, isOf }: NumberKind): FeatureKind {
  return defineKind({
    kind,
    parameters: z.strictObject({ of, by, over, delay, excludeSelf, as }),
    declare: (given, scope) => {
      const own = scope.number(given.of)
      const show = scope.shower(given.of)
      return overWindows(
        kind,
        given,
        scope,
        (history, window) => {
          const { field, unit } = scope.keepNumber(history, given.of)
          const shown = present(own)
          return (transaction, histories) => shown(transaction, summarise(histories[history], window, field, unit))
        },
        say(given.of, show, own),
        isOf ? show : undefined,
      )
    },
  })
}

/** One number over another; unknown where that is 0 or unknown. */
export function quotient(value: number, base: number): number {
  return base === 0 ? Number.NaN : value / base
}
