import { connect, type Socket } from 'node:net'
import type { App, Log } from '../../src/http/http-context.ts'
import { listen } from '../../src/http/listen.ts'
import { LiveModel } from '../../src/http/live-model.ts'
import { createMetrics, type Metrics } from '../../src/http/metrics.ts'
import { buildServer, type ServerOptions } from '../../src/http/server.ts'
import type { Predictor } from '../../src/scoring/predictor.ts'

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
export function recordingLog(): Log & { readonly lines: string[] } {
  const lines: string[] = []
  const write = (level: string) => (fields: object, message: string) => {
    const text = (_: string, value: unknown) => (value instanceof Error ? `${value.name}: ${value.message}` : value)
    lines.push(`${level} ${message} ${JSON.stringify(fields, text)}`)
  }
  return { lines, debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

export interface TestService {
  readonly app: App
  readonly model: LiveModel
  readonly metrics: Metrics
  readonly log: ReturnType<typeof recordingLog>
}

export async function buildTestService(
  options: Partial<ServerOptions> = {},
  predictor: Predictor = logistic(),
): Promise<TestService> {
  const model = new LiveModel(predictor)
  const metrics = createMetrics(() => model.current.modelId)
  const log = recordingLog()
  // A busy machine must not turn a test's request away.
  const limits = { eventLoopLagMs: 60_000, ...options.limits }
  const app = await buildServer({ model, metrics, log, version: '0.0.0-test', ...options, limits })
  return { app, model, metrics, log }
}

/** Opens it on a free port of loopback. */
export async function openTestService(
  options: Partial<ServerOptions> = {},
  predictor?: Predictor,
): Promise<TestService & { readonly url: string; readonly port: number }> {
  const service = await buildTestService(options, predictor)
  const url = await listen(service.app, '127.0.0.1', 0)
  return { ...service, url, port: Number(new URL(url).port) }
}

export interface RawAnswer {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
  readonly bytes: string
}

/** Everything that comes back for these bytes, until the server closes or nothing has come for `quietMs`. */
export function exchange(
  port: number,
  parts: readonly (string | Buffer)[],
  { quietMs = 400, end = false }: { readonly quietMs?: number; readonly end?: boolean } = {},
): Promise<string> {
  return new Promise((resolve) => {
    const received: Buffer[] = []
    const socket: Socket = connect(port, '127.0.0.1')
    const finish = () => {
      socket.destroy()
      resolve(Buffer.concat(received).toString('latin1'))
    }
    const quiet = setTimeout(finish, quietMs * 8)
    socket.on('data', (chunk) => {
      received.push(chunk)
      clearTimeout(quiet)
      setTimeout(finish, quietMs).unref()
    })
    socket.on('close', finish)
    socket.on('error', () => {})
    for (const part of parts) socket.write(part)
    if (end) socket.end()
  })
}

/** The first answer in what came back; status 0 where the connection was cut without one. */
export function firstAnswer(bytes: string): RawAnswer {
  const end = bytes.indexOf('\r\n\r\n')
  const [first = '', ...lines] = bytes.slice(0, end).split('\r\n')
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  const length = Number(headers.get('content-length') ?? Number.NaN)
  const rest = bytes.slice(end + 4)
  const body = Number.isNaN(length) ? rest : rest.slice(0, length)
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(first)?.[1] ?? 0), headers, body, bytes }
}
