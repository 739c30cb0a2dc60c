import { join } from 'node:path'
import { build, type Rolldown } from 'vite'

/** Files of others that the console's pages are made of: what the build took, whatever package.json says. */
export async function consoleFiles(repository: string): Promise<readonly string[]> {
  const built = await build({ root: join(repository, 'console'), logLevel: 'warn', build: { write: false } })
  const outputs = [built].flat().flatMap((each) => ('output' in each ? each.output : []))
  return outputs.filter((each) => each.type === 'chunk').flatMap(filesOf)
}

/** The files whose code is in a module that was built. */
export function filesOf({ modules }: Rolldown.OutputChunk): readonly string[] {
  const used = Object.entries(modules).filter(([, { renderedLength }]) => renderedLength > 0)
  // Modules that the bundler makes up begin with a zero byte.
  return used.map(([id]) => id.replace(/^\0/, '').replace(/\?.*$/, ''))
}

/** The kernels' WebAssembly holds parts of the standard library of the language that they are written in. */
export function kernelFiles(repository: string): readonly string[] {
  return [join(repository, 'node_modules/assemblyscript/std/assembly/index.d.ts')]
}
