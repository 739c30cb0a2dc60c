import { type ChildProcess, fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { Socket } from 'node:net'
import { join, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import type { Command } from './command-process.ts'

/** Runs commands one after the other in one process: to start one takes most of a short command's processor time. */
export class OneProcess {
  readonly #script: string
  #child: ChildProcess | undefined
  #exited: Promise<number | null> = Promise.resolve(null)
  #last: Promise<unknown> = Promise.resolve()

  /** @param script of the program, `bin/shrike.js` */
  constructor(script: string) {
    this.#script = script
  }

  run(cwd: string, args: readonly string[]) {
    const ended = this.#last.then(() => this.#runNext(cwd, args))
    this.#last = ended.catch(() => undefined)
    return ended
  }

  async #runNext(cwd: string, args: readonly string[]) {
    this.#child ??= this.#start()
    const child = this.#child
    keep(child, true)
    const told = Promise.all([readUntilEnd(child.stdout), readUntilEnd(child.stderr)])
    const command: Command = { cwd: resolve(cwd), args, env: { ...process.env, NO_COLOR: '1' } }
    child.send(command)
    const [{ text: stdout, code }, { text: stderr }] = await told
    if (code === undefined) this.#child = undefined
    else keep(child, false)
    return { code: code ?? (await this.#exited), stdout, stderr }
  }

  #start(): ChildProcess {
    const [source, built] = ['src/cli/main.ts', 'dist/cli/main.js'].map((name) => join(this.#script, '../..', name))
    const args = [this.#script, existsSync(source) ? source : built]
    const stdio = ['ignore', 'pipe', 'pipe', 'ipc'] as const
    const child = fork(join(import.meta.dirname, 'command-process.ts'), args, { execArgv: [], stdio: [...stdio] })
    this.#exited = new Promise((done) => child.once('exit', done))
    child.stdout?.setEncoding('utf8')
    child.stderr?.setEncoding('utf8')
    // The test's own process ends when no test runs, and this one with it.
    process.once('beforeExit', () => {
      child.ref()
      if (child.connected) child.disconnect()
    })
    return child
  }
}

/** Whether a process that waits for commands keeps the test's own. */
function keep(child: ChildProcess, is: boolean): void {
  for (const each of [child, child.channel, child.stdout, child.stderr]) {
    if (each === child || each === child.channel || each instanceof Socket) is ? each?.ref?.() : each?.unref?.()
  }
}

/** What a command says on a stream; without a code where the process ended with it. */
function readUntilEnd(stream: Readable | null): Promise<{ readonly text: string; readonly code?: number }> {
  return new Promise((done) => {
    let text = ''
    const end = (code?: number) => {
      stream?.off('data', take).off('close', closed)
      done({ text, ...(code !== undefined && { code }) })
    }
    const closed = () => end()
    const take = (chunk: string) => {
      text += chunk
      const mark = /\0(\d+)\n$/.exec(text)
      if (mark === null) return
      text = text.slice(0, mark.index)
      end(Number(mark[1]))
    }
    stream?.on('data', take).on('close', closed)
  })
}
