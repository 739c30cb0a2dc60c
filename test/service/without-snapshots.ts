/** What a service of a test has where the test says nothing of it: usual limits, one secret for draws, and no snapshots. */
export const withoutSnapshots = {
  makeDrawSecret: () => '07'.repeat(32),
  maxAheadMs: 300_000,
  maxPending: 1024,
  maxPendingLabels: 1000,
  maxHistoryBytes: Number.POSITIVE_INFINITY,
  snapshotEvery: Number.POSITIVE_INFINITY,
  snapshotEveryMs: Number.POSITIVE_INFINITY,
  retainMs: undefined,
  runtime: 'test',
  findSnapshot: () => undefined,
  takeSnapshot: () => Promise.reject(new Error('none')),
}
