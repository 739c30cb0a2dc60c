import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { onBothTables } from './harness/both-tables.ts'
import type { BenchOptions, Claim } from './harness/claim.ts'
import { type HttpServer, postJson, startServer } from './harness/http-server.ts'
import { alternate, median, summarize } from './harness/measure.ts'
import { readColumns } from './harness/npy.ts'
import { benchFile, cacheFolder, findPython, hasCommand } from './harness/peers.ts'
import { recipeModel, shrikeBundle } from './harness/recipe-models.ts'
import { format, formatSummary, markdownTable, verdict } from './harness/report.ts'
import { type Parts, shrikeScript } from './harness/tables.ts'
import { busyEnough, runWrk, type WrkRun, writeWrkScript } from './harness/wrk.ts'

const serverCore = 0
const wrkCore = 1
const checkedRows = 200
/** Two forests of one recipe on the same rows are neighbours, not twins. */
const mostMeanDifference = 0.03

interface Named {
  readonly name: string
  readonly server: HttpServer
}

/** A peer, the connections that it is compared at, and the share of its throughput that is asked of us. */
interface Comparison {
  readonly peer: string
  readonly connections: number
  readonly bar: number
}

const comparisons: readonly Comparison[] = [
  { peer: 'plain node:http', connections: 64, bar: 0.9 },
  { peer: 'plain node:http', connections: 8, bar: 0.9 },
  { peer: 'the recipe in FastAPI', connections: 8, bar: 400 },
]

const answer = z.strictObject({ fraud_prediction: z.union([z.literal(0), z.literal(1)]), probability: z.number() })

export const httpPredict: Claim = {
  title: 'POST /predict/',
  packages: ['fastapi', 'uvicorn', 'uvloop', 'httptools', 'pydantic', 'scikit-learn', 'pandas'],
  measure: (options) => onBothTables(options, (parts) => compareOn(parts, options)),
}

async function compareOn(parts: Parts, options: BenchOptions): Promise<string> {
  const missing = ['wrk', 'taskset'].filter((name) => !hasCommand(name))
  if (availableParallelism() < 2) missing.push('a second core')
  if (missing.length > 0) return `Not measured: this machine lacks ${missing.join(', ')}.`
  const bodies = requestBodies(parts)
  const script = `${cacheFolder}post-${parts.name}.lua`
  writeWrkScript(script, bodies[0])
  const servers: Named[] = []
  try {
    for await (const named of startServers(parts, bodies[0], options.log)) servers.push(named)
    await checkAnswers(servers, bodies, options.log)
    return await measureAll(servers, script, options)
  } finally {
    for (const { server } of servers) await server.stop()
  }
}

async function* startServers(parts: Parts, body: string, log: BenchOptions['log']): AsyncGenerator<Named> {
  const bundle = await shrikeBundle(parts, log)
  const node = process.execPath
  const path = '/predict/'
  const at = { core: serverCore, path, ask: (origin: string) => postJson(origin + path, body) }
  const serve = (port: number) => [shrikeScript, 'serve', bundle, '--port', String(port), '--log-level', 'warn']
  yield { name: 'Shrike', server: await startServer({ ...at, command: node, args: serve }) }
  const plain = (port: number) => [fileURLToPath(new URL('./peers/plain-server.ts', import.meta.url)), String(port)]
  yield { name: 'plain node:http', server: await startServer({ ...at, command: node, args: plain }) }
  const python = findPython()
  if (!python) return
  // The fastest that uvicorn has: uvloop and httptools come with it, and it writes no line per request.
  const settings = '--workers 1 --loop uvloop --http httptools --no-access-log --log-level warning'.split(' ')
  const app = ['-m', 'uvicorn', '--app-dir', benchFile('peers'), 'recipe_service:app', ...settings]
  const uvicorn = (port: number) => [...app, '--port', String(port)]
  const environment = { RECIPE_MODEL: await recipeModel(parts, python, log) }
  const server = await startServer({ ...at, command: python, args: uvicorn, environment })
  yield { name: 'the recipe in FastAPI', server }
}

/** The article's body, V1..V28 and Amount, of real rows: some frauds among the first of the test part. */
export function requestBodies({ test, inputs }: Parts): string[] {
  const columns = readColumns(test)
  const label = columns[inputs.length]
  const frauds = [...label.keys()].filter((row) => label[row] === 1).slice(0, checkedRows / 4)
  const rows = [...Array(checkedRows - frauds.length).keys(), ...frauds]
  return rows.map((row) => JSON.stringify(Object.fromEntries(inputs.map((name, input) => [name, columns[input][row]]))))
}

/** The contract's exact shape from everybody, and from Shrike and the recipe the same opinion of the same rows. */
async function checkAnswers(
  servers: readonly Named[],
  bodies: readonly string[],
  log: BenchOptions['log'],
): Promise<void> {
  const probabilities: number[][] = []
  for (const { name, server } of servers) {
    const answers = []
    for (const body of bodies) answers.push(answer.parse(await postJson(server.url, body)))
    if (name !== 'plain node:http') probabilities.push(answers.map(({ probability }) => probability))
  }
  const [ours, recipe] = probabilities
  if (recipe === undefined) return
  const difference = ours.reduce((sum, value, row) => sum + Math.abs(value - recipe[row]), 0) / ours.length
  log(`mean difference between our probability and the recipe's on ${bodies.length} rows: ${format(difference)}`)
  if (difference > mostMeanDifference) throw new Error(`the two models disagree by ${format(difference)} on average`)
}

async function measureAll(servers: readonly Named[], script: string, options: BenchOptions): Promise<string> {
  const { rounds = 5, smoke, log } = options
  const wanted = comparisons.filter(({ peer }) => servers.some(({ name }) => name === peer))
  const pairs = [...new Set(wanted.map(({ connections }) => connections))].flatMap((connections) =>
    servers
      .filter(({ name }) => name === 'Shrike' || wanted.some((c) => c.peer === name && c.connections === connections))
      .map((named) => ({ ...named, connections })),
  )
  // Other work on the machine is no reason to stop a smoke run, whose figures nobody keeps.
  const at = { script, serverCore, wrkCore, leastBusy: smoke ? 0 : busyEnough }
  for (const { server } of servers) await runWrk(server, { ...at, connections: 8, seconds: smoke ? 1 : 3 })
  const contestants = pairs.map(({ name, server, connections }) => ({
    name: `${name}, ${connections} connections`,
    async run() {
      const run = await runWrk(server, { ...at, connections, seconds: smoke ? 1 : 5 })
      log(`  ${format(run.requestsPerSecond)} requests/s, server ${percent(run.serverBusy)} busy`)
      return run
    },
  }))
  const results = await alternate(smoke ? 1 : rounds, contestants, log)
  const middle = (name: string, connections: number) => {
    const index = pairs.findIndex((pair) => pair.name === name && pair.connections === connections)
    return median(results[index].map((run) => run.requestsPerSecond))
  }
  const outcomes = wanted.map(({ peer, connections, bar }) => {
    const ratio = middle('Shrike', connections) / middle(peer, connections)
    return `Against ${peer} at ${connections} connections: ${verdict(ratio, bar)}.`
  })
  if (!findPython()) outcomes.push('The recipe in FastAPI is missing: `npm run bench:peers` makes its environment.')
  return `${runTable(contestants, results)}

The server is held on core ${serverCore}, wrk on core ${wrkCore}; a run counts when the server's process was at least ${percent(at.leastBusy)} busy.

${outcomes.join('\n')}`
}

function runTable(contestants: readonly { readonly name: string }[], results: readonly (readonly WrkRun[])[]): string {
  const rows = contestants.map(({ name }, index) => {
    const by = (key: keyof WrkRun) => results[index].map((run) => run[key])
    const cores = (['serverBusy', 'serverCoreBusy', 'wrkCoreBusy'] as const).map((key) => percent(median(by(key))))
    return [name, formatSummary(summarize(by('requestsPerSecond'))), ...cores]
  })
  const header = ['side', 'requests/s, median (min to max)', 'server process busy', 'its core busy', "wrk's core busy"]
  return markdownTable(header, rows)
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`
}
