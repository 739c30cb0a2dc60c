import { Command, Option } from 'commander'
import { usualData } from './data-flags.ts'
import * as flags from './flags.ts'
import type { CompareFlags } from './models-compare-work.ts'
import { addReadingFlags } from './reading-flags.ts'
import { type CommonFlags, run } from './run.ts'

/** `shrike models compare`. */
export function compareCommand(): Command {
  const command = new Command('compare')
    .summary('two models on the same transactions')
    .description(
      'Holds model B against model A, each a bundle file or an id, on the decisions of a log or the transactions of a ' +
        'file: scores, outcomes under the policy in force, matured labels with paired intervals, calibration, features ' +
        'and segments. With one model, A is the champion; none stands for rules and lists alone. Reads a data directory beside its service, and changes nothing.',
    )
    .argument('<model>', 'A; or B, where it is the only one')
    .argument('[other]', 'B')
    .option('--data <directory>', 'the data directory of the service', usualData)
    .option('--file <file>', "labelled transactions, read by the models' detector, in the place of a log")
    .option('--history <file>', 'earlier rows of the file, which feed histories and are not judged')
    .option('--from <time>', 'transactions from this time on, such as 2026-03-01T00:00:00Z', flags.instant)
    .option('--to <time>', 'transactions before this time', flags.instant)
    .option('--known-by <time>', 'only labels that were known by then (default: the end of the log)', flags.instant)
    .option('--include-training', 'metrics count what a model was trained on, too: they are then optimistic')
    .addOption(
      new Option('--draw <unit>', 'what the intervals draw: single transactions, or whole days in UTC')
        .choices(['transaction', 'day'])
        .default('transaction'),
    )
    .option('--replicates <number>', 'draws of the intervals', flags.wholeNumber(100, 100_000), 1000)
    .option('--seed <number>', 'seed of the draws', flags.wholeNumber(0), 42)
    .option('--out <html>', 'also write the figures as a page')
    .option('--force', 'replace a file that is there; else it is kept under a numbered name')
    .option('--json', 'print the figures as JSON on standard output')
  return addReadingFlags(command)
    .addHelpText(
      'after',
      `
Examples:
  shrike models compare next.safetensors
  shrike models compare cards@9f2c41d07ab3 next.safetensors --draw day --out comparison.html
  shrike models compare none next.safetensors
  shrike models compare old.safetensors next.safetensors --file labelled.csv --json`,
    )
    .action((model: string, other: string | undefined, options: CompareFlags & CommonFlags) =>
      run(options, async (context) =>
        (await import('./models-compare-work.ts')).compare(model, other, options, context),
      ),
    )
}
