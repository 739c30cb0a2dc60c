import { Command } from 'commander'
import type { EraseFlags } from './erase-work.ts'
import { type CommonFlags, run } from './run.ts'

/** `shrike erase --key customer=X`. */
export function eraseCommand(): Command {
  return new Command('erase')
    .summary('erase a person: the value of a personal key leaves no trace')
    .description(
      'Deletes the value that a token replaced, and records that. Amounts and times stay, so the features ' +
        'of others do not change. Backups made before still hold the value.',
    )
    .requiredOption('--key <name=value>', 'a key that the detector lists as personal, and its value')
    .option(
      '--data <directory>',
      'the data directory: a running service is asked to erase; without one the directory is changed',
      '.shrike',
    )
    .option(
      '--url <url>',
      'the address the address of a service elsewhere; SHRIKE_API_KEY is sent, which needs the role admin',
    )
    .option('--json', 'print the result as JSON on standard output')
    .addHelpText(
      'after',
      `
Examples:
  shrike erase --key customer=2765
  SHRIKE_API_KEY=shrike_… shrike erase --key customer=2765 --url https://shrike.example`,
    )
    .action((options: EraseFlags & CommonFlags) =>
      run(options, async (context) => (await import('./erase-work.ts')).erase(options, context)),
    )
}
