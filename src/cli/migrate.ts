import { Command } from 'commander'
import { keyChangesOption } from './data-flags.ts'
import type { MigrateFlags } from './migrate-work.ts'
import { type CommonFlags, run } from './run.ts'

/** `shrike migrate --from DIR --to postgres://...`, and back. */
export function migrateCommand(): Command {
  return new Command('migrate')
    .summary('a data directory into PostgreSQL, or back')
    .description(
      'Moves the log with its persons, users, keys, models and jobs from a data directory into an empty database of ' +
        'PostgreSQL, or from there into a new directory, and checks what arrived: every hash of the chain, and all counts. ' +
        'What it was moved from stays as it is. No service may be running on either.',
    )
    .requiredOption('--from <place>', 'a data directory, or postgres://USER@HOST/DATABASE')
    .requiredOption('--to <place>', 'the other one, empty')
    .addOption(keyChangesOption())
    .option('--json', 'print the result as JSON on standard output')
    .addHelpText('after', examples)
    .action((options: MigrateFlags & CommonFlags) =>
      run(options, async (context) => (await import('./migrate-work.ts')).migrate(options, context)),
    )
}

const examples = `
Examples:
  shrike migrate --from /var/lib/shrike --to postgres://shrike@db.internal/shrike
  shrike migrate --from postgres://shrike@db.internal/shrike --to /var/lib/shrike`
