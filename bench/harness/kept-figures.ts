import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { cacheFolder } from './peers.ts'
import type { Figures } from './quality-tables.ts'

const path = `${cacheFolder}quality-figures.ndjson`
const root = fileURLToPath(new URL('../..', import.meta.url))

type Named = readonly (readonly [name: string, figures: Figures])[]

/** Figures of earlier runs that had the same rows, code and settings, so that a run that was stopped goes on. */
export async function keepFigures(
  files: readonly string[],
  settings: unknown,
  make: () => Promise<Named>,
): Promise<Named> {
  const hash = createHash('sha256').update(JSON.stringify(settings))
  for (const file of files) hash.update(readFileSync(file))
  const key = hash.digest('hex')
  const lines = existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : []
  const kept = lines.map((line) => JSON.parse(line)).find((each) => each.key === key)
  if (kept !== undefined) return kept.figures
  const figures = await make()
  appendFileSync(path, `${JSON.stringify({ key, figures })}\n`)
  return figures
}

/** All code that our scores may depend on. */
export function learningCode(): string[] {
  return globSync('src/{core,data,learners,models}/**/*.ts', { cwd: root })
    .filter((file) => !file.endsWith('.test.ts'))
    .sort()
    .map((file) => `${root}${file}`)
}
