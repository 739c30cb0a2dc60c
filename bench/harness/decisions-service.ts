import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { z } from 'zod'
import { run, runJson } from './child.ts'
import { type HttpServer, postJson, startServer } from './http-server.ts'
import { type LoadPlan, type LoadResult, loadResultSchema } from './load-plan.ts'
import { benchFile, cacheFolder, hasCommand } from './peers.ts'
import { putRules } from './policy-of-rules.ts'
import { shrikeScript } from './tables.ts'
import { readTraffic, type Traffic } from './traffic.ts'

export const serverCore = 0
export const loadCore = 1
const route = '/v1/decisions'

const decisionSchema = z.strictObject({
  transactionId: z.string(),
  outcome: z.enum(['approve', 'challenge', 'review', 'decline']),
  score: z.number().min(0).max(1),
  reasons: z.array(z.object({ code: z.string(), text: z.string() })),
  contributionScale: z.string().optional(),
  rules: z.array(z.object({ id: z.string(), state: z.string(), outcome: z.string() })),
  model: z.string(),
  policy: z.number(),
  decidedAt: z.string(),
  duplicate: z.boolean(),
  degraded: z.array(z.string()),
})

/** A bundle, a data directory with history, and transactions to send. */
export interface Prepared {
  readonly traffic: Traffic
  readonly bundle: string
  /** With history in it; copied for each server that is started. */
  readonly dataFolder: string
}

/** What this machine lacks for a claim, or undefined. */
export function missingForDecisions(commands: readonly string[]): string | undefined {
  const missing = commands.filter((name) => !hasCommand(name))
  if (availableParallelism() < 2) missing.push('a second core')
  return missing.length === 0 ? undefined : `Not measured: this machine lacks ${missing.join(', ')}.`
}

/** What decides: the model that the detector file declares (the handbook's forest of 675,000 nodes), or the default preset. */
type DecidingModel = 'declared' | 'preset'

const prepared = new Map<DecidingModel, Promise<Prepared>>()

/** `script` is the command line of the checkout that trains and brings the history in: what an older one made, both read. */
export function prepareDecisions(
  smoke: boolean,
  log: (line: string) => void,
  script = shrikeScript,
  model: DecidingModel = 'declared',
): Promise<Prepared> {
  const made = prepared.get(model) ?? prepare(smoke, log, script, model)
  prepared.set(model, made)
  return made
}

async function prepare(
  smoke: boolean,
  log: (line: string) => void,
  script: string,
  model: DecidingModel,
): Promise<Prepared> {
  const traffic = await readTraffic(smoke)
  const bundle = await trainOnce(traffic, smoke, log, script, model)
  const dataFolder = `${cacheFolder}decisions-data${model === 'preset' ? '-preset' : ''}`
  rmSync(dataFolder, { recursive: true, force: true })
  log(`bringing ${traffic.historyRows} transactions of history into a data directory`)
  const data = ['--bundle', bundle, '--data', dataFolder]
  await run(process.execPath, [script, 'replay', traffic.historyCsv, '--as', 'history', ...data])
  // A service that has been running has one, and takes none at its start.
  await run(process.execPath, [script, 'snapshot', '--data', dataFolder])
  return { traffic, bundle, dataFolder }
}

/** Kept for the next time: speed depends on the trees' shape, which the same table and detector give again. */
async function trainOnce(
  { detector, trainingCsv }: Traffic,
  smoke: boolean,
  log: (line: string) => void,
  script: string,
  model: DecidingModel,
) {
  const hash = createHash('sha256').update(readFileSync(detector)).update(readFileSync(trainingCsv))
  const kind = model === 'preset' ? 'preset-' : ''
  const bundle = `${cacheFolder}decisions-${kind}${hash.digest('hex').slice(0, 12)}.safetensors`
  if (existsSync(bundle)) return bundle
  log(model === 'preset' ? 'training the default preset' : "training the detector's own model")
  const preset = model === 'preset' ? ['--preset', 'default'] : []
  const split = smoke ? ['--test-share', '0.1'] : []
  const settings = ['--detector', detector, ...preset, '--no-leak-check', ...split, '--out', bundle]
  await run(process.execPath, [script, 'train', trainingCsv, ...settings])
  return bundle
}

/** The service under test, with a data directory of its own that goes when it stops. */
export interface DecisionsService extends HttpServer {
  readonly folder: string
  /** The sum of a metric's samples, over its labels. */
  metric(name: string): Promise<number>
  /** Stops it and leaves its data directory. */
  halt(): Promise<void>
}

export async function startDecisions(
  { bundle, dataFolder }: Pick<Prepared, 'bundle'> & { readonly dataFolder: string | undefined },
  flags: readonly string[] = [],
  script = shrikeScript,
  withoutSnapshots = false,
  core: number | string = serverCore,
): Promise<DecisionsService> {
  const folder = `${cacheFolder}decisions-live-${process.hrtime.bigint()}`
  if (dataFolder === undefined) mkdirSync(folder, { mode: 0o700 })
  else cpSync(dataFolder, folder, { recursive: true })
  if (withoutSnapshots) rmSync(`${folder}/snapshots`, { recursive: true, force: true })
  const server = await startServer({
    core,
    command: process.execPath,
    args: (port) => {
      const data = ['--data', folder, '--port', String(port), '--log-level', 'warn']
      return [script, 'serve', bundle, ...data, ...flags]
    },
    path: route,
    ask: askReady,
  })
  return {
    ...server,
    folder,
    async metric(name) {
      const text = await (await fetch(new URL('/metrics', server.url))).text()
      const samples = text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))
      return [...samples].reduce((sum, [, value]) => sum + Number(value), 0)
    },
    halt: server.stop,
    async stop() {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const rulesInForce = 100

/** The service as the bars mean it: the default preset decides, and so many rules are in force. */
export async function startJudged(prepared: Prepared, flags: readonly string[] = []): Promise<DecisionsService> {
  const service = await startDecisions(prepared, flags)
  try {
    await putRules(new URL(service.url).origin, prepared.traffic.detector, rulesInForce)
    return service
  } catch (error) {
    await service.stop()
    throw error
  }
}

export function startBareDecisions(body: string): Promise<HttpServer> {
  const fields = Object.entries(z.record(z.string(), z.unknown()).parse(JSON.parse(body)))
  const types = JSON.stringify(Object.fromEntries(fields.map(([name, value]) => [name, typeof value])))
  return startServer({
    core: serverCore,
    command: process.execPath,
    args: (port) => [benchFile('peers/bare-decisions-server.ts'), String(port), types],
    path: route,
    ask: askReady,
  })
}

async function askReady(origin: string): Promise<void> {
  const response = await fetch(`${origin}/readyz`)
  await response.arrayBuffer()
  if (!response.ok) throw new Error(`not ready: ${response.status}`)
}

export async function runLoad(plan: LoadPlan): Promise<LoadResult> {
  const generator = [process.execPath, benchFile('ours/load.ts'), JSON.stringify(plan)]
  return loadResultSchema.parse(await runJson('taskset', ['-c', String(loadCore), ...generator]))
}

/** Sends some bodies one by one: each answer a decision of its own transaction, and again the same one as a duplicate. */
export async function checkDecisions(url: string, bodies: readonly string[], isOurs: boolean): Promise<void> {
  for (const body of bodies) {
    const first = decisionSchema.parse(await postJson(url, body))
    const id = Object.values(z.record(z.string(), z.unknown()).parse(JSON.parse(body)))[0]
    if (first.transactionId !== id) throw new Error(`${url} answered ${first.transactionId} for ${id}`)
    if (!isOurs) continue
    const again = decisionSchema.parse(await postJson(url, body))
    if (JSON.stringify(again) !== JSON.stringify({ ...first, duplicate: true })) {
      throw new Error(`The second answer for ${id} is another: ${JSON.stringify([first, again])}`)
    }
    // A smoke run's table is shorter than the longest window.
    if (first.degraded.some((reason) => reason !== 'history-short'))
      throw new Error(`A degraded decision: ${JSON.stringify(first)}`)
  }
}
