import { type ErrorCode, FraudError } from '../core/errors.ts'
import { type Refusal, tellRefusal } from '../core/refusal.ts'
import type { Decision } from '../decisioning/decision.ts'

/** What came, as bytes; Kafka's may have none. */
export interface Message {
  readonly value: Uint8Array | null
  /** Why it could not be held, and there is no value. */
  readonly unheld?: FraudError
  /** When it was written, where that is known. */
  readonly timestampMs?: number | undefined
}

/** What became of a message; neither a decision nor a refusal where a label was taken in. */
export interface Outcome<Came extends Message> {
  readonly message: Came
  readonly decision?: Decision
  readonly refusal?: Refusal
  /** The transaction's id, where it could be read. */
  readonly id?: string | undefined
}

/** Messages that get what these say are at fault themselves: to send them again would change nothing. */
const blamed: ReadonlySet<ErrorCode> = new Set([
  'BODY_INVALID',
  'BODY_TOO_LARGE',
  'CARD_NUMBER_REFUSED',
  'CURRENCY_MIXED',
  'INPUT_INVALID',
  'LABELS_FULL',
  'LOG_MISMATCH',
  'TRANSACTION_CONFLICT',
  'TRANSACTION_IN_FUTURE',
  'TRANSACTION_TOO_OLD',
])

/** What the service can't do now and will be able to. */
const passing: ReadonlySet<ErrorCode> = new Set(['LOG_UNAVAILABLE', 'NOT_READY', 'OVERLOADED', 'PENDING_LABELS_FULL'])

/** Whether a message may be decided once the service is well again. */
export function isPassing(error: unknown): boolean {
  return error instanceof FraudError && passing.has(error.code)
}

/** Why a message was refused; whatever is not its own fault is thrown, and the message is to be sent again. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof FraudError && blamed.has(error.code)) return tellRefusal(error)
  throw error
}
