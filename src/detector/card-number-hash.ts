import { createHmac } from 'node:crypto'

/** What takes the place of a card number, the same when a model is trained and when it decides: a hash under a key. */
export function cardNumberHash(key: string): (digits: string) => string {
  return (digits) => `pan_${createHmac('sha256', key).update(digits).digest('base64url').slice(0, 27)}`
}

/** Tells one key from another without a card number: digits alone are hashed, and this text is none. */
export function cardKeyCheck(key: string): string {
  return createHmac('sha256', key).update('the key of card numbers').digest('base64url').slice(0, 22)
}
