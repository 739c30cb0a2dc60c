import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/**
 * The environment of a child. Thread and kernel settings of somebody's shell would tie a numeric library's hands, so
 * every peer runs with its own defaults.
 */
function childEnvironment(extra: Readonly<Record<string, string>>): Record<string, string | undefined> {
  const kept = Object.entries(process.env).filter(([name]) => !/^(OPENBLAS|OMP|MKL|NUMEXPR|GOTO|LOKY)_/.test(name))
  return { ...Object.fromEntries(kept), ...extra }
}

export function start(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): ChildProcess {
  return spawn(command, args, { env: childEnvironment(environment), stdio: ['pipe', 'pipe', 'inherit'] })
}

/** Runs a command to its end and returns what it printed; a failing command is an error that names it. */
export async function run(command: string, args: readonly string[]): Promise<string> {
  const child = start(command, args)
  child.stdin?.end()
  const chunks: Buffer[] = []
  child.stdout?.on('data', (chunk) => chunks.push(chunk))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with code ${code}`)
  return Buffer.concat(chunks).toString('utf8')
}

/** The last line that a command prints, as JSON. */
export async function runJson(command: string, args: readonly string[]): Promise<unknown> {
  const lines = (await run(command, args)).trimEnd().split('\n')
  return JSON.parse(lines[lines.length - 1])
}

/** A process that prints one line of JSON when it is ready, and one for every line that it is sent. */
export interface Rival {
  readonly ready: unknown
  round(): Promise<unknown>
  stop(): void
}

export async function startRival(command: string, args: readonly string[]): Promise<Rival> {
  const child = start(command, args)
  if (!child.stdout || !child.stdin) throw new Error(`${command} has no pipes`)
  const { stdin } = child
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const nextLine = async (): Promise<unknown> => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`${command} ${args.join(' ')} ended before it answered`)
    return JSON.parse(value)
  }
  return {
    ready: await nextLine(),
    round() {
      stdin.write('round\n')
      return nextLine()
    },
    stop: () => stdin.end(),
  }
}
