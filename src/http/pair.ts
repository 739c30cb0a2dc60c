import type { Leader } from '../log/commit-target.ts'

/** One process of several that share a log in a database. */
export interface Pair {
  /** Who decides in place of this process; undefined where this one does, or nobody is known to. */
  readonly leader: () => Leader | undefined
  /** Where this process takes requests itself. */
  readonly ownUrl: () => string | undefined
}

export type PairRole = 'single' | 'leader' | 'follower' | 'starting'

/** What this process is: one that neither decides nor knows who does is about to find out. */
export function roleOf(pair: Pair | undefined, isReady: boolean): PairRole {
  if (pair === undefined) return 'single'
  if (isReady) return 'leader'
  return pair.leader() === undefined ? 'starting' : 'follower'
}

/** Where the process takes requests that decides; null where that is not known. */
export function leaderUrl(pair: Pair, role: PairRole): string | null {
  return (role === 'leader' ? pair.ownUrl() : pair.leader()?.url) ?? null
}
