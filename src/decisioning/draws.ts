import { createHmac } from 'node:crypto'

/** What is drawn for, so that one draw tells nothing of another. */
export type DrawPurpose = `rule:${string}` | `canary:${string}` | 'control-group' | 'blind-sample'

/**
 * A number from 0 up to 1 that a purpose and an id always get again, and that nobody without the log's secret can choose or
 * foresee: 48 bits of an HMAC.
 */
export function draw(secret: Uint8Array, purpose: DrawPurpose, id: string): number {
  const hash = createHmac('sha256', secret).update(`${purpose.length}:${purpose}${id}`).digest()
  return hash.readUIntBE(0, 6) / 2 ** 48
}
