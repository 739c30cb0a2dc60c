import { FraudError } from '../core/errors.ts'

/** Who the one-time link of a service without users lets in. */
export const ownerName = 'owner'

const pattern = /^[\p{L}\p{N}][\p{L}\p{N}._@+-]{0,63}$/u

/** @throws FraudError INPUT_INVALID */
export function checkUserName(name: string): void {
  if (pattern.test(name) && name === name.normalize('NFKC') && name !== ownerName) return
  const reason =
    name === ownerName
      ? 'is kept for the one-time link of a service without users'
      : 'must be letters, digits, ".", "_", "@", "+" and "-", at most 64, the first a letter or a digit'
  throw new FraudError('INPUT_INVALID', `The name ${reason}`, { errors: [{ field: 'name', reason }] })
}
