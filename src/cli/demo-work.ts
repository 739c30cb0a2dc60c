import cluster from 'node:cluster'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseApiKeys } from '../access/keys.ts'
import type { Service } from '../app.ts'
import { FraudError } from '../core/errors.ts'
import { throwIfInterrupted } from '../core/progress.ts'
import { compileDetector } from '../features/feature-set.ts'
import { checkServing } from '../http/check-serving.ts'
import { decisionCall, predictionCall } from '../http/example-call.ts'
import { transactionExample } from '../http/schemas/decision.ts'
import { readBundle } from '../scoring/load-predictor.ts'
import type { ReadingRequest } from '../training/read-input.ts'
import type { LeakRequest } from '../training/refuse-leaks.ts'
import { prepareFile } from './demo-file.ts'
import { liveFiles, preparePortfolio, shapeOf } from './demo-portfolio.ts'
import { offerFirstRule } from './first-rule.ts'
import { sendTraffic } from './live-traffic.ts'
import { openLog } from './log-files.ts'
import type { Run } from './run.ts'
import { addressOf, type ServeFlags, startServing } from './serve-work.ts'
import { bundleServed } from './served.ts'

export interface DemoFlags extends ServeFlags, ReadingRequest, LeakRequest {
  readonly seed: number
  readonly label?: string
}

const trafficPerSecond = 20
/** Some three days: a dozen of them are for people to look at. */
const sentAtOnce = 3000

/** The whole in one go: a file or a made-up portfolio, a model, a report, a service, and a request to try. */
export async function demo(file: string | undefined, flags: DemoFlags, run: Run): Promise<void> {
  // What takes minutes would be for nothing.
  if (cluster.isPrimary) await checkServing(addressOf(flags))
  try {
    if (file !== undefined) await demoFile(file, flags, run)
    else await demoPortfolio(flags, run)
  } catch (cause) {
    if (!(cause instanceof FraudError) || cause.code !== 'INTERRUPTED') throw cause
    // The interrupted step may have written nothing, but the steps before it are kept.
    throw new FraudError(
      'INTERRUPTED',
      'Stopped before the end; the next start goes on with what was done until then',
      {
        cause,
      },
    )
  }
}

/**
 * A table of one's own: a draft of a detector, a model, a report, and decisions where it has keys, else predictions.
 */
async function demoFile(file: string, given: DemoFlags, run: Run): Promise<void> {
  const { data, bundle, report, decides } = await prepareFile(file, given, run)
  const flags = { ...given, data, report }
  const workerArgs = ['serve', bundle, ...serveArgs(flags), '--report', report]
  const service = await startServing(bundleServed(bundle), flags, run.signal, { workerArgs })
  if (service === undefined) return
  const hasKey = firstKey() !== undefined
  if (decides) {
    await service.ready
    if (run.signal.aborted) return service.closed
    introduce(service, report, decisionCall(service.url, await exampleOf(bundle, data), hasKey), run)
  } else {
    const { example } = await readBundle(bundle)
    introduce(service, report, predictionCall(service.url, example, hasKey), run)
  }
  await service.closed
}

/** A transaction that might come next. */
async function exampleOf(bundle: string, data: string): Promise<Record<string, unknown>> {
  const { detector } = await readBundle(bundle)
  const reader = openLog({ data })
  try {
    return transactionExample(
      { detector, features: compileDetector(detector) },
      Math.max(0, reader.transactionsIn(reader.prunedThrough(), reader.lastSequence()).newestMs),
    )
  } finally {
    reader.close()
  }
}

/** Decisions: history, a model of it, a service that knows the history, and live traffic with labels that come late. */
async function demoPortfolio(flags: DemoFlags, run: Run): Promise<void> {
  const { bundle, report, live } = await preparePortfolio(flags.data, flags.seed, Date.now(), run)
  throwIfInterrupted(run.signal)
  // A simulated day is shorter than a real one, so that in time its transactions are ahead of the clock.
  const maxAhead = Number.POSITIVE_INFINITY
  const service = await startServing(bundleServed(bundle), { ...flags, report, maxAhead }, run.signal)
  await service?.ready
  if (service === undefined || run.signal.aborted) return service?.closed
  const apiKey = firstKey()
  introduce(service, report, decisionCall(service.url, await exampleOf(bundle, flags.data), apiKey !== undefined), run)
  if (service.decides) {
    await offerFirstRule(service.url, apiKey)
    run.terminal.say(
      `Live traffic, ${trafficPerSecond} transactions a second after the first few thousand; shown is what is not simply approved:\n`,
    )
    const traffic = { url: service.url, data: flags.data, apiKey, perSecond: trafficPerSecond, atOnce: sentAtOnce }
    const files = liveFiles(live, await shapeOf(live, flags.seed), run)
    await Promise.race([sendTraffic(files, traffic, run), service.closed])
  }
  await service.closed
}

function firstKey(): string | undefined {
  return parseApiKeys(process.env.SHRIKE_API_KEYS)[0]
}

function introduce(service: Service, report: string, call: string, { terminal }: Run): void {
  const link = service.oneTimeLink()
  terminal.say(
    `
Shrike is serving ${service.modelId}. Ctrl-C stops it.

  console   ${link ?? `${service.url}/console`}${link === undefined ? '' : '\n            without a password, once and within 15 minutes, as long as there are no users'}
  report    ${pathToFileURL(resolve(report)).href}
  docs      ${service.url}/docs
  metrics   ${service.url}/metrics

Try it:

  ${call}
`,
  )
  const warning = service.policyWarning()
  if (warning !== undefined) terminal.warn(warning)
}

function serveArgs({ port, host, workers, insecure, logLevel, ...flags }: ServeFlags): string[] {
  const args = ['--port', String(port), '--host', host, '--workers', String(workers), '--log-level', logLevel]
  args.push('--max-connections', String(flags.maxConnections))
  if (flags.maxConnectionsPerAddress !== undefined)
    args.push('--max-connections-per-address', String(flags.maxConnectionsPerAddress))
  return insecure ? [...args, '--insecure'] : args
}
