import { hash, timingSafeEqual } from 'node:crypto'
import { FraudError } from '../core/errors.ts'
import { option } from '../core/option.ts'
import { tellIssues, z } from '../core/zod.ts'
import type { Principal } from './principal.ts'
import { everyRole, roles, spellOut } from './roles.ts'

const shortestKey = 16

const keyFileSchema = z.strictObject({
  version: z.literal(1),
  keys: z.array(
    z.strictObject({
      name: z.string(),
      roles: z.array(z.enum(roles)).min(1),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      createdAt: z.iso.datetime(),
      /** Whose it is: a person, who may be a user, too. */
      owner: z.string().exactOptional(),
    }),
  ),
})

/** A key that was made by `shrike keys create`: all that is kept of it. */
export type StoredKey = Readonly<z.infer<typeof keyFileSchema>['keys'][number]>

/** Throws DATA_INVALID for a file that is damaged: to go on without its keys could open what they guard. */
export function parseKeyFile(text: string): readonly StoredKey[] {
  const { data, error } = keyFileSchema.safeParse(parseJson(text))
  if (data !== undefined) return data.keys
  throw new FraudError('DATA_INVALID', `The key file is damaged: ${tellIssues(error)}`)
}

export function formatKeyFile(keys: readonly StoredKey[]): string {
  return `${JSON.stringify({ version: 1, keys }, undefined, 2)}\n`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new FraudError('DATA_INVALID', 'The key file is damaged: it is not JSON', { cause })
  }
}

/** What stands in the file in place of a key. Keys are random, so that no slow hash is needed. */
export function digestKey(key: string): string {
  return hash('sha256', key, 'hex')
}

/** `SHRIKE_API_KEYS`, separated by commas -> the keys. Throws OPTION_INVALID for one that is short enough to guess. */
export function parseApiKeys(text: string | undefined): readonly string[] {
  const keys = (text ?? '')
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '')
  keys.forEach((key, index) => {
    if (key.length >= shortestKey && /^[\x21-\x7e]+$/.test(key)) return
    throw new FraudError(
      'OPTION_INVALID',
      `SHRIKE_API_KEYS: key ${index + 1} of ${keys.length} must have at least ${shortestKey} characters, all printable ASCII`,
    )
  })
  return keys
}

/** Refuses, with OPTION_INVALID, to be reachable from other machines without keys, unless that was asked for. */
export function assertProtected(host: string, hasKeys: boolean, insecure: boolean): void {
  if (insecure || hasKeys || isLoopback(host)) return
  throw new FraudError(
    'OPTION_INVALID',
    `${option('host')} ${host} makes the service reachable from other machines: make a key with "shrike keys create", or set SHRIKE_API_KEYS to one or more, separated by commas, or use ${option('insecure')}`,
  )
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** Who may do what. A ring never changes its answers, which may be remembered with it: where keys change, another takes its place. */
export interface KeyRing {
  /** Whether a request must carry a key. A key file asks for one even when the last key in it was revoked. */
  readonly asksForKey: boolean
  /** Whose key is in an Authorization header; undefined where it is not known. */
  principalOf(authorization: string | undefined): Principal | undefined
}

/**
 * Keys of the environment, which are good for everything, and of the key file, where there is one. Digests are compared,
 * each of them, in constant time, so that the time taken tells nothing of a key, nor of its length, nor which one it was.
 */
export function createKeyRing(apiKeys: readonly string[], stored?: readonly StoredKey[]): KeyRing {
  const known = [
    ...apiKeys.map((key, index) => ({
      digest: hash('sha256', key, 'buffer'),
      principal: { name: `environment:${index + 1}`, roles: everyRole },
    })),
    ...(stored ?? []).map((key) => ({
      digest: Buffer.from(key.sha256, 'hex'),
      principal: {
        name: `key:${key.name}`,
        ...(key.owner !== undefined && { person: key.owner }),
        roles: spellOut(key.roles),
      },
    })),
  ]
  return {
    asksForKey: apiKeys.length > 0 || stored !== undefined,
    principalOf(authorization) {
      const token = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
      if (token === undefined) return undefined
      const given = hash('sha256', token, 'buffer')
      let found: Principal | undefined
      for (const { digest, principal } of known) found = timingSafeEqual(digest, given) ? principal : found
      return found
    },
  }
}
