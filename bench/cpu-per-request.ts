// What a change costs: processor time per request of this checkout against another one, in interleaved pairs.
// Or, with --bare, what the routes cost against a bare fastify and a bare node:http.
// node bench/cpu-per-request.ts OTHER_CHECKOUT|--bare [--pairs 10] [--seconds 5] [--smoke]
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import {
  loadCore,
  missingForDecisions,
  prepareDecisions,
  serverCore,
  startBareDecisions,
  startDecisions,
} from './harness/decisions-service.ts'
import { type HttpServer, postJson, startServer } from './harness/http-server.ts'
import { comparePairs, fewestPairs, mostPairs, type Side } from './harness/interleaved-pairs.ts'
import { benchFile, cacheFolder } from './harness/peers.ts'
import { shrikeBundle } from './harness/recipe-models.ts'
import { markdownTable } from './harness/report.ts'
import { fullSize, shrikeScript, simulatedParts, smokeSize } from './harness/tables.ts'
import { runWrk, type WrkOptions, writeWrkScript, writeWrkStreamScript } from './harness/wrk.ts'
import { requestBodies } from './http-predict.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pairs: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '5' },
    smoke: { type: 'boolean', default: false },
    bare: { type: 'boolean', default: false },
  },
})
const [other] = positionals
const pairs = Number(values.pairs)
const seconds = Number(values.seconds)
const { smoke } = values
if ((other === undefined) !== values.bare || !(pairs >= fewestPairs && pairs <= mostPairs) || !(seconds > 0)) {
  console.error('node bench/cpu-per-request.ts OTHER_CHECKOUT|--bare [--pairs 5 to 19] [--seconds 5] [--smoke]')
  process.exit(2)
}
const missing = missingForDecisions(['wrk', 'taskset'])
if (missing !== undefined) {
  console.error(missing)
  process.exit(1)
}
/** More than a service on one core can decide in a second. */
const mostPerSecond = 40_000
/** Undefined where bare servers are the other side. */
const otherScript = other && join(resolve(other), 'bin/shrike.js')
const log = (line: string) => console.error(line)

const rows = [await compareDecisions(), await comparePredictions()]
const header = ['route', 'this', other === undefined ? 'bare' : 'other', 'difference', '95 % interval']
console.log(`${pairs} interleaved pairs of ${seconds} s, processor time per request\n\n${markdownTable(header, rows)}`)

/** What the other checkout trained and brought in, both serve, each from a copy of its own. */
async function compareDecisions(): Promise<readonly string[]> {
  const prepared = await prepareDecisions(smoke, log, otherScript)
  const bodies = `${cacheFolder}bodies-cpu.ndjson`
  await prepared.traffic.writeBodies(bodies, mostPerSecond * (pairs + 2) * seconds)
  const script = `${cacheFolder}post-stream.lua`
  writeWrkStreamScript(script)
  const [first] = readFileSync(bodies, 'latin1').slice(0, 1000).split('\n', 1)
  const servers: HttpServer[] = []
  const sides: Side[] = []
  for (const side of [shrikeScript, otherScript]) {
    const server = side === undefined ? await startBareDecisions(first) : await startDecisions(prepared, [], side)
    servers.push(server)
    let position = 0
    const onOutput = (output: string) => {
      // A bare server knows no id, so it is sent the same ones again: it takes many more than there are.
      if (side === undefined) return
      position = Number(/^position (\d+)/m.exec(output)?.[1])
    }
    sides.push(() => runOf(server, { script, connections: 64, args: () => [bodies, String(position)], onOutput }))
  }
  try {
    return await comparePairs('/v1/decisions', sides, { pairs, show: micro, log })
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
      const args = (port: number) =>
        side === undefined
          ? [benchFile('peers/plain-server.ts'), String(port)]
          : [side, 'serve', bundle, '--port', String(port), '--log-level', 'warn']
      const at = { core: serverCore, path, ask: (origin: string) => postJson(origin + path, body) }
      servers.push(await startServer({ ...at, command: process.execPath, args }))
    }
    return await comparePairs(
      path,
      servers.map((server) => () => runOf(server, { script, connections: 8 })),
      { pairs, show: micro, log },
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

function micro(time: number): string {
  return `${(time * 1e6).toFixed(1)} µs`
}
