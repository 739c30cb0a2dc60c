import { readdirSync } from 'node:fs'
import { join } from 'node:path'

export interface Suite {
  readonly name: string
  readonly holds: string
  /** On two quiet cores. Nothing fails when it takes longer, but the run says so. */
  readonly budgetSeconds: number
}

/**
 * What the tests are sorted into. A file belongs to the suite whose folder under `test/` it is in, and to `quick` where
 * it is in `src/` or in `test/` itself.
 */
export const suites: readonly Suite[] = [
  { name: 'quick', holds: 'everything that needs no process of its own', budgetSeconds: 180 },
  { name: 'spawned', holds: 'commands and services as processes, and the guides', budgetSeconds: 240 },
  { name: 'durability', holds: 'services that are killed, damaged files, full disks', budgetSeconds: 120 },
  { name: 'language', holds: 'the rule language against CEL and a peer library', budgetSeconds: 30 },
  { name: 'attacks', holds: 'hostile requests, and card numbers in disguise', budgetSeconds: 30 },
  { name: 'browser', holds: 'pages and the console in Chromium, where it is there', budgetSeconds: 30 },
  { name: 'schemathesis', holds: 'the OpenAPI document by Schemathesis, where it is there', budgetSeconds: 30 },
]

export const testFiles: readonly string[] = ['src', 'test'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(folder, name))
    .sort(),
)

/** The name of a test file's suite: its folder's, whether `suites` has it or not. */
export function suiteOf(file: string): string {
  return /^test\/(.+)\/[^/]+$/.exec(file)?.[1] ?? 'quick'
}
