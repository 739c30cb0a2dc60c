/** What one client may ask of the service. Every queue and every wait has its bound here. */
export interface Limits {
  /** Bytes of a `/predict` body. */
  readonly bodyBytes: number
  /** Bytes of a JSON array for a `/batch` route, and how many items it may hold; an item is limited as a body is. */
  readonly batchBytes: number
  readonly batchItems: number
  /** Bytes of a JSON array of labels, which are short. */
  readonly labelBytes: number
  /** Bytes of a model bundle. */
  readonly modelBytes: number
  /** Names of a body, a line or an item, those of objects within it included; for a model, twice its inputs if that is more. */
  readonly names: number
  /** Bytes that all bodies under way may hold in memory together. */
  readonly heldBytes: number
  /** Bytes of one line of an NDJSON stream; the stream as a whole has no limit. */
  readonly lineBytes: number
  /** How long headers may take to arrive; and a body; and one line of a stream. */
  readonly headersTimeoutMs: number
  readonly bodyTimeoutMs: number
  /** How long a connection may lie still between requests; and in the midst of one. */
  readonly keepAliveTimeoutMs: number
  readonly idleTimeoutMs: number
  /** Bytes of the request line and headers together. */
  readonly headerBytes: number
  /** Connections at a time, and of one address: behind a proxy all have the proxy's. */
  readonly connections: number
  readonly connectionsPerAddress: number
  /** Pages and other long answers that may be read at a time, and how long reading one may take. */
  readonly answers: number
  readonly answerTimeoutMs: number
  /** Clients that may read events at a time. */
  readonly eventReaders: number
  /** A loop that lags behind its timers by more than this, sample after sample, is overloaded. */
  readonly eventLoopLagMs: number
  /** On shutdown: how long idle connections are still listened to, and how long everything may take. */
  readonly drainMs: number
  readonly graceMs: number
}

export const defaultLimits: Limits = {
  bodyBytes: 64 * 1024,
  batchBytes: 4 * 1024 * 1024,
  batchItems: 10_000,
  labelBytes: 2 * 1024 * 1024,
  modelBytes: 96 * 1024 * 1024,
  names: 1024,
  heldBytes: 128 * 1024 * 1024,
  lineBytes: 64 * 1024,
  headersTimeoutMs: 10_000,
  bodyTimeoutMs: 10_000,
  // Longer than the 60 s after which the usual load balancers let go of an idle connection: the side that
  // reuses it must be the one that closes it first.
  keepAliveTimeoutMs: 72_000,
  idleTimeoutMs: 60_000,
  headerBytes: 16 * 1024,
  connections: 10_000,
  connectionsPerAddress: 5000,
  answers: 64,
  answerTimeoutMs: 60_000,
  eventReaders: 1000,
  eventLoopLagMs: 250,
  drainMs: 500,
  graceMs: 10_000,
}
