import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Prediction } from '../scoring/predictor.ts'
import { BucketHistogram, type Observe } from './bucket-histogram.ts'
import type { Connections } from './connections.ts'

/** What the service counts. Names are a promise: docs/reference/metrics.md lists them, and a test compares. */
export interface Metrics {
  readonly registry: Registry
  countRequest(route: string, status: number, seconds?: number): void
  countPrediction(prediction: Prediction): void
  countReload(result: 'ok' | 'refused'): void
  /** Shows these from now on. */
  watchConnections(connections: Connections, paced: { readonly cut: number }, answers: { readonly cut: number }): void
  watchEvents(readers: EventReading): void
}

/** What is counted of those who read events. */
interface EventReading {
  readonly open: number
  readonly sent: number
  readonly cut: number
}

const durationBuckets = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]
export const scoreBuckets = [0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1]

/**
 * Counters and buckets are plain numbers that a scrape reads: each request pays for an addition, not for the hashing of
 * labels. `modelId` is asked at every scrape, so that it follows a swap.
 */
export function createMetrics(modelId: () => string | null, registry = registryOfProcess()): Metrics {
  const countRequest = createRequestCount(registry)
  const countPrediction = createPredictionCount(registry)
  const reloads = { ok: 0, refused: 0 }
  createTally(registry, 'shrike_bundle_reloads_total', 'Reloads of the bundle file, by result.', ['result'], (set) => {
    set({ result: 'ok' }, reloads.ok)
    set({ result: 'refused' }, reloads.refused)
  })
  new Gauge({
    name: 'shrike_model_info',
    help: 'The model being served, or none; always 1.',
    labelNames: ['model'],
    registers: [registry],
    aggregator: 'max',
    collect() {
      this.reset()
      this.set({ model: modelId() ?? 'none' }, 1)
    },
  })
  return {
    registry,
    countRequest,
    countPrediction,
    countReload: (result) => {
      reloads[result] += 1
    },
    watchConnections: watchConnections(registry),
    watchEvents: watchEvents(registry),
  }
}

function watchEvents(registry: Registry): Metrics['watchEvents'] {
  let readers: EventReading = { open: 0, sent: 0, cut: 0 }
  new Gauge({
    name: 'shrike_event_readers',
    help: 'Clients that read events.',
    registers: [registry],
    collect() {
      this.set(readers.open)
    },
  })
  const sentHelp = 'Messages that were sent to readers of events.'
  createTally(registry, 'shrike_event_messages_total', sentHelp, [], (set) => set({}, readers.sent))
  const cutHelp = 'Readers of events whose connection was cut because they did not read.'
  createTally(registry, 'shrike_event_readers_cut_total', cutHelp, [], (set) => set({}, readers.cut))
  return (watched) => {
    readers = watched
  }
}

/** One that says how the process is, too. */
function registryOfProcess(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'shrike_' })
  return registry
}

/** What is counted of connections, once there is a server. */
function watchConnections(registry: Registry): Metrics['watchConnections'] {
  let connections: Connections | undefined
  let paced: { readonly cut: number } | undefined
  let answers: { readonly cut: number } | undefined
  new Gauge({
    name: 'shrike_http_connections',
    help: 'Connections that are open.',
    registers: [registry],
    collect() {
      this.set(connections?.open ?? 0)
    },
  })
  const refusedHelp =
    'Connections refused because too many were open, from one address or in total, or cut with too many requests.'
  createTally(registry, 'shrike_http_connections_refused_total', refusedHelp, ['reason'], (set) => {
    set({ reason: 'address' }, connections?.refused.address ?? 0)
    set({ reason: 'total' }, connections?.refused.total ?? 0)
    set({ reason: 'pipelined' }, paced?.cut ?? 0)
  })
  const cutHelp = 'Answers whose connection was cut because the client read too slowly.'
  createTally(registry, 'shrike_http_answers_cut_total', cutHelp, [], (set) => set({}, answers?.cut ?? 0))
  return (watched, requests, open) => {
    connections = watched
    paced = requests
    answers = open
  }
}

function createRequestCount(registry: Registry): Metrics['countRequest'] {
  interface RouteCounts {
    readonly byStatus: Map<number, number>
    readonly observe: Observe
  }
  const routes = new Map<string, RouteCounts>()
  createTally(
    registry,
    'shrike_http_requests_total',
    'Requests answered, by route and status.',
    ['route', 'status'],
    (set) => {
      for (const [route, { byStatus }] of routes) {
        for (const [status, count] of byStatus) set({ route, status }, count)
      }
    },
  )
  const duration = new BucketHistogram(registry, {
    name: 'shrike_http_request_duration_seconds',
    help: 'From the end of the headers to the last byte of the answer, by route, of requests that were not refused unread (overload, not HTTP).',
    label: 'route',
    buckets: durationBuckets,
  })
  return (route, status, seconds) => {
    let counts = routes.get(route)
    if (counts === undefined) {
      counts = { byStatus: new Map(), observe: duration.of(route) }
      routes.set(route, counts)
    }
    counts.byStatus.set(status, (counts.byStatus.get(status) ?? 0) + 1)
    if (seconds !== undefined) counts.observe(seconds)
  }
}

function createPredictionCount(registry: Registry): Metrics['countPrediction'] {
  const outcomes = { fraud: 0, legitimate: 0 }
  createTally(registry, 'shrike_predictions_total', 'Predictions made, by outcome.', ['outcome'], (set) => {
    set({ outcome: 'fraud' }, outcomes.fraud)
    set({ outcome: 'legitimate' }, outcomes.legitimate)
  })
  const observeScore = new BucketHistogram(registry, {
    name: 'shrike_prediction_score',
    help: 'Predicted probabilities of fraud.',
    buckets: scoreBuckets,
  }).whole()
  return ({ isFraud, probability }) => {
    outcomes[isFraud ? 'fraud' : 'legitimate'] += 1
    observeScore(probability)
  }
}

/** A counter whose values are kept elsewhere and read when it is scraped. */
export function createTally(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly string[],
  read: (set: (labels: Readonly<Record<string, string | number>>, value: number) => void) => void,
): void {
  new Counter({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    collect() {
      this.reset()
      read((labels, value) => this.inc(labels, value))
    },
  })
}
