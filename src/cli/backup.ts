import { Command } from 'commander'
import type { BackupFlags } from './backup-work.ts'
import { keyChangesOption } from './data-flags.ts'
import { type CommonFlags, run } from './run.ts'

/** `shrike backup DIR`. */
export function backupCommand(): Command {
  return new Command('backup')
    .summary('copy a data directory while the service keeps running')
    .description(
      'Copies log, snapshots, keys, bundle, jobs and their results as they are into an empty directory, and checks the copy.',
    )
    .argument('<dir>', 'the directory to make; a service starts on it with serve --data <dir>')
    .option('--data <directory>', 'the data directory of the service', '.shrike')
    .addOption(keyChangesOption())
    .option('--json', 'print the result as JSON on standard output')
    .addHelpText(
      'after',
      `
Examples:
  shrike backup /backups/$(date +%F) --data /var/lib/shrike`,
    )
    .action((target: string, options: BackupFlags & CommonFlags) =>
      run(options, async (context) => (await import('./backup-work.ts')).backup(target, options, context)),
    )
}
