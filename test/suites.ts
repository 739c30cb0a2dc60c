import { readdirSync } from 'node:fs'
import { join } from 'node:path'

export interface Suite {
  readonly name: string
  readonly holds: string
  /** Whether it is left to `npm run test:all` and to the nights. */
  readonly isLong?: boolean
}

/**
 * What the tests are sorted into. A file belongs to the suite whose folder under `test/` it is in, and to `quick` where
 * it is in `src/` or in `test/` itself.
 */
export const suites: readonly Suite[] = [
  { name: 'quick', holds: 'everything that needs no process of its own, and no package but those of npm' },
  { name: 'spawned', holds: 'commands and services as processes, and where docs/start.md leads' },
  { name: 'durability', holds: 'services that are killed, damaged files, brokers and databases that fail' },
  { name: 'language', holds: 'the rule language against CEL and a peer library' },
  { name: 'attacks', holds: 'hostile requests, and card numbers in disguise' },
  { name: 'browser', holds: 'pages and the console in Chromium, where it is there' },
  { name: 'schemathesis', holds: 'the OpenAPI document by Schemathesis, where it is there', isLong: true },
  {
    name: 'long',
    holds: 'what is long by nature: guides, a month of fraud, models of clusters, full disks, failovers',
    isLong: true,
  },
]

/** On two quiet cores: `npm test`, and the suites that `.ci/run` runs beside. Nothing fails when it takes longer, but the run says so. */
export const budgetSeconds: Readonly<Record<string, number>> = { quick: 180, rest: 480 }

/**
 * Files that take longest, by the processor time of their tests and what those start. They begin first, so that no core
 * idles at the end.
 */
export const longest: readonly string[] = [
  'test/long/guides.test.ts',
  'test/long/cluster-brokers.test.ts',
  'test/long/tune-command.test.ts',
  'test/long/postgres-disk.test.ts',
  'test/long/train-with-histories.test.ts',
  'test/long/month.test.ts',
  'test/schemathesis/schemathesis.test.ts',
  'test/durability/deletion.test.ts',
  'test/spawned/commands.test.ts',
  'test/spawned/retrain-command.test.ts',
  'test/spawned/start-guide.test.ts',
  'test/browser/deciding-pages.test.ts',
  'test/browser/console.test.ts',
  'test/durability/jobs.test.ts',
  'test/durability/cluster-serve.test.ts',
  'test/durability/postgres-pair.test.ts',
  'test/spawned/train-without-labels.test.ts',
  'test/spawned/policy-command.test.ts',
  'test/durability/backup.test.ts',
  'test/durability/directory.test.ts',
  'test/spawned/own-table.test.ts',
  'test/spawned/init-commands.test.ts',
  'test/spawned/lost-histories.test.ts',
  'test/durability/streams.test.ts',
  'test/spawned/policy-figures.test.ts',
  'test/spawned/followed-champion.test.ts',
  'test/browser/pages-in-browser.test.ts',
  'src/app.test.ts',
  'src/monitoring/drift.test.ts',
  'src/backfill/backfill.test.ts',
  'src/features/memory-histories.test.ts',
  'src/http/decisions.test.ts',
  'src/deciding/decider.test.ts',
  'src/features/saved-histories.test.ts',
  'src/stores/sqlite/verify-log.test.ts',
  'src/training/logged-rows.test.ts',
  'src/data/shuffled-events.test.ts',
  'src/stores/sqlite/sqlite-log.test.ts',
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
