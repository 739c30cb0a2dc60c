import { showNumber } from '../core/money.ts'
import type { z } from '../core/zod.ts'
import type { Transaction } from '../detector/transaction.ts'
import type { History } from './history.ts'
import type { Scope } from './scope.ts'

/** How people are told of a feature's values. */
export interface FeatureWording {
  readonly name: string
  /** The texts that its values, from 0 on, stand for; such values have no order. */
  readonly categories?: readonly string[]
  /** A value as a clause that stands alone: "9 payments of this card within 1 hour". */
  say(value: number, transaction: Transaction | undefined): string
  /** The same where the value is unknown; "NAME is unknown" by default. */
  sayUnknown?(transaction: Transaction | undefined): string
  /** The value alone, for a detector's own words; a plain number by default. */
  show?(value: number, transaction: Transaction | undefined): string
}

/** One of a model's inputs: its name, how it is computed, and how people are told of it. */
export interface Feature extends FeatureWording {
  /** Other features whose values it needs; they are computed before it. */
  readonly inputs?: readonly string[]
  /**
   * @param histories of the transaction's keys, the transaction included.
   * @param inputs the values of `inputs`.
   */
  compute(transaction: Transaction, histories: readonly History[], inputs: readonly number[]): number
}

/** What a person is told of a feature's value, known or not. */
export function sayValue(feature: FeatureWording, value: number, transaction?: Transaction): string {
  if (!Number.isNaN(value)) return feature.say(value, transaction)
  return feature.sayUnknown?.(transaction) ?? `${feature.name} is unknown`
}

/** The value of a feature alone. */
export function showFeature(feature: FeatureWording, value: number, transaction?: Transaction): string {
  if (Number.isNaN(value)) return 'unknown'
  return feature.show?.(value, transaction) ?? feature.categories?.[value] ?? showNumber(value)
}

/** Where the values of a feature are. */
export interface ValueRange {
  readonly least: number
  readonly most: number
  readonly isWhole: boolean
}

export const atLeastZero: ValueRange = { least: 0, most: Number.POSITIVE_INFINITY, isWhole: false }
export const counts: ValueRange = { ...atLeastZero, isWhole: true }
export const share: ValueRange = { least: 0, most: 1, isWhole: false }
export const wholeUpTo = (most: number): ValueRange => ({ least: 0, most, isWhole: true })
export const flag = wholeUpTo(1)

/** A kind of feature, as the detector file declares it: `- count: { by: card, over: 7d }`. */
export interface FeatureKind {
  readonly kind: string
  /** What the declaration may say, for checks and for editors. */
  readonly parameters: z.ZodType
  /** Where values are, whatever the parameters say. */
  readonly range?: ValueRange
  /** The features that one declaration stands for. */
  declare(parameters: unknown, scope: Scope): readonly Feature[]
}

/** A kind whose declaration sees its parameters as they were checked. */
export function defineKind<Parameters>(definition: {
  readonly kind: string
  readonly parameters: z.ZodType<Parameters>
  readonly range?: ValueRange
  readonly declare: (parameters: Parameters, scope: Scope) => readonly Feature[]
}): FeatureKind {
  const { parameters, declare } = definition
  return { ...definition, declare: (given, scope) => declare(parameters.parse(given), scope) }
}
