import { Command } from 'commander'
import type { DataFlags } from './log-files.ts'
import { run } from './run.ts'

/** `shrike snapshot`, which the service runs by itself. */
export function snapshotCommand(): Command {
  return new Command('snapshot')
    .summary('save the histories of a data directory: the service does it by itself')
    .description('Makes the histories of the log, beside a service or without one, and saves them for a quick start.')
    .option('--data <directory>', 'the data directory of the service', '.shrike')
    .addHelpText(
      'after',
      `
Examples:
  shrike snapshot --data /var/lib/shrike`,
    )
    .action((options: DataFlags) => run({}, async () => (await import('./snapshot-work.ts')).takeSnapshot(options)))
}
