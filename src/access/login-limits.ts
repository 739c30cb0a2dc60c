import { hash } from 'node:crypto'

/** How guessing is slowed: after `free` failures each further one doubles the wait, up to the longest. */
interface Delay {
  readonly free: number
  readonly firstMs: number
  readonly longestMs: number
}

/** A short longest wait, since anybody can make others wait who knows their names. */
const ofName: Delay = { free: 5, firstMs: 1000, longestMs: 60_000 }
/** Many people may share an address. */
const ofAddress: Delay = { free: 20, firstMs: 1000, longestMs: 900_000 }

/** Failures are forgotten when nothing was tried for so long. */
const rememberedMs = 3_600_000
const mostKept = 20_000

interface Failures {
  readonly count: number
  readonly lastMs: number
  readonly waitUntilMs: number
}

/**
 * Counts failed logins by name and by address. Each attempt counts as failed from its beginning, so that many at once are no
 * way around it. Memory is bounded: of too many the one that was tried longest ago is forgotten.
 */
export class LoginLimits {
  readonly #failures = new Map<string, Failures>()

  /** @returns how long to wait before the next attempt, which then does not count; 0 where this one may go on. */
  take(name: string, address: string, nowMs: number): number {
    const keys = keysOf(name, address)
    const waitMs = Math.max(...keys.map(([key]) => (this.#failures.get(key)?.waitUntilMs ?? 0) - nowMs))
    if (waitMs > 0) return waitMs
    for (const [key, delay] of keys) this.#count(key, delay, nowMs)
    return 0
  }

  /** The attempt was right: the name has a clean slate, the address one failure less. */
  succeed(name: string, address: string): void {
    const [[nameKey], [addressKey, delay]] = keysOf(name, address)
    this.#failures.delete(nameKey)
    const failures = this.#failures.get(addressKey)
    if (failures === undefined) return
    const count = failures.count - 1
    if (count <= 0) this.#failures.delete(addressKey)
    else this.#failures.set(addressKey, { ...failures, count, waitUntilMs: waitUntil(count, delay, failures.lastMs) })
  }

  get size(): number {
    return this.#failures.size
  }

  #count(key: string, delay: Delay, nowMs: number): void {
    const before = this.#failures.get(key)
    const count = before === undefined || nowMs - before.lastMs > rememberedMs ? 1 : before.count + 1
    // Those tried last are at the end of the map.
    this.#failures.delete(key)
    this.#failures.set(key, { count, lastMs: nowMs, waitUntilMs: waitUntil(count, delay, nowMs) })
    for (const oldest of this.#failures.keys()) {
      if (this.#failures.size <= mostKept) break
      this.#failures.delete(oldest)
    }
  }
}

function waitUntil(count: number, { free, firstMs, longestMs }: Delay, lastMs: number): number {
  return count < free ? 0 : lastMs + Math.min(longestMs, firstMs * 2 ** Math.min(count - free, 30))
}

/** A name may be a password that was typed into the wrong field, so only its hash is remembered. */
function keysOf(name: string, address: string) {
  return [
    [`name ${hash('sha256', name)}`, ofName],
    [`address ${networkOf(address)}`, ofAddress],
  ] as const
}

/** An IPv6 client has a whole network of addresses to itself. */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  if (!plain.includes(':')) return plain
  const [before = '', after] = plain.split('::')
  const head = before === '' ? [] : before.split(':')
  const tail = after === undefined || after === '' ? [] : after.split(':')
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0')
  return [...head, ...zeros, ...tail].slice(0, 4).join(':')
}
