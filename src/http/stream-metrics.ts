import { Gauge, type Registry } from 'prom-client'
import { createTally } from './metrics.ts'

/** What is shown of a stream. */
interface ShownStream {
  readonly counts: Iterable<{ readonly topic: string; readonly result: string; readonly count: number }>
  readonly lags: () => readonly { readonly topic: string; readonly partition: number; readonly messages: number }[]
  readonly waitsFor: string | undefined
}

/** Shows a stream. Names are a promise: docs/reference/metrics.md lists them, and a test compares. */
export function createStreamMetrics(registry: Registry, stream: ShownStream): void {
  const help = 'Messages of which the stream has written what became of them, by topic and result.'
  createTally(registry, 'shrike_stream_messages_total', help, ['topic', 'result'], (set) => {
    for (const { topic, result, count } of stream.counts) set({ topic, result }, count)
  })
  new Gauge({
    name: 'shrike_stream_lag_messages',
    help: 'Messages of a partition that are not decided and written yet.',
    labelNames: ['topic', 'partition'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { topic, partition, messages } of stream.lags()) this.set({ topic, partition }, messages)
    },
  })
  new Gauge({
    name: 'shrike_stream_waits',
    help: 'Whether the stream waits for Kafka or for the log: 1 or 0.',
    registers: [registry],
    collect() {
      this.set(stream.waitsFor === undefined ? 0 : 1)
    },
  })
}
