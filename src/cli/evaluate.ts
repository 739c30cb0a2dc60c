import { Command, Option } from 'commander'
import type { EvaluateFlags } from './evaluate-work.ts'
import * as flags from './flags.ts'
import { type CommonFlags, run } from './run.ts'

/** `shrike evaluate BUNDLE FILE`. */
export function evaluateCommand(): Command {
  return new Command('evaluate')
    .summary('what a bundle is worth on rows that it was not trained on')
    .description(
      "Evaluates BUNDLE on the rows of FILE. Rows of the bundle's own training period are left out and counted; where none " +
        'is left it stops.',
    )
    .argument('<bundle>', 'a trained bundle')
    .argument('<file>', 'labelled transactions: .csv, .csv.gz, .parquet, .ndjson, or - for a CSV on standard input')
    .option('--report <html>', 'write a report')
    .option('--include-training', 'evaluate on training rows too; the report says so')
    .option('--weight-column <column>', 'a weight for each row')
    .option('--text <columns>', 'columns to read as text whatever they look like, with commas between', flags.list)
    .option('--seed <number>', 'of the bootstrap intervals', flags.wholeNumber(0), 42)
    .option(
      '--cost-false-positive <cost>',
      'of an alert on a legitimate transaction, for the report',
      flags.notNegative,
    )
    .option(
      '--cost-false-negative <cost>',
      'of a missed fraud: a number, or "amount" for its own',
      flags.amountOrNumber,
    )
    .addOption(
      new Option('--bad-rows <what>', 'on a row that cannot be read').choices(['fail', 'skip']).default('fail'),
    )
    .option('--json', 'print the figures as JSON on standard output')
    .addHelpText(
      'after',
      `
Examples:
  shrike evaluate shrike-model.safetensors creditcard.csv --report later.html
  shrike evaluate shrike-model.safetensors next-month.parquet --json`,
    )
    .action((bundle: string, file: string, options: EvaluateFlags & CommonFlags) =>
      run(options, async (context) =>
        (await import('./evaluate-work.ts')).evaluateBundle(bundle, file, options, context),
      ),
    )
}
