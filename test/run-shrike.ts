import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { OneProcess } from './one-process.ts'

/**
 * What tests start as `shrike`: in a run of suites the program as it is published, which starts in two
 * thirds of the processor time, and in a run of files alone the sources.
 */
export const shrikeScript = process.env.SHRIKE_TESTS_PROGRAM ?? resolve('bin/shrike.js')

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** What a start is warmed up with is tested where that is made, and takes most of it. */
export const withoutWarmUp = '--no-warm-up'

/** Starts a command in a folder, as a user would, services cold; `ended` resolves with what it said. */
export function startShrike(
  cwd: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const env = { ...process.env, NO_COLOR: '1', ...variables }
  const cold = args[0] === 'serve' || args[0] === 'demo' ? [withoutWarmUp] : []
  const child = spawn(process.execPath, [shrikeScript, ...args, ...cold], { cwd, env })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new Promise<Ended>((done) => child.on('close', (code) => done({ code, stdout, stderr })))
  return { child, ended }
}

const commands = new OneProcess(shrikeScript)

/**
 * Runs a command in a folder to its end, in one process with those before it. Those that `startShrike` starts show that
 * commands start and end as processes.
 */
export const runIn = (cwd: string, args: readonly string[]): Promise<Ended> => commands.run(cwd, args)

/** Runs a command that has to end well. */
export async function succeedIn(cwd: string, args: readonly string[]): Promise<Ended> {
  const ended = await runIn(cwd, args)
  assert.equal(ended.code, 0, ended.stderr)
  return ended
}

/** Starts a service of `cards` without a model on the folder's own data directory, and waits until it says where it listens. */
export async function serveCards(folder: string) {
  const { child, ended } = startShrike(folder, ['serve', '--detector', 'cards', '--port', '0', '--log-level', 'silent'])
  let told = ''
  child.stdout?.on('data', (text: string) => {
    told += text
  })
  while (!/ on http:\S+/.test(told)) {
    const went = await Promise.race([once(child.stdout ?? child, 'data'), ended])
    assert.ok(Array.isArray(went), JSON.stringify(went))
  }
  const url = / on (http:\S+)/.exec(told)?.[1] ?? ''
  const stop = async () => {
    child.kill('SIGTERM')
    return ended
  }
  return { url, told: () => told, stop }
}
