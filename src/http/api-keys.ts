import { hash, timingSafeEqual } from 'node:crypto'
import { FraudError } from '../core/errors.ts'

const shortestKey = 16

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
export function assertProtected(host: string, apiKeys: readonly string[], insecure: boolean): void {
  if (insecure || apiKeys.length > 0 || isLoopback(host)) return
  throw new FraudError(
    'OPTION_INVALID',
    `--host ${host} makes the service reachable from other machines: set SHRIKE_API_KEYS to one or more keys, separated by commas, or say --insecure`,
  )
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

/**
 * Says whether an Authorization header carries one of the keys. Digests are compared, each of them, in constant time,
 * so that the time taken tells nothing of a key, nor of its length, nor which one it was.
 */
export function createKeyCheck(apiKeys: readonly string[]): (authorization: string | undefined) => boolean {
  const digests = apiKeys.map((key) => hash('sha256', key, 'buffer'))
  return (authorization) => {
    const token = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
    if (token === undefined) return false
    const given = hash('sha256', token, 'buffer')
    let isKnown = false
    for (const digest of digests) isKnown = timingSafeEqual(digest, given) || isKnown
    return isKnown
  }
}
