import { Command } from 'commander'
import type { FeaturesFlags } from './features-work.ts'
import { wholeNumber } from './flags.ts'
import { addReadingFlags } from './reading-flags.ts'
import { type CommonFlags, run } from './run.ts'

/** `shrike features FILE`. */
export function featuresCommand(): Command {
  return addReadingFlags(
    new Command('features')
      .summary("show each transaction's features as they were when it arrived")
      .description(
        'Writes one row per transaction of FILE, in the order of their times: its id, then one column per feature of the ' +
          'detector, computed from what was known at that instant. A model of the detector is trained on these rows and ' +
          'served with them.',
      )
      .argument(
        '[file]',
        'transactions: .csv, .ndjson, .json (or .gz of them), .parquet, a folder of parts, or - for CSV',
      )
      .option('--detector <yaml>', 'the detector file that declares the features (from a log: the one in force last)')
      .option('--from-log', 'the transactions of the log in the data directory, in the order of their numbers')
      .option('--data <directory>', 'the data directory of the service', '.shrike')
      .option('--out <file>', 'the file to write, .csv or .csv.gz (default: standard output)')
      .option('--part <key>', "the features of one key's history alone, to be joined with others by the id")
      .option('--joined', 'FILE has the columns that --part wrote for each key, too: add all other features')
      .option('--shuffle <folder>', 'go by this folder, which is made and removed, for files larger than memory')
      .option(
        '--buckets <number>',
        'with --shuffle: files for each key (default: one for 250,000 rows)',
        wholeNumber(1, 10_000),
      )
      .option(
        '--processes <number>',
        'with --shuffle: how many work at a time (default: the cores)',
        wholeNumber(1, 1024),
      )
      .option(
        '--memory <megabytes>',
        'with --shuffle: for sorting and joining, in each process (default: 100)',
        wholeNumber(50),
      )
      .option('--force', 'replace an existing file instead of keeping it under a numbered name')
      .option('--json', 'print what was written as JSON on standard output')
      .addHelpText(
        'after',
        `
Examples:
  shrike features transactions.csv --detector detectors/handbook.yaml --out rows.csv
  shrike features transactions.csv.gz --detector detectors/cards.yaml | head
  shrike features --from-log --data /var/lib/shrike --out rows.csv`,
      )
      .action((file: string | undefined, options: FeaturesFlags & CommonFlags) =>
        run(options, async (context) => (await import('./features-work.ts')).writeFeatures(file, options, context)),
      ),
  )
}
