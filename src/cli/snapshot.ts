import { Command, InvalidArgumentError } from 'commander'
import { run } from './run.ts'
import type { SnapshotFlags } from './snapshot-work.ts'

function milliseconds(text: string): number {
  const value = Number(text)
  if (Number.isFinite(value)) return value
  throw new InvalidArgumentError('It is milliseconds since 1970.')
}

/** `shrike snapshot`, which the service runs by itself. */
export function snapshotCommand(): Command {
  return new Command('snapshot')
    .summary('save what the log of a data directory makes: the service does it by itself')
    .description(
      'Makes histories and all else that the log makes, beside a service or without one, and saves it for a quick start.',
    )
    .option('--data <directory>', 'the data directory of the service', '.shrike')
    .option(
      '--prune-before <ms>',
      'say what may be let go of before this time: the service asks for it with --retain',
      milliseconds,
    )
    .addHelpText(
      'after',
      `
Examples:
  shrike snapshot --data /var/lib/shrike`,
    )
    .action((options: SnapshotFlags) =>
      run({}, async (context) => (await import('./snapshot-work.ts')).takeSnapshot(options, context)),
    )
}
