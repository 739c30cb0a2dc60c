import { FraudError } from '../core/errors.ts'
import type { JsonItem } from '../core/json-text.ts'
import { isRecord } from '../core/json-value.ts'
import { idThatIsTold } from './labels.ts'

/** Throws INPUT_INVALID with every name that an object gives more than once. */
export function refuseRepeated(repeated: ReadonlySet<string> | undefined): void {
  if (repeated === undefined) return
  throw givenTwice(repeated, '', {})
}

/** The same for a label, which is named, and where it is one of an array by its place. */
export function refuseRepeatedInLabel({ value, repeated }: JsonItem, place?: number): void {
  if (repeated === undefined) return
  const told = isRecord(value) && !repeated.has('transactionId') ? idThatIsTold(value.transactionId) : {}
  throw givenTwice(repeated, place === undefined ? '' : `[${place}].`, told)
}

function givenTwice(repeated: ReadonlySet<string>, at: string, told: { readonly id?: string }): FraudError {
  const errors = [...repeated].map((field) => ({ field: `${at}${field}`, reason: 'is given more than once', ...told }))
  return new FraudError('INPUT_INVALID', 'A field is given more than once', { errors })
}
