import { Command, Option } from 'commander'
import { duration } from './flags.ts'
import { addReadingFlags } from './reading-flags.ts'
import type { ReplayFlags } from './replay-work.ts'
import { type CommonFlags, run } from './run.ts'

/** `shrike replay FILE --as history | decisions`. */
export function replayCommand(): Command {
  return addReadingFlags(
    new Command('replay')
      .summary('bring past transactions into a data directory')
      .description(
        'Brings the transactions of FILE into the data directory, in the order of their times, with labels of fraud when they ' +
          'became known. Known transactions are left as they are, so a replay that was stopped can be run again. Decisions ' +
          'go through the service that uses the directory, where one is running; history can only be brought in without it.',
      )
      .argument(
        '<file>',
        'transactions: .csv, .ndjson, .json (or .gz of them), .parquet, a folder of parts, or - for CSV',
      )
      .addOption(
        new Option('--as <what>', 'history: only recorded; decisions: decided and logged like those of the service')
          .choices(['history', 'decisions'])
          .makeOptionMandatory(),
      )
      .option('--data <directory>', 'the data directory of the service', '.shrike')
      .option('--bundle <bundle>', "the bundle (default: the data directory's, else shrike-model.safetensors)")
      .option('--detector <yaml>', 'without a model: the detector, by its file or the name of a shipped one')
      .addOption(
        new Option('--on-conflict <what>', 'on a row whose id belongs to a transaction with different content')
          .choices(['fail', 'skip'])
          .default('fail'),
      )
      .option('--number-rows', "make ids from the file's name and the line, for a file without ids")
      .option('--accept-lost-histories', 'let the bundle take over although the log lacks columns of its histories')
      .addOption(
        new Option('--key <key>', 'with a running service: an API key with the roles score and label').env(
          'SHRIKE_API_KEY',
        ),
      )
      .option('--timeout <duration>', 'how long sending is repeated while the service is busy', duration, 120_000)
      .option('--json', 'print the result as JSON on standard output')
      .addHelpText(
        'after',
        `
Examples:
  shrike replay last-quarter.csv.gz --as history
  shrike replay yesterday.parquet --as decisions --data /tmp/trial --bundle candidate.safetensors`,
      )
      .action((file: string, options: ReplayFlags & CommonFlags) =>
        run(options, async (context) => (await import('./replay-work.ts')).replay(file, options, context)),
      ),
  )
}
