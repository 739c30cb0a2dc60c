import { FraudError } from '../core/errors.ts'

/** Throws INPUT_INVALID with every name that an object gives more than once. */
export function refuseRepeated(repeated: ReadonlySet<string> | undefined): void {
  if (repeated === undefined) return
  const errors = [...repeated].map((field) => ({ field, reason: 'is given more than once' }))
  throw new FraudError('INPUT_INVALID', 'A field is given more than once', { errors })
}
