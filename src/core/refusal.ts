import type { ErrorCode, FieldError, FraudError } from './errors.ts'
import { maskCardNumber, showName } from './show-value.ts'

/** Why something was refused, as strangers are told it. */
export interface Refusal {
  readonly code: ErrorCode
  readonly detail: string
  readonly errors: readonly FieldError[]
}

/** The names in it may be the sender's own words, so a card number is masked there, too. */
export function tellRefusal({ code, message, errors }: FraudError): Refusal {
  return {
    code,
    detail: maskCardNumber(message),
    errors: errors.map(({ field, reason, at, id }) => ({
      field: showName(field),
      reason: maskCardNumber(reason),
      ...(at !== undefined && { at }),
      ...(id !== undefined && { id }),
    })),
  }
}
