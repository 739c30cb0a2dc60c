import { isDiskFull } from '../core/disk-full.ts'
import { type ErrorCode, FraudError } from '../core/errors.ts'
import { STATUS_CODES } from '../core/node-http.ts'
import { type Refusal, tellRefusal } from '../core/refusal.ts'

/** The HTTP status of every failure. A record, so that the compiler asks for one when a code is added. */
export const statusOf: Readonly<Record<ErrorCode, number>> = {
  ADDRESS_UNAVAILABLE: 500,
  APPROVAL_REQUIRED: 409,
  BODY_INVALID: 400,
  BODY_TOO_LARGE: 413,
  BUNDLE_INVALID: 422,
  CARD_NUMBER_REFUSED: 422,
  CASE_CLAIMED_BY_OTHER: 409,
  CASE_CLOSED: 409,
  CASE_EXISTS: 409,
  CASE_FULL: 409,
  CASE_UNKNOWN: 404,
  CASE_WITHOUT_VERDICT: 409,
  CHANGES_FULL: 429,
  CHANGE_DECIDED: 409,
  CHANGE_DIFFERS: 412,
  CHANGE_UNKNOWN: 404,
  CLUSTER_UNSUPPORTED: 501,
  CURRENCY_MIXED: 422,
  DATABASE_UNUSABLE: 500,
  DATA_INVALID: 500,
  DECISION_TOO_LARGE: 500,
  DEPLOYMENT_UNDERWAY: 409,
  DETECTOR_INVALID: 500,
  DIRECTORY_IN_USE: 500,
  DIRECTORY_UNUSABLE: 500,
  ERASURE_INCOMPLETE: 409,
  EXPLANATION_UNAVAILABLE: 409,
  FILE_UNREADABLE: 500,
  FILE_UNWRITABLE: 500,
  FORBIDDEN: 403,
  HEADERS_TOO_LARGE: 431,
  HISTORIES_LOST: 409,
  INPUT_INVALID: 422,
  INTERNAL: 500,
  INTERRUPTED: 500,
  JOBS_FULL: 429,
  JOB_ENDED: 409,
  JOB_NAME_TAKEN: 409,
  JOB_UNKNOWN: 404,
  JOURNAL_INVALID: 500,
  KAFKA_REFUSED: 500,
  LABELS_FULL: 409,
  LEAK_SUSPECTED: 500,
  LAST_ADMIN: 409,
  LOGIN_FAILED: 401,
  LOGIN_LIMITED: 429,
  LOG_INVALID: 500,
  LOG_KEY_MISMATCH: 500,
  LOG_MISMATCH: 500,
  LOG_PRUNED: 503,
  LOG_TOO_NEW: 500,
  LOG_UNAVAILABLE: 503,
  MEDIA_TYPE_UNSUPPORTED: 415,
  MEMORY_SHORT: 507,
  METHOD_NOT_ALLOWED: 405,
  MODELS_CHANGED: 412,
  MODEL_INVALID: 500,
  MODEL_IN_USE: 409,
  MODEL_MISSING: 409,
  MODEL_NOT_CHAMPION: 409,
  MODEL_UNKNOWN: 404,
  MODELS_DIFFER: 409,
  MODEL_UNSUPPORTED: 500,
  NOT_READY: 503,
  OPTION_INVALID: 422,
  OUT_OF_BAG_UNAVAILABLE: 500,
  OVERLOADED: 503,
  OWNER_MISSING: 403,
  PACKAGE_MISSING: 500,
  PENDING_LABELS_FULL: 429,
  POLICY_INVALID: 422,
  POLICY_NAMES_LOST: 409,
  POLICY_PART_UNKNOWN: 404,
  POLICY_VALUES_LOST: 409,
  PORT_IN_USE: 500,
  ORIGIN_REFUSED: 403,
  PROVIDER_UNAVAILABLE: 503,
  REQUEST_MALFORMED: 400,
  REQUEST_TIMEOUT: 408,
  ROUTE_NOT_FOUND: 404,
  WEBHOOK_UNKNOWN: 404,
  RUNTIME_MISSING: 500,
  SAME_PERSON: 403,
  SNAPSHOT_INVALID: 500,
  SPACE_INVALID: 500,
  POLICY_CHANGED: 412,
  STREAM_POSITION_LOST: 500,
  STREAM_TAKEN: 500,
  TOPIC_UNUSABLE: 500,
  TRANSACTION_CONFLICT: 409,
  TRANSACTION_IN_FUTURE: 422,
  TRANSACTION_TOO_OLD: 422,
  TRANSACTION_UNKNOWN: 404,
  TLS_MISSING: 403,
  UNAUTHORIZED: 401,
  USER_EXISTS: 409,
  USER_UNKNOWN: 404,
  WORKERS_FAILED: 500,
}

/** An RFC 9457 problem: what a refused request is told. */
export interface Problem extends Refusal {
  readonly type: string
  readonly title: string
  readonly status: number
}

const internalDetail = 'Something went wrong inside the service. Its log has the cause.'

export const problemType = 'application/problem+json; charset=utf-8'

const full = new FraudError('NOT_READY', 'The disk is full')

/**
 * Any thrown thing -> what a stranger may know of it. A full disk is NOT_READY, since that passes; other failures that are
 * no answer to a request, and bugs, are INTERNAL.
 */
export function presentError(error: unknown): Problem {
  const isAnswer = error instanceof FraudError && statusOf[error.code] !== 500
  const known = isAnswer ? error : isDiskFull(error) ? full : undefined
  const told = known ? tellRefusal(known) : ({ code: 'INTERNAL', detail: internalDetail, errors: [] } as const)
  const { code, detail, errors } = told
  const status = statusOf[code]
  return { type: `urn:shrike:error:${code}`, title: STATUS_CODES[status] ?? 'Error', status, detail, code, errors }
}
