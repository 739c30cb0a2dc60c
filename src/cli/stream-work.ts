import type { Beside, ServiceConfig } from '../app.ts'
import { FraudError } from '../core/errors.ts'
import { createStreamMetrics } from '../http/stream-metrics.ts'
import { runKafkaStream } from '../streams/kafka/run-kafka.ts'
import { runLines } from '../streams/run-lines.ts'
import { StreamFigures } from '../streams/stream-figures.ts'
import { whereData } from './data-location.ts'
import type { Run } from './run.ts'
import { type ServeFlags, startServing } from './serve-work.ts'
import { servedByService } from './served.ts'
import { readChoice, type StreamChoice, type TopicFlags } from './stream-choice.ts'

export interface StreamFlags extends TopicFlags, Omit<ServeFlags, 'port' | 'workers'> {
  readonly port?: number
}

/** Streams until it is told to stop, or lines end. */
export async function stream(bundle: string | undefined, flags: StreamFlags, { signal, note }: Run): Promise<void> {
  const choice = readChoice(flags, process.env)
  const served = servedByService(flags.data, { bundle, detector: flags.detector })
  const { port = 0 } = flags
  const service = await startServing(served, { ...flags, port, workers: 1 }, signal, {
    listens: flags.port !== undefined,
    beside: (parts) => openStream(choice, parts),
  })
  if (service === undefined) return
  if (!service.decides) {
    await service.close()
    throw new FraudError('DETECTOR_INVALID', 'The detector declares no transaction.id or no time, so it cannot decide')
  }
  const where = service.url === '' ? '' : ` and served on ${service.url}`
  note(`decisions of ${flags.in} are kept in ${whereData(flags.data)}${where}`)
  await service.closed
}

/** The stream on the service's decisions. */
function openStream(choice: StreamChoice, parts: Parameters<NonNullable<ServiceConfig['beside']>>[0]): Beside {
  const { decisions, registry, logger } = parts
  const figures = new StreamFigures()
  createStreamMetrics(registry, figures)
  const stopping = new AbortController()
  const nowMs = () => performance.now()
  const options = { decisions, figures, logger, nowMs, signal: stopping.signal }
  const done =
    choice === 'lines'
      ? runLines({ ...options, input: process.stdin, output: process.stdout })
      : runKafkaStream(choice, options)
  return {
    done,
    whyNotReady: () => figures.waitsFor && `The stream waits: ${figures.waitsFor}`,
    async close() {
      stopping.abort()
      await done.catch(() => {})
    },
  }
}
