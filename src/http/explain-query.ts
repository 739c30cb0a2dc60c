import { FraudError } from '../core/errors.ts'

/**
 * Whether a query is `explain=true`.
 *
 * @throws FraudError INPUT_INVALID for anything but true and false.
 */
export function readExplain(query: unknown): boolean {
  const given: unknown = typeof query === 'object' && query !== null ? Reflect.get(query, 'explain') : undefined
  if (given === undefined || given === 'false') return false
  if (given === 'true') return true
  const errors = [{ field: 'explain', reason: 'is true or false' }]
  throw new FraudError('INPUT_INVALID', 'The query is not valid for this route', { errors })
}
