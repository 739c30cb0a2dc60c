import type { Transaction } from '../detector/transaction.ts'
import type { Feature } from './feature.ts'
import type { History } from './history.ts'

const none: readonly number[] = []

/** Writes the values of some features of a transaction side by side, from a place on. */
export type ComputeValues = (
  transaction: Transaction,
  histories: readonly History[],
  into: Float64Array,
  at: number,
) => void

/**
 * Makes code that computes these features, none of which needs others. V8 takes a function into its caller only where a call
 * always meets the same one. Each feature therefore has a call of its own: in a loop over many rows that takes a third to a
 * half less than a loop over the features, where each value is a call and a number on the heap.
 */
export function compileValues(features: readonly Feature[]): ComputeValues {
  const names = features.map((_, i) => `feature${i}`)
  const calls = names.map((name, i) => `into[at + ${i}] = ${name}.compute(transaction, histories, none)`)
  try {
    const code = `return (transaction, histories, into, at) => { ${calls.join('\n')} }`
    return new Function('none', ...names, code)(none, ...features)
  } catch (error) {
    // Node was told to run no code that is made of text.
    if (!(error instanceof EvalError)) throw error
    return (transaction, histories, into, at) => {
      for (let i = 0; i < features.length; i++) into[at + i] = features[i].compute(transaction, histories, none)
    }
  }
}
