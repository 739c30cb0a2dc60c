import { Command } from 'commander'
import type { ExplainFlags } from './explain-work.ts'
import * as flags from './flags.ts'
import { addReadingFlags } from './reading-flags.ts'
import { type CommonFlags, run } from './run.ts'

/** `shrike explain BUNDLE FILE`. */
export function explainCommand(): Command {
  return addReadingFlags(
    new Command('explain')
      .summary('explain the answer of a bundle for one row')
      .description(
        "Shows what each feature adds to the model's answer for one row of FILE, with the history of the file until then: " +
          'exact Shapley values for trees, exact parts for linear models, integrated gradients for networks.',
      )
      .argument('<bundle>', 'a bundle that train or import wrote')
      .argument(
        '<file>',
        'transactions: .csv, .ndjson, .json (or .gz of them), .parquet, a folder of parts, or - for CSV',
      )
      .option('--id <value>', "the row's transaction id")
      .option('--row <number>', "or the row's place in the file, from 0", flags.wholeNumber(0))
      .option('--history <file>', 'earlier rows, which feed histories')
      .option('--out <html>', 'also write a page with a picture')
      .option('--force', 'replace an existing file instead of keeping it under a numbered name')
      .option('--json', 'print the result as JSON on standard output')
      .addHelpText(
        'after',
        `
Examples:
  shrike explain model.safetensors creditcard.csv --row 541
  shrike explain model.safetensors transactions.csv --id t-0220941 --out why.html`,
      )
      .action((bundle: string, file: string, options: ExplainFlags & CommonFlags) =>
        run(options, async (context) => (await import('./explain-work.ts')).explain(bundle, file, options, context)),
      ),
  )
}
