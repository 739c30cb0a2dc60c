import { connect, type Socket } from 'node:net'
import type { Logger } from '../../src/core/logger.ts'
import { Lineup } from '../../src/deciding/lineup.ts'
import type { App } from '../../src/http/http-context.ts'
import { listen } from '../../src/http/listen.ts'
import { createMetrics, type Metrics } from '../../src/http/metrics.ts'
import { buildServer, type ServerOptions } from '../../src/http/server.ts'
import type { Predictor } from '../../src/scoring/predictor.ts'
import { serveable } from '../../src/scoring/served-model.ts'

/** A logistic model of two inputs, small enough to compute by hand: sigmoid(-3 + 0.01 Amount + 0.5 V1). */
export function logistic(modelId = 'logistic@0123456789ab', inputs: readonly string[] = ['V1', 'Amount']): Predictor {
  return {
    modelId,
    inputs,
    example: Object.fromEntries(inputs.map((name) => [name, name === 'Amount' ? 149.62 : -1.359807])),
    predict(row) {
      let logOdds = -3
      inputs.forEach((name, index) => {
        logOdds += row[index] * (name === 'Amount' ? 0.01 : 0.5)
      })
      const probability = 1 / (1 + Math.exp(-logOdds))
      return { isFraud: probability > 0.5, probability }
    },
  }
}

/** What the logistic model of V1 and Amount answers, as text. */
export function answerFor(v1: number, amount: number): string {
  const probability = 1 / (1 + Math.exp(-(-3 + v1 * 0.5 + amount * 0.01)))
  return JSON.stringify({ fraud_prediction: probability > 0.5 ? 1 : 0, probability })
}

/** A log that keeps what it is told. */
export function recordingLog(): Logger & { readonly lines: string[] } {
  const lines: string[] = []
  const write = (level: string) => (fields: object, message: string) => {
    const text = (_: string, value: unknown) => (value instanceof Error ? `${value.name}: ${value.message}` : value)
    lines.push(`${level} ${message} ${JSON.stringify(fields, text)}`)
  }
  return {
    lines,
    isLevelEnabled: () => true,
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  }
}

export interface TestService {
  readonly app: App
  readonly lineup: Lineup
  readonly metrics: Metrics
  readonly log: ReturnType<typeof recordingLog>
}

export async function buildTestService(
  options: Partial<ServerOptions> = {},
  predictor: Predictor = logistic(),
): Promise<TestService> {
  const lineup = new Lineup({ model: serveable(predictor) })
  const metrics = createMetrics(() => lineup.champion.model.modelId)
  const log = recordingLog()
  // A busy machine must not turn a test's request away.
  const limits = { eventLoopLagMs: 60_000, ...options.limits }
  const app = await buildServer({ lineup, metrics, log, version: '0.0.0-test', ...options, limits })
  return { app, lineup, metrics, log }
}

/** Opens it on a free port of loopback. */
export async function openTestService(
  options: Partial<ServerOptions> = {},
  predictor?: Predictor,
  wantedPort = 0,
): Promise<TestService & { readonly url: string; readonly port: number }> {
  const service = await buildTestService(options, predictor)
  const url = await listen(service.app, '127.0.0.1', wantedPort, options.edges)
  return { ...service, url, port: Number(new URL(url).port) }
}

/** One answer as it came over the wire, with status 0 where the connection was cut without one. */
export interface RawAnswer {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/**
 * Writes bytes to a new connection and reads answers until there are `answers` of them, or the server closes. Nothing
 * is interpreted on the way out, so that anything can be sent.
 */
export function exchange(
  port: number,
  bytes: string | Buffer | Iterable<string | Buffer>,
  { answers = 1, end = false }: { readonly answers?: number; readonly end?: boolean } = {},
): Promise<readonly RawAnswer[]> {
  return new Promise((resolve) => {
    let received = ''
    const socket: Socket = connect(port, '127.0.0.1')
    const look = (isClosed: boolean) => {
      const read = readAnswers(received)
      if (read.length < answers && !isClosed) return
      socket.destroy()
      resolve(read)
    }
    socket.setEncoding('latin1')
    socket.on('data', (chunk) => {
      received += chunk
      look(false)
    })
    socket.on('close', () => look(true))
    // A reset comes after what was received; the answers tell what there is to tell.
    socket.on('error', () => {})
    const parts = typeof bytes === 'string' || Buffer.isBuffer(bytes) ? [bytes] : bytes
    for (const part of parts) socket.write(part)
    if (end) socket.end()
  })
}

function readAnswers(bytes: string): readonly RawAnswer[] {
  const answers: RawAnswer[] = []
  let rest = bytes
  for (;;) {
    const end = rest.indexOf('\r\n\r\n')
    if (end === -1) return answers
    const [first = '', ...lines] = rest.slice(0, end).split('\r\n')
    const headers = new Map(lines.map((line) => [line.split(':')[0].toLowerCase(), line.replace(/^[^:]*: */, '')]))
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0)
    const whole = readBody(rest.slice(end + 4), headers)
    if (whole === undefined) return answers
    rest = rest.slice(end + 4 + whole.length)
    if (status !== 100) answers.push({ status, headers, body: whole.body })
  }
}

/** A body that has come as a whole, and how many bytes of the connection it took. */
function readBody(rest: string, headers: ReadonlyMap<string, string>): { body: string; length: number } | undefined {
  if (headers.get('transfer-encoding') !== 'chunked') {
    const length = Number(headers.get('content-length') ?? 0)
    return rest.length < length ? undefined : { body: rest.slice(0, length), length }
  }
  let body = ''
  let at = 0
  for (;;) {
    const end = rest.indexOf('\r\n', at)
    const size = Number.parseInt(rest.slice(at, end), 16)
    if (end === -1 || !(rest.length >= end + size + 4)) return undefined
    body += rest.slice(end + 2, end + 2 + size)
    at = end + size + 4
    if (size === 0) return { body, length: at }
  }
}
