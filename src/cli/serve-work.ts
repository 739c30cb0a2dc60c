import { runService, type Service, type ServiceConfig } from '../app.ts'
import { parseApiKeys } from '../http/api-keys.ts'
import { loadPredictor } from '../scoring/load-predictor.ts'
import type { Run } from './run.ts'
import { version } from './version.ts'

export interface ServeFlags {
  readonly port: number
  readonly host: string
  readonly workers: number
  readonly insecure?: boolean
  readonly logLevel: ServiceConfig['logLevel']
  readonly report?: string
}

/** Serves until it is told to stop. */
export async function serve(bundlePath: string, flags: ServeFlags, { signal }: Run): Promise<void> {
  const service = await startServing(bundlePath, flags, signal)
  if (service.role !== 'worker') process.stdout.write(`serving ${service.modelId} on ${service.url}\n`)
  await service.closed
}

export async function startServing(
  bundlePath: string,
  { port, host, workers, insecure, logLevel, report }: ServeFlags,
  signal: AbortSignal,
  workerArgs?: readonly string[],
): Promise<Service> {
  const service = await runService({
    load: () => loadPredictor(bundlePath),
    host,
    port,
    workers,
    insecure: insecure === true,
    apiKeys: parseApiKeys(process.env.SHRIKE_API_KEYS),
    version,
    logLevel,
    reportPath: report,
    workerArgs,
  })
  // Told to end before it could hear of it itself.
  if (signal.aborted) void service.close()
  return service
}
