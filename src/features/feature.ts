import type { z } from 'zod'
import type { Transaction } from '../core/transaction.ts'
import type { History } from './history.ts'
import type { Scope } from './scope.ts'

/** One of a model's inputs: its name, and how it is computed. */
export interface Feature {
  readonly name: string
  /** Other features whose values it needs; they are computed before it. */
  readonly inputs?: readonly string[]
  /** The texts that its values, from 0 on, stand for; such values have no order. */
  readonly categories?: readonly string[]
  /**
   * @param histories of the transaction's keys, the transaction included.
   * @param inputs the values of `inputs`.
   */
  compute(transaction: Transaction, histories: readonly History[], inputs: readonly number[]): number
}

/** A kind of feature, as the detector file declares it: `- count: { by: card, over: 7d }`. */
export interface FeatureKind {
  readonly kind: string
  /** What the declaration may say, for checks and for editors. */
  readonly parameters: z.ZodType
  /** The features that one declaration stands for. */
  declare(parameters: unknown, scope: Scope): readonly Feature[]
}

/** A kind whose declaration sees its parameters as they were checked. */
export function defineKind<Parameters>(definition: {
  readonly kind: string
  readonly parameters: z.ZodType<Parameters>
  readonly declare: (parameters: Parameters, scope: Scope) => readonly Feature[]
}): FeatureKind {
  const { kind, parameters, declare } = definition
  return { kind, parameters, declare: (given, scope) => declare(parameters.parse(given), scope) }
}
