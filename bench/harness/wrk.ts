import { readFileSync, writeFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { run } from './child.ts'
import type { HttpServer } from './http-server.ts'

/** One run of wrk against one server. */
export interface WrkRun {
  readonly requestsPerSecond: number
  /** The share of the run that the server's process spent computing. */
  readonly serverBusy: number
  /** The share that the server's core was not idle, whoever used it, and the same of wrk's core. */
  readonly serverCoreBusy: number
  readonly wrkCoreBusy: number
}

/** Below this share the server was waiting, so the run measured wrk or a neighbour. */
export const busyEnough = 0.9

export function writeWrkScript(path: string, body: string): void {
  const script = `wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.body = [==[${body}]==]
`
  writeFileSync(path, script)
}

/** For a script that takes a body from each line of a file: FILE and the byte to begin at; prints the byte after the last. */
export function writeWrkStreamScript(path: string): void {
  const script = `wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
local threads = {}
function setup(thread) table.insert(threads, thread) end
function init(args)
  file = io.open(args[1], "r")
  position = tonumber(args[2])
  file:seek("set", position)
end
function request()
  local body = file:read("*l")
  position = position + #body + 1
  return wrk.format(nil, nil, nil, body)
end
function done()
  print("position " .. threads[1]:get("position"))
end
`
  writeFileSync(path, script)
}

export interface WrkOptions {
  readonly script: string
  /** What the script is told. */
  readonly args?: () => readonly string[]
  /** Sees what wrk printed, the script's lines among it. */
  readonly onOutput?: (output: string) => void
  readonly connections: number
  readonly seconds: number
  readonly serverCore: number
  readonly wrkCore: number
  /** The share below which a run does not count. */
  readonly leastBusy: number
}

/**
 * Repeats a run that does not count (the server's core was not the busy one) up to three times.
 *
 * @throws Error when a response was no success, or no run counted.
 */
export async function runWrk(server: HttpServer, options: WrkOptions): Promise<WrkRun> {
  let busy = 0
  for (let attempt = 0; attempt < 4; attempt++) {
    const run = await runOnce(server, options)
    if (run.serverBusy >= options.leastBusy) return run
    busy = Math.max(busy, run.serverBusy)
  }
  throw new Error(
    `No run of wrk against ${server.url} counts: the server was at most ${(busy * 100).toFixed(0)} % busy. Does something else use the machine?`,
  )
}

async function runOnce(
  server: HttpServer,
  { script, args = () => [], onOutput, connections, seconds, serverCore, wrkCore }: WrkOptions,
): Promise<WrkRun> {
  const before = { cpu: server.cpuSeconds(), server: coreTicks(serverCore), wrk: coreTicks(wrkCore) }
  const startMs = performance.now()
  const load = [
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '--timeout',
    '30s',
    '-s',
    script,
    server.url,
    '--',
    ...args(),
  ]
  const output = await run('taskset', ['-c', String(wrkCore), 'wrk', ...load])
  const elapsedSeconds = (performance.now() - startMs) / 1000
  onOutput?.(output)
  const requestsPerSecond = Number(/Requests\/sec:\s*([\d.]+)/.exec(output)?.[1])
  const trouble = /(Non-2xx or 3xx responses|Socket errors): .*/.exec(output)
  if (trouble || !(requestsPerSecond > 0)) throw new Error(`wrk against ${server.url}: ${trouble?.[0] ?? output}`)
  return {
    requestsPerSecond,
    serverBusy: (server.cpuSeconds() - before.cpu) / elapsedSeconds,
    serverCoreBusy: busyShare(before.server, coreTicks(serverCore)),
    wrkCoreBusy: busyShare(before.wrk, coreTicks(wrkCore)),
  }
}

interface CoreTicks {
  readonly idle: number
  readonly total: number
}

function coreTicks(core: number): CoreTicks {
  const line = new RegExp(`^cpu${core} (.*)$`, 'm').exec(readFileSync('/proc/stat', 'utf8'))?.[1] ?? ''
  // user nice system idle iowait irq softirq steal; guest time is already in user.
  const ticks = line.split(' ').slice(0, 8).map(Number)
  return { idle: ticks[3] + ticks[4], total: ticks.reduce((sum, value) => sum + value, 0) }
}

function busyShare(before: CoreTicks, after: CoreTicks): number {
  return 1 - (after.idle - before.idle) / (after.total - before.total)
}
