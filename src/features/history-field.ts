import { hashText } from '../core/hash-text.ts'
import type { Transaction } from '../detector/transaction.ts'
import type { FirstField, HistoryField } from './history.ts'

/** Whether sums of a field are of whole numbers, none of them missing. */
export function sumsExactly(field: HistoryField): boolean {
  return field.from === 'amount' ? field.isExact : field.from === 'condition' || field.from === 'first'
}

/** A field of a transaction as histories keep it: a text as its hash, a missing one as NaN. */
export function readField(field: Exclude<HistoryField, FirstField>, transaction: Transaction): number {
  if (field.from === 'amount') return transaction.amount
  if (field.from === 'condition') return field.test(transaction)
  if (field.from === 'number') return transaction.numbers[field.index]
  const text = transaction.texts[field.index]
  return text === undefined ? Number.NaN : hashText(text)
}
