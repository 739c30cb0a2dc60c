import { Command } from 'commander'
import type { DemoFlags } from './demo-work.ts'
import * as flags from './flags.ts'
import { addReadingFlags } from './reading-flags.ts'
import { type CommonFlags, run } from './run.ts'
import { addServeFlags } from './serve.ts'

/** `shrike demo [FILE]`, which is what `npm start` runs. */
export function demoCommand(): Command {
  return addServeFlags(
    addReadingFlags(
      new Command('demo')
        .summary('simulate or take a file, train, evaluate, report, serve: what npm start runs')
        .description(
          'Trains on FILE, or on a simulated portfolio of cards where none is given, evaluates, writes a report and serves.',
        )
        .argument('[file]', 'labelled transactions: .csv, .ndjson, .json, .parquet or a folder of parts')
        .option('--label <column>', 'the label: 1 fraud, 0 legitimate (default: by name)')
        .option(
          '--allow-leak <feature>',
          'train on it although it alone separates fraud almost perfectly; may be repeated',
          flags.repeated,
        )
        .option('--seed <number>', 'the seed of all random choices', flags.wholeNumber(0), 42),
    ),
    'warn',
  )
    .addHelpText(
      'after',
      `
Examples:
  npm start
  npm start -- path/to/creditcard.csv
  npm start -- path/to/creditcard.csv --port 8080`,
    )
    .action((file: string | undefined, options: DemoFlags & CommonFlags) =>
      run(options, async (context) => (await import('./demo-work.ts')).demo(file, options, context)),
    )
}
