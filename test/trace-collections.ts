import { execFileSync } from 'node:child_process'

/** A collection of garbage as V8 told of it. */
interface Collection {
  readonly isFull: boolean
  /** The figure of a name, such as `promoted`: bytes that were moved among old objects. NaN where V8 has none. */
  of(name: string): number
}

/** The collections while a script, an ES module that may call `gc`, runs in a process of its own; since it last printed `start`. */
export function traceCollections(script: string): readonly Collection[] {
  const options = ['--expose-gc', '--trace-gc-nvp', '--input-type=module', '--eval', script]
  const output = execFileSync(process.execPath, options, { encoding: 'utf8' })
  const [since = ''] = output.split('\nstart\n').slice(-1)
  return [...since.matchAll(/^.* gc=(\w+) .*$/gm)].map(([line, kind]) => ({
    isFull: kind !== 's',
    of: (name) => Number(new RegExp(` ${name.replaceAll('.', '\\.')}=([0-9.]+)`).exec(line)?.[1]),
  }))
}
