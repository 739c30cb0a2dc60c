import { createHmac, hash } from 'node:crypto'

/** What the first record's hash rests on. */
export const firstLink: Uint8Array = new Uint8Array(32)

/** The hash of a record, given that of the one before it. */
export type Link = (before: Uint8Array, frame: Uint8Array) => Uint8Array

/**
 * SHA-256 of the hash before and the record's frame; with a key HMAC-SHA-256 (RFC 2104) of the same, which nobody
 * without the key can make. Either way a record can't be altered, taken out or moved without changing every hash after it.
 */
export function createLink(key?: string): Link {
  if (key !== undefined) {
    return (before, frame) => createHmac('sha256', key).update(before).update(frame).digest()
  }
  let joined = Buffer.alloc(4096)
  return (before, frame) => {
    const length = before.length + frame.length
    if (length > joined.length) joined = Buffer.alloc(2 * length)
    joined.set(before)
    joined.set(frame, before.length)
    return hash('sha256', joined.subarray(0, length), 'buffer')
  }
}

/**
 * The log's key for what is not in the chain, so that a hash of one use never stands for one of another. What is hashed
 * here is shorter than the hash that starts every link's input.
 */
export function deriveKey(key: string, use: 'persons' | 'snapshots'): Uint8Array {
  return createHmac('sha256', key).update(`shrike ${use}`).digest()
}
