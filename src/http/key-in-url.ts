import { holdsCardNumber } from '../core/card-number.ts'
import { FraudError } from '../core/errors.ts'
import type { Decisions } from '../deciding/decisions.ts'

export const whyNotInUrl =
  'names a person or a card, and URLs appear in logs: use POST /v1/search, or the token or hash that it answers'

/** Whether a key's value is one that has no place in a URL. */
export function isConcealed({ inForce }: Pick<Decisions, 'inForce'>, name: string, value: string): boolean {
  const { personal = [] } = inForce.detector.transaction
  return (personal.includes(name) && !value.startsWith('tok_')) || holdsCardNumber(value, 'id')
}

/** @throws FraudError INPUT_INVALID of a key that is not the detector's, or a value that is not a token. */
export function refuseInUrl(decisions: Pick<Decisions, 'inForce'>, key: string, token: string): void {
  const { keys = {} } = decisions.inForce.detector.transaction
  const errors = Object.hasOwn(keys, key)
    ? []
    : [{ field: 'key', reason: `must be one of ${Object.keys(keys).join(', ') || 'none'}` }]
  if (isConcealed(decisions, key, token)) errors.push({ field: 'token', reason: whyNotInUrl })
  if (errors.length > 0) throw new FraudError('INPUT_INVALID', 'The path is not one of a key', { errors })
}
