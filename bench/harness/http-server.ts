import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { start } from './child.ts'

/** A server under test, held on one core or some. */
export interface HttpServer {
  readonly url: string
  readonly port: number
  readonly pid: number
  /** Seconds of processor time that it has used so far, all its threads and ended children together. */
  cpuSeconds(): number
  /** The same of its first thread alone, which decides. */
  firstThreadSeconds(): number
  residentMb(): number
  stop(): Promise<void>
}

/** A port that nobody listens on right now. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  probe.close()
  await once(probe, 'close')
  return port
}

export async function postJson(url: string, body: string): Promise<unknown> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
  return response.json()
}

export interface ServerStart {
  /** One, or several as taskset takes them. */
  readonly core: number | string
  readonly command: string
  readonly args: (port: number) => readonly string[]
  /** The route under test. */
  readonly path: string
  /** Ends when the server is ready, fails while it is not. */
  readonly ask: (origin: string) => Promise<unknown>
  readonly environment?: Readonly<Record<string, string>>
}

/**
 * Starts a server on its cores and waits until it is ready.
 *
 * @throws Error when it ends or does not answer within a minute.
 */
export async function startServer(options: ServerStart): Promise<HttpServer> {
  const { core, command, args, path, ask, environment } = options
  const port = await freePort()
  const child = start('taskset', ['-c', String(core), command, ...args(port)], environment)
  child.stdout?.resume()
  const origin = `http://127.0.0.1:${port}`
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  for (let attempt = 0; ; attempt++) {
    if (child.exitCode !== null) throw new Error(`${command} ended with code ${child.exitCode} before it answered`)
    try {
      await ask(origin)
      break
    } catch (error) {
      if (attempt === 300) {
        await stop()
        throw new Error(`${command} does not answer at ${origin}`, { cause: error })
      }
      await setTimeout(200)
    }
  }
  // taskset becomes the server (exec), so the child's id is the server's.
  const pid = child.pid ?? 0
  const url = origin + path
  return {
    ...{ url, port, pid, stop },
    cpuSeconds: () => cpuSecondsOf(`/proc/${pid}`),
    firstThreadSeconds: () => cpuSecondsOf(`/proc/${pid}/task/${pid}`),
    residentMb: () => residentMbOf(pid),
  }
}

function residentMbOf(pid: number): number {
  return Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}

function cpuSecondsOf(folder: string): number {
  const stat = readFileSync(`${folder}/stat`, 'utf8')
  // The name in brackets may hold anything; the fields after it are numbered from 3. 14 to 17 are user and system time
  // of the process and of its ended children, in hundredths of a second.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100
}
