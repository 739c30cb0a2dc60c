import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { FraudError } from '../core/errors.ts'

/** What a password costs to try: 32 MiB of memory for each, three times over, as OWASP advises. */
export const usualCost: PasswordCost = { n: 2 ** 15, r: 8, p: 3 }

export interface PasswordCost {
  readonly n: number
  readonly r: number
  readonly p: number
}

/** What is kept in place of a password. */
export interface PasswordHash extends PasswordCost {
  readonly salt: Uint8Array
  readonly hash: Uint8Array
}

const shortest = 12
const longest = 256
const hashBytes = 32

/** @throws FraudError INPUT_INVALID, which never shows the password */
export function checkPassword(password: string, name: string): void {
  const length = [...password].length
  const reason = reasonAgainst(password, length, name)
  if (reason === undefined) return
  throw new FraudError('INPUT_INVALID', `The password ${reason}`, { errors: [{ field: 'password', reason }] })
}

function reasonAgainst(password: string, length: number, name: string): string | undefined {
  if (length < shortest || length > longest) return `must have ${shortest} to ${longest} characters`
  if (password.toLowerCase().includes(name.toLowerCase()) && length < shortest + name.length)
    return 'is little more than the name'
  if (new Set(password).size < 4) return 'repeats fewer than 4 different characters'
  return undefined
}

/** Hashes with 16 random bytes of salt. */
export async function hashPassword(password: string, cost: PasswordCost): Promise<PasswordHash> {
  const salt = randomBytes(16)
  return { ...cost, salt, hash: await derive(password, salt, cost) }
}

/** Compares in constant time. Without a hash, of a name that is not known say, it works as long and says no. */
export async function matchesPassword(
  password: string,
  kept: PasswordHash | undefined,
  cost: PasswordCost,
): Promise<boolean> {
  const { salt, hash, ...known } = kept ?? { ...cost, salt: noSalt, hash: noHash }
  const derived = await derive(password, salt, known)
  return timingSafeEqual(derived, hash) && kept !== undefined
}

const noSalt = new Uint8Array(16)
const noHash = new Uint8Array(hashBytes)

function derive(password: string, salt: Uint8Array, { n, r, p }: PasswordCost): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
  // The same letters, typed on another keyboard, are the same password.
  const text = password.normalize('NFKC')
  scrypt(text, salt, hashBytes, { N: n, r, p, maxmem: 256 * n * r }, (error, key) => {
    if (error === null) resolve(key)
    else reject(error)
  })
  return promise
}
