import { Command, Option } from 'commander'
import * as flags from './flags.ts'
import { type CommonFlags, run } from './run.ts'
import type { SimulateFlags } from './simulate-work.ts'

/** `shrike simulate`: labelled transactions for those who have none. */
export function simulateCommand(): Command {
  return new Command('simulate')
    .summary('make labelled transactions')
    .description(
      'Writes simulated, labelled card transactions. Shape creditcard is the flat table of the well-known data set: ' +
        'Time, V1 to V28, Amount, Class. Shape portfolio is a history of customers, cards, terminals and devices with ' +
        'six kinds of fraud.',
    )
    .addOption(
      new Option('--shape <shape>', 'which columns').choices(['creditcard', 'portfolio']).default('creditcard'),
    )
    .option('--rows <number>', 'creditcard: transactions (default: 284807)', flags.wholeNumber(2, 100_000_000))
    .option('--frauds <number>', 'creditcard: frauds among them (default: 492)', flags.wholeNumber(1))
    .option('--customers <number>', 'portfolio: customers (default: 5000)', flags.wholeNumber(1, 5_000_000))
    .option('--terminals <number>', 'portfolio: terminals in shops (default: 10000)', flags.wholeNumber(1, 5_000_000))
    .option('--start <date>', 'portfolio: the first day, in UTC (default: 2026-01-01)')
    .option('--days <number>', 'the number of days (default: creditcard 2, portfolio 60)', flags.wholeNumber(1, 3650))
    .option('--seed <number>', 'the same seed gives the same file', flags.wholeNumber(0), 42)
    .requiredOption('--out <file>', 'the file to write, .csv, .csv.gz or .ndjson')
    .option('--force', 'replace an existing file instead of keeping it under a numbered name')
    .option('--json', 'print counts as JSON on standard output')
    .addHelpText(
      'after',
      `
Examples:
  shrike simulate --out creditcard.csv
  shrike simulate --rows 10000 --frauds 50 --seed 7 --out small.csv.gz
  shrike simulate --shape portfolio --out transactions.csv
  shrike simulate --shape portfolio --customers 500 --terminals 1000 --days 90 --out history.ndjson`,
    )
    .action((options: SimulateFlags & CommonFlags) =>
      run(options, async (context) => (await import('./simulate-work.ts')).simulate(options, context)),
    )
}
