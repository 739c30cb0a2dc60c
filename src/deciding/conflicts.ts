import { type FieldError, FraudError } from '../core/errors.ts'
import type { FieldValue } from '../detector/field-value.ts'
import type { ReceivedTransaction } from '../detector/received-transaction.ts'
import type { DecidingState } from './deciding-state.ts'

/** A transaction as it was sent first. */
interface FirstSent {
  readonly timestampMs: number
  readonly fields: readonly FieldValue[]
}

const reason = 'differs from what was sent first'

/** Fields that differ from what was sent first, of those that were kept then (in these columns) and are declared now. */
export function differences(
  { timestampMs, fields: kept }: FirstSent,
  columns: readonly string[],
  { fields, transaction }: ReceivedTransaction,
  { inForce, definition }: DecidingState,
): readonly FieldError[] {
  const { time } = inForce.detector.transaction
  const now = definition.columns
  const different: FieldError[] = timestampMs === transaction.timestampMs ? [] : [{ field: time?.field ?? '', reason }]
  columns.forEach((field, i) => {
    const at = columns === now ? i : now.indexOf(field)
    if (at >= 0 && !Object.is(kept[i], fields[at]) && !isSameAsText(kept[i], fields[at]))
      different.push({ field, reason })
  })
  return different
}

/** @throws FraudError TRANSACTION_CONFLICT where fields differ. */
export function refuseConflict(errors: readonly FieldError[]): void {
  if (errors.length === 0) return
  throw new FraudError(
    'TRANSACTION_CONFLICT',
    'A transaction with this id was already received with different content',
    { errors },
  )
}

/** A field of either kind may be sent as a number and come from a file as text. */
function isSameAsText(one: FieldValue, other: FieldValue): boolean {
  if (one === undefined || other === undefined || typeof one === typeof other) return false
  return String(one) === String(other)
}
