import { FraudError } from '../core/errors.ts'
import { readIsoTime } from '../core/time-parser.ts'

const furthestMs = 366 * 86_400_000

/** @throws FraudError INPUT_INVALID where it is not a time that is still to come within a year. */
export function readTimeAhead(field: string, text: string, nowMs: number): number {
  const timeMs = readIsoTime(text, () => 0)
  if (timeMs > nowMs && timeMs <= nowMs + furthestMs) return timeMs
  const reason = 'is not an ISO 8601 time that is still to come, within a year'
  throw new FraudError('INPUT_INVALID', 'Not what this route takes', { errors: [{ field, reason }] })
}
