import type { TransactionRecord } from './decision-log.ts'

/**
 * Whether a transaction turned out to be fraud; null where nobody said. What came from a file that said of each what it
 * was is legitimate where no label says otherwise.
 *
 * @param label the one that counts.
 */
export function truthOf(record: TransactionRecord, label: { readonly isFraud: boolean } | undefined): boolean | null {
  if (label !== undefined) return label.isFraud
  return record.kind === 'history' && record.isLabelled ? false : null
}
