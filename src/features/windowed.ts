import { z } from 'zod'
import { durationSchema } from '../core/detector-schema.ts'
import type { Transaction } from '../core/transaction.ts'
import { defineKind, type Feature, type FeatureKind } from './feature.ts'
import type { History } from './history.ts'
import { featureName } from './names.ts'
import type { NumberSource, Scope } from './scope.ts'

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

export interface WindowDeclaration {
  readonly by: string
  readonly over: string | readonly string[]
  readonly delay?: string | undefined
  readonly as?: string | undefined
}

/** A feature for each of a declaration's windows: `{by}_{of}_{kind}_{over}`. */
export function overWindows(
  kind: string,
  { by, of, over, delay, as }: WindowDeclaration & { readonly of?: string },
  scope: Scope,
  compute: (history: number, window: number) => Feature['compute'],
): readonly Feature[] {
  const history = scope.history(by)
  const widths = typeof over === 'string' ? [over] : over
  return widths.map((width) => ({
    name: featureName(as === undefined ? [by, of, kind, width] : [as, width]),
    compute: compute(history, scope.window(history, width, delay)),
  }))
}

type Summary = (history: History, window: number, field: number, unit: number) => number

/** A kind that sums up a number over a window of a key's history: the mean, say. */
export function summaryOfNumber(kind: string, summarise: Summary): FeatureKind {
  return kindOfNumber(kind, () => (_, summary) => summary, summarise)
}

/** A kind that compares the transaction's own number with that summary. */
export function ratioToSummary(kind: string, summarise: Summary): FeatureKind {
  return kindOfNumber(kind, (own) => (transaction, summary) => quotient(own(transaction), summary), summarise)
}

function kindOfNumber(
  kind: string,
  present: (own: NumberSource) => (transaction: Transaction, summary: number) => number,
  summarise: Summary,
): FeatureKind {
  return defineKind({
    kind,
    parameters: z.strictObject({ of, by, over, delay, as }),
    declare: (given, scope) =>
      overWindows(kind, given, scope, (history, window) => {
        const { field, unit } = scope.keepNumber(history, given.of)
        const shown = present(scope.number(given.of))
        return (transaction, histories) => shown(transaction, summarise(histories[history], window, field, unit))
      }),
  })
}

/** One number over another; unknown where that is 0 or unknown. */
export function quotient(value: number, base: number): number {
  return base === 0 ? Number.NaN : value / base
}
