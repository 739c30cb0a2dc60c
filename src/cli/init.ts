import { Command, Option } from 'commander'
import { timeFormats } from '../core/time-formats.ts'
import { list } from './flags.ts'
import type { InitFlags } from './init-work.ts'
import { addReadingFlags } from './reading-flags.ts'
import { type CommonFlags, run } from './run.ts'

/** `shrike init FILE`: a detector to begin with. */
export function initCommand(): Command {
  return addReadingFlags(
    new Command('init')
      .summary('draft a detector file from a file of transactions')
      .description(
        'Looks at FILE and writes a detector file with comments: id, time, amount, keys, categories, label and features ' +
          'that fit them. Shows ten rows as they are read, and lists what is uncertain.',
      )
      .argument(
        '<file>',
        'transactions: .csv, .ndjson, .json (or .gz of them), .parquet, a folder of parts, or - for CSV',
      )
      .option('--out <yaml>', 'the detector file to write', 'detector.yaml')
      .option('--force', 'overwrite an existing file')
      .option('--label <column>', 'the label: 1 fraud, 0 legitimate (default: by name)')
      .option('--time <column>', 'the time of a transaction (default: by name)')
      .addOption(
        new Option('--time-format <format>', 'how the time is written (default: by its range)').choices(timeFormats),
      )
      .option('--ignore <columns>', 'columns to leave out, separated by commas', list)
      .option('--json', 'print the draft as JSON on standard output')
      .addHelpText(
        'after',
        `
Examples:
  shrike init transactions.csv
  shrike init paysim.csv --out paysim.yaml --bad-rows skip`,
      )
      .action((file: string, options: InitFlags & CommonFlags) =>
        run(options, async (context) => (await import('./init-work.ts')).init(file, options, context)),
      ),
  )
}
