import { holdsCardNumber } from '../core/card-number.ts'
import { FraudError } from '../core/errors.ts'
import { changeFromText, changeToText } from '../log/change-format.ts'
import type { Beside, DecisionLog } from '../log/decision-log.ts'
import type { ChangeRecord } from '../log/log-record.ts'
import { appendDurably } from './service-log.ts'

export type NewChange = Omit<ChangeRecord, 'unread'>

/**
 * Appends a change of what is in force; resolves with its number once it is durable. Projections have taken it before this
 * returns, so that what is decided next is decided by it, and what a caller checked in the same turn (a version, say) still
 * holds. It fails as appending does, and then it is as if it had not been.
 *
 * @param newPersons whose tokens it is the first to name; ask for them in the same turn, since persons come and go.
 * @throws FraudError INPUT_INVALID where it is too large, or its `why` may hold a card number; LOG_UNAVAILABLE
 */
export async function appendChange(
  log: DecisionLog,
  record: NewChange,
  newPersons?: Beside['newPersons'],
): Promise<number> {
  return await appendDurably(log, recordable(record), newPersons && { newPersons })
}

/** Puts changes of models into a log, once what was refused is told. */
export function recordIn(log: DecisionLog & { readonly failure: FraudError | undefined }) {
  return (make: () => NewChange): Promise<number> => {
    if (log.failure !== undefined) throw log.failure
    return appendChange(log, make())
  }
}

/** The record as the log will tell it: JSON leaves out what it does not know. @throws FraudError INPUT_INVALID */
export function recordable({ kind, ...content }: NewChange): ChangeRecord {
  if (holdsCardNumber(content.why)) {
    const errors = [{ field: 'why', reason: 'holds what may be a card number, which nothing takes out of the log' }]
    throw new FraudError('INPUT_INVALID', 'The reason of a change must not hold a card number', { errors })
  }
  const { others, ...told } = changeFromText(changeToText(content))
  return { kind, ...told }
}
