// What a change costs: processor time per request of this checkout against another one, in interleaved pairs.
// node bench/cpu-per-request.ts OTHER_CHECKOUT [--pairs 10] [--seconds 5] [--smoke]
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import {
  type DecisionsService,
  loadCore,
  missingForDecisions,
  prepareDecisions,
  serverCore,
  startDecisions,
} from './harness/decisions-service.ts'
import { type HttpServer, postJson, startServer } from './harness/http-server.ts'
import { mean } from './harness/measure.ts'
import { cacheFolder } from './harness/peers.ts'
import { shrikeBundle } from './harness/recipe-models.ts'
import { markdownTable } from './harness/report.ts'
import { fullSize, shrikeScript, simulatedParts, smokeSize } from './harness/tables.ts'
import { runWrk, type WrkOptions, writeWrkScript, writeWrkStreamScript } from './harness/wrk.ts'
import { requestBodies } from './http-predict.ts'

/** Student's t at 97.5 %, by degrees of freedom from 4 on (any table of it). */
const studentT = [2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11, 2.101]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pairs: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '5' },
    smoke: { type: 'boolean', default: false },
  },
})
const [other] = positionals
const pairs = Number(values.pairs)
const seconds = Number(values.seconds)
const { smoke } = values
if (other === undefined || !(pairs >= 5 && pairs < studentT.length + 5) || !(seconds > 0)) {
  console.error('node bench/cpu-per-request.ts OTHER_CHECKOUT [--pairs 5 to 19] [--seconds 5] [--smoke]')
  process.exit(2)
}
const missing = missingForDecisions(['wrk', 'taskset'])
if (missing !== undefined) {
  console.error(missing)
  process.exit(1)
}
const otherScript = join(resolve(other), 'bin/shrike.js')
const log = (line: string) => console.error(line)

type Run = () => Promise<number>

const rows = [await compareDecisions(), await comparePredictions()]
const header = ['route', 'this, µs', 'other, µs', 'difference', '95 % interval']
console.log(`${pairs} interleaved pairs of ${seconds} s, processor time per request\n\n${markdownTable(header, rows)}`)

/** What the other checkout trained and brought in, both serve, each from a copy of its own. */
async function compareDecisions(): Promise<readonly string[]> {
  const prepared = await prepareDecisions(smoke, log, otherScript)
  const bodies = `${cacheFolder}bodies-cpu.ndjson`
  await prepared.traffic.writeBodies(bodies, 25_000 * (pairs + 2) * seconds)
  const script = `${cacheFolder}post-stream.lua`
  writeWrkStreamScript(script)
  const servers: DecisionsService[] = []
  const sides: Run[] = []
  for (const side of [shrikeScript, otherScript]) {
    const server = await startDecisions(prepared, [], side)
    servers.push(server)
    let position = 0
    const onOutput = (output: string) => {
      position = Number(/^position (\d+)/m.exec(output)?.[1])
    }
    sides.push(() => runOf(server, { script, connections: 64, args: () => [bodies, String(position)], onOutput }))
  }
  try {
    return await compare('/v1/decisions', sides)
  } finally {
    for (const server of servers) await server.stop()
  }
}

async function comparePredictions(): Promise<readonly string[]> {
  const parts = await simulatedParts(smoke ? smokeSize : fullSize)
  const bundle = await shrikeBundle(parts, log, otherScript)
  const [body] = requestBodies(parts)
  const script = `${cacheFolder}post-cpu.lua`
  writeWrkScript(script, body)
  const path = '/predict/'
  const servers: HttpServer[] = []
  try {
    for (const side of [shrikeScript, otherScript]) {
      const args = (port: number) => [side, 'serve', bundle, '--port', String(port), '--log-level', 'warn']
      const at = { core: serverCore, path, ask: (origin: string) => postJson(origin + path, body) }
      servers.push(await startServer({ ...at, command: process.execPath, args }))
    }
    return await compare(
      path,
      servers.map((server) => () => runOf(server, { script, connections: 8 })),
    )
  } finally {
    for (const server of servers) await server.stop()
  }
}

/** Processor seconds per request. */
async function runOf(
  server: HttpServer,
  options: Pick<WrkOptions, 'script' | 'connections' | 'args' | 'onOutput'>,
): Promise<number> {
  const run = await runWrk(server, { ...options, seconds, serverCore, wrkCore: loadCore, leastBusy: 0 })
  return run.serverBusy / run.requestsPerSecond
}

/** Which side goes first changes from pair to pair; the interval is Student's, of the logarithm of the ratio. */
async function compare(route: string, [ours, theirs]: readonly Run[]): Promise<readonly string[]> {
  await ours()
  await theirs()
  const measured: { readonly own: number; readonly peer: number }[] = []
  for (let pair = 0; pair < pairs; pair++) {
    const first = pair % 2 === 0 ? await ours() : undefined
    const peer = await theirs()
    const own = first ?? (await ours())
    measured.push({ own, peer })
    log(`${route}, pair ${pair + 1}: ${micro(own)} and ${micro(peer)} µs`)
  }
  const logs = measured.map(({ own, peer }) => Math.log(own / peer))
  const middle = mean(logs)
  const deviation = Math.sqrt(logs.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (pairs - 1))
  const half = (studentT[pairs - 5] * deviation) / Math.sqrt(pairs)
  const percent = (value: number) => `${((Math.exp(value) - 1) * 100).toFixed(1)} %`
  const side = (name: 'own' | 'peer') => micro(mean(measured.map((run) => run[name])))
  return [route, side('own'), side('peer'), percent(middle), `${percent(middle - half)} to ${percent(middle + half)}`]
}

function micro(time: number): string {
  return (time * 1e6).toFixed(1)
}
