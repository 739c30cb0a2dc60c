import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { start } from './child.ts'

/** A server under test, held on one core. */
export interface HttpServer {
  readonly url: string
  /** Seconds of processor time that it has used so far, all its threads and ended children together. */
  cpuSeconds(): number
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

/**
 * Starts `command` on one core and waits until it answers a prediction. `args` gets the port.
 *
 * @throws Error when the server ends or does not answer within a minute.
 */
export async function startServer(
  core: number,
  command: string,
  args: (port: number) => readonly string[],
  firstBody: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<HttpServer> {
  const port = await freePort()
  const child = start('taskset', ['-c', String(core), command, ...args(port)], environment)
  child.stdout?.resume()
  const url = `http://127.0.0.1:${port}/predict/`
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  for (let attempt = 0; ; attempt++) {
    if (child.exitCode !== null) throw new Error(`${command} ended with code ${child.exitCode} before it answered`)
    try {
      await postJson(url, firstBody)
      break
    } catch (error) {
      if (attempt === 300) {
        await stop()
        throw new Error(`${command} does not answer at ${url}`, { cause: error })
      }
      await setTimeout(200)
    }
  }
  // taskset becomes the server (exec), so the child's id is the server's.
  return { url, cpuSeconds: () => cpuSecondsOf(child.pid ?? 0), stop }
}

function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name in brackets may hold anything; the fields after it are numbered from 3. 14 to 17 are user and system time
  // of the process and of its ended children, in hundredths of a second.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100
}
