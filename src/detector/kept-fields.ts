import { isRecord } from '../core/json-value.ts'
import type { FieldValue } from './field-value.ts'

/** The most undeclared fields of a transaction that are kept, and their most bytes. */
export const mostOtherFields = 512
export const mostOtherBytes = 32_768

/** The fields that a detector lists to be kept; none where it keeps all, whatever they are called. */
export function keptNames({ keep }: { readonly keep?: readonly string[] | 'all' | undefined }): readonly string[] {
  return keep === undefined || keep === 'all' ? [] : keep
}

/** Whether records of a detector end with the fields that it does not declare. It may be another version's. */
export function keepsAll(detector: unknown): boolean {
  return isRecord(detector) && isRecord(detector.transaction) && detector.transaction.keep === 'all'
}

/** What a record's definition says of its fields. */
export interface RecordShape {
  readonly detector: unknown
  readonly columns: readonly string[]
}

/** The fields behind the declared ones, a name and a value each. */
export function otherFields(
  { detector, columns }: RecordShape,
  fields: readonly FieldValue[],
): Map<string, FieldValue> {
  const found = new Map<string, FieldValue>()
  if (!keepsAll(detector)) return found
  for (let i = columns.length; i < fields.length; i += 2) found.set(String(fields[i]), fields[i + 1])
  return found
}

/** A field of a record, declared then or only kept. */
export function fieldOf(shape: RecordShape, fields: readonly FieldValue[], name: string): FieldValue {
  const { columns } = shape
  const place = columns.indexOf(name)
  if (place >= 0) return fields[place]
  for (let i = columns.length; i < fields.length && keepsAll(shape.detector); i += 2) {
    if (fields[i] === name) return fields[i + 1]
  }
  return undefined
}

/** Whether records may have a field. Amounts are what was declared as such, in the unit and the currency of then. */
export function mayHaveField({ detector, columns }: RecordShape, name: string, amount?: AmountColumns): boolean {
  if (columns.includes(name)) return true
  const currency = typeof amount?.currency === 'object' ? amount.currency.field : undefined
  return keepsAll(detector) && name !== amount?.field && name !== amount?.conversion && name !== currency
}

interface AmountColumns {
  readonly field: string
  readonly conversion?: string | undefined
  readonly currency?: string | { readonly field: string } | undefined
}
