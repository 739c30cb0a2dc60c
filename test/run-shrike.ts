import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { resolve } from 'node:path'

const shrike = resolve('bin/shrike.js')

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
  const child = spawn(process.execPath, [shrike, ...args, ...cold], { cwd, env })
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

/** Runs a command that has to end well. */
export async function succeedIn(cwd: string, args: readonly string[]): Promise<Ended> {
  const ended = await startShrike(cwd, args).ended
  assert.equal(ended.code, 0, ended.stderr)
  return ended
}
