/** Every way in which Shrike refuses or fails. docs/reference/errors.md explains each; a test compares the two. */
export const errorCodes = [
  'ADDRESS_UNAVAILABLE',
  'APPROVAL_REQUIRED',
  'BODY_INVALID',
  'BODY_TOO_LARGE',
  'BUNDLE_INVALID',
  'CARD_NUMBER_REFUSED',
  'CASE_CLAIMED_BY_OTHER',
  'CASE_CLOSED',
  'CASE_EXISTS',
  'CASE_FULL',
  'CASE_UNKNOWN',
  'CASE_WITHOUT_VERDICT',
  'CHANGES_FULL',
  'CHANGE_DECIDED',
  'CHANGE_DIFFERS',
  'CHANGE_UNKNOWN',
  'CLUSTER_UNSUPPORTED',
  'CURRENCY_MIXED',
  'DATABASE_UNUSABLE',
  'DATA_INVALID',
  'DECISION_TOO_LARGE',
  'DEPLOYMENT_UNDERWAY',
  'DETECTOR_INVALID',
  'DIRECTORY_IN_USE',
  'DIRECTORY_UNUSABLE',
  'ERASURE_INCOMPLETE',
  'EXPLANATION_UNAVAILABLE',
  'FILE_UNREADABLE',
  'FILE_UNWRITABLE',
  'FORBIDDEN',
  'HEADERS_TOO_LARGE',
  'HISTORIES_LOST',
  'INPUT_INVALID',
  'INTERNAL',
  'INTERRUPTED',
  'JOBS_FULL',
  'JOB_ENDED',
  'JOB_NAME_TAKEN',
  'JOB_UNKNOWN',
  'JOURNAL_INVALID',
  'KAFKA_REFUSED',
  'LABELS_FULL',
  'LEAK_SUSPECTED',
  'LAST_ADMIN',
  'LOGIN_FAILED',
  'LOGIN_LIMITED',
  'LOG_INVALID',
  'LOG_KEY_MISMATCH',
  'LOG_MISMATCH',
  'LOG_PRUNED',
  'LOG_TOO_NEW',
  'LOG_UNAVAILABLE',
  'MEDIA_TYPE_UNSUPPORTED',
  'MEMORY_SHORT',
  'METHOD_NOT_ALLOWED',
  'MODELS_CHANGED',
  'MODEL_INVALID',
  'MODEL_IN_USE',
  'MODEL_MISSING',
  'MODEL_NOT_CHAMPION',
  'MODEL_UNKNOWN',
  'MODEL_UNSUPPORTED',
  'MODELS_DIFFER',
  'NOT_READY',
  'OPTION_INVALID',
  'OUT_OF_BAG_UNAVAILABLE',
  'OVERLOADED',
  'OWNER_MISSING',
  'PACKAGE_MISSING',
  'PENDING_LABELS_FULL',
  'POLICY_CHANGED',
  'POLICY_INVALID',
  'POLICY_NAMES_LOST',
  'POLICY_PART_UNKNOWN',
  'POLICY_VALUES_LOST',
  'PORT_IN_USE',
  'ORIGIN_REFUSED',
  'PROVIDER_UNAVAILABLE',
  'REQUEST_MALFORMED',
  'REQUEST_TIMEOUT',
  'ROUTE_NOT_FOUND',
  'WEBHOOK_UNKNOWN',
  'RUNTIME_MISSING',
  'SAME_PERSON',
  'SNAPSHOT_INVALID',
  'SPACE_INVALID',
  'STREAM_POSITION_LOST',
  'STREAM_TAKEN',
  'TOPIC_UNUSABLE',
  'TRANSACTION_CONFLICT',
  'TRANSACTION_IN_FUTURE',
  'TRANSACTION_TOO_OLD',
  'TRANSACTION_UNKNOWN',
  'TLS_MISSING',
  'UNAUTHORIZED',
  'USER_EXISTS',
  'USER_UNKNOWN',
  'WORKERS_FAILED',
] as const

export type ErrorCode = (typeof errorCodes)[number]

export function isErrorCode(value: unknown): value is ErrorCode {
  return errorCodes.some((code) => code === value)
}

/** A place in a text of several lines: line and column from 1, and the offsets of what is there. */
interface TextPlace {
  readonly line: number
  readonly column: number
  readonly start: number
  readonly end: number
}

/** One bad part of an input: which field, and what is wrong with it. */
export interface FieldError {
  readonly field: string
  readonly reason: string
  /** Where in the field's text, where that is a language of its own. */
  readonly at?: TextPlace | undefined
  /** The transaction's id, where there may be several and the id can be read and is not a card number. */
  readonly id?: string | undefined
}

/** An operating failure: something that can go wrong while the program is right. A bug is an assertion instead. */
export class FraudError extends Error {
  readonly code: ErrorCode
  readonly errors: readonly FieldError[]
  /** What to do about it, for who called a command. */
  readonly hint: string | undefined
  /** When to try again, where that is known. */
  readonly retryAfterMs: number | undefined

  constructor(
    code: ErrorCode,
    message: string,
    details: { cause?: unknown; errors?: readonly FieldError[]; hint?: string | undefined; retryAfterMs?: number } = {},
  ) {
    super(message, { cause: details.cause })
    this.name = 'FraudError'
    this.code = code
    this.errors = details.errors ?? []
    this.hint = details.hint
    this.retryAfterMs = details.retryAfterMs
  }
}
