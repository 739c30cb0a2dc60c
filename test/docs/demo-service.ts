import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** What `npm start` starts, in a data directory of its own, once it has printed the link to its console. */
export async function startDemo(port: number) {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-demo-'))
  const child = spawn(process.execPath, [
    'bin/shrike.js',
    'demo',
    '--data',
    join(folder, 'data'),
    '--port',
    String(port),
  ])
  const stop = async () => {
    const exited = once(child, 'exit')
    child.kill('SIGINT')
    await exited
    rmSync(folder, { recursive: true, force: true })
  }
  // What it says is read to the end, or it would wait for somebody to.
  child.stderr.resume()
  const link = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [, found] = /^\s*console\s+(http\S+)/.exec(line) ?? []
      if (found !== undefined) resolve(found)
    })
    child.once('exit', (code) => reject(new Error(`the demo ended with ${code} before it served`)))
  })
  return { url: `http://127.0.0.1:${port}`, link, stop }
}

/** Waits until a service answers so; its traffic takes its time. */
export async function until(said: string, holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
  throw new Error(`${said} did not come to be within ten minutes`)
}
