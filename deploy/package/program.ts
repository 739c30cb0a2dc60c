import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { build, type Plugin, type Rolldown } from 'vite'
import { filesOf } from './bundled-files.ts'

/**
 * Packages of many small files that most commands load. They are all code, and hold the text of their licence, without
 * which they may not be carried.
 */
const madePartOf = ['zod', 'yaml', 'commander', 're2js']

/**
 * The program in modules as large as what is loaded together: a short command finds and reads a few of them in place of
 * hundreds, and takes a third less processor time. What the sources load late, or in a thread, is loaded so from here, too.
 *
 * @param folder where it is written; without one it only tells its files.
 * @returns the files that it is made of.
 */
export async function buildProgram(repository: string, folder?: string): Promise<readonly string[]> {
  const sources = join(repository, 'src')
  const built = await build({
    root: repository,
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    plugins: [keepPlaces(sources)],
    ssr: { noExternal: madePartOf },
    build: {
      ssr: true,
      target: 'node22',
      minify: false,
      write: folder !== undefined,
      ...(folder !== undefined && { outDir: folder, emptyOutDir: true }),
      rolldownOptions: {
        input: Object.fromEntries(entries(sources).map((name) => [name, join(sources, `${name}.ts`)])),
        output: {
          ...{ entryFileNames: '[name].js', chunkFileNames: 'parts/[name]-[hash].js' },
          // What nearly every command loads is one file.
          codeSplitting: { groups: [{ name: 'common', minShareCount: 45 }] },
        },
      },
    },
  })
  const outputs = [built].flat().flatMap((each) => ('output' in each ? each.output : []))
  return outputs.filter((each) => each.type === 'chunk').flatMap(filesOf)
}

/** What `bin/shrike.js` loads, and what becomes a thread or a process of its own. */
function entries(sources: string): readonly string[] {
  const started = globSync('**/*.ts', { cwd: sources }).flatMap((file) =>
    [...readFileSync(join(sources, file), 'utf8').matchAll(/workerScript\('([^']+)', import\.meta\.url\)/g)].map(
      ([, name]) => join(dirname(file), name),
    ),
  )
  return ['cli/main', 'cli/missing-package', ...started]
}

/** What a module finds by its own place is found from there, whichever file it became part of. */
function keepPlaces(sources: string): Plugin {
  return {
    name: 'keep-places',
    transform: (code, id) =>
      id.startsWith(`${sources}/`)
        ? code.replaceAll('import.meta.url', `__placeOf('${relative(sources, id).replace(/ts$/, 'js')}')`)
        : undefined,
    renderChunk: (code: string, { fileName }: Rolldown.RenderedChunk) =>
      code.replaceAll(
        /__placeOf\(['"]([^'"]+)['"]\)/g,
        (_, name) => `new URL('${relative(dirname(fileName), '.') || '.'}/${name}', import.meta.url).href`,
      ),
  }
}
