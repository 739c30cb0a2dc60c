import { FraudError } from '../core/errors.ts'
import type { Leader } from '../log/commit-target.ts'

/** One process of several that share a log in a database. */
export interface Pair {
  /** Who decides in place of this process; undefined where this one does, or nobody is known to. */
  readonly leader: () => Leader | undefined
  /** Where this process takes requests itself. */
  readonly ownUrl: () => string | undefined
  /** What the others are told that this process is. */
  readonly holder: string
}

export type PairRole = 'single' | 'leader' | 'follower' | 'starting'

/** What this process is: one that neither decides nor knows who does is about to find out. */
export function roleOf(pair: Pair | undefined, isReady: boolean): PairRole {
  if (pair === undefined) return 'single'
  if (isReady) return 'leader'
  return pair.leader() === undefined ? 'starting' : 'follower'
}

/**
 * Where another process takes what this one does not decide. An address that holds on one machine alone, such as that of
 * 127.0.0.1, leads from another one back to itself.
 *
 * @throws FraudError NOT_READY
 */
export function addressToPassOn(pair: Pair): string | undefined {
  const { url = null, holder } = pair.leader() ?? {}
  if (url !== null && url === pair.ownUrl() && holder !== pair.holder)
    throw new FraudError(
      'NOT_READY',
      `Another process decides (${holder}), and says that it is reached at ${url}, which is this process itself`,
    )
  return url ?? undefined
}

/** Where the process takes requests that decides; null where that is not known. */
export function leaderUrl(pair: Pair, role: PairRole): string | null {
  return (role === 'leader' ? pair.ownUrl() : pair.leader()?.url) ?? null
}
