import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

// The process that `OneProcess` starts. What a command says ends with a zero and its exit code, on both streams.

export interface Command {
  readonly cwd: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
}

const [script, main] = process.argv.slice(2)
const program: { readonly main: (args: readonly string[]) => Promise<void> } = await import(pathToFileURL(main).href)

/** Whether anything but the pipes to the test would keep a process: a command that leaves something running does not end. */
const isBusy = () => process.getActiveResourcesInfo().some((each) => each !== 'PipeWrap')

process.on('message', async ({ cwd, args, env }: Command) => {
  process.chdir(cwd)
  process.env = env
  process.argv = [process.execPath, script, ...args]
  process.exitCode = undefined
  await program.main(args)
  while (isBusy()) await sleep(2, undefined, { ref: false })
  const code = process.exitCode ?? 0
  for (const stream of [process.stdout, process.stderr]) {
    stream.removeAllListeners('error')
    stream.write(`\0${code}\n`)
  }
})
process.on('disconnect', () => process.exit(0))
