import { hash, timingSafeEqual } from 'node:crypto'

export const linkLastsMs = 15 * 60_000

/** The secret that lets the first person in, once. Only its digest is kept, and not beyond the process. */
export class OneTimeLink {
  readonly #makeSecret: () => string
  #digest: Buffer | undefined
  #endsMs = 0

  constructor(makeSecret: () => string) {
    this.#makeSecret = makeSecret
  }

  /** A new secret; the one before is worth nothing any more. */
  offer(nowMs: number): string {
    const secret = this.#makeSecret()
    this.#digest = hash('sha256', secret, 'buffer')
    this.#endsMs = nowMs + linkLastsMs
    return secret
  }

  /** Whether this is the secret; true only once. */
  take(secret: string, nowMs: number): boolean {
    const digest = this.#digest
    if (digest === undefined || nowMs >= this.#endsMs) return false
    if (!timingSafeEqual(digest, hash('sha256', secret, 'buffer'))) return false
    this.#digest = undefined
    return true
  }
}
