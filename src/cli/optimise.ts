import { Command } from 'commander'
import { usualData } from './data-flags.ts'
import * as flags from './flags.ts'
import type { OptimiseFlags } from './optimise-work.ts'
import { addReadingFlags } from './reading-flags.ts'
import { type CommonFlags, run } from './run.ts'

/** `shrike policy optimise`. */
export function optimiseCommand(): Command {
  const command = new Command('optimise')
    .summary('thresholds by segment, or the price of review capacity, of least expected cost')
    .description(
      'Searches on rows of FILE, or of the log, that the bundle was not trained on. The choice rests on calibrated probabilities; what it ' +
        'would really have cost, by the labels, is told beside it, with what changes a day.',
    )
    .argument('<bundle>', 'a trained bundle')
    .argument('[file]', 'labelled transactions, as evaluate takes them')
    .option('--from-log', 'search on what was decided and labelled, in the log of the data directory')
    .option('--accept-lost-histories', 'search on a log that lacks columns which features read')
    .option('--data <directory>', 'the data directory of the service', usualData)
    .requiredOption('--policy <yaml>', 'the policy in force, with its segments, and `costs:`')
    .option('--reviews-per-day <number>', 'what people can review (default: as the costs say)', flags.wholeNumber(0))
    .option('--out <yaml>', 'write the policy with what was found')
    .option('--force', 'replace a file that is there; else it is kept under a numbered name')
    .option('--history <file>', 'earlier rows, which feed histories and are not counted')
    .option('--include-training', "count rows of the bundle's own training, too: all figures are then optimistic")
    .option('--seed <number>', 'of the draws behind intervals', flags.wholeNumber(0), 42)
    .option('--json', 'print the figures as JSON on standard output')
  addReadingFlags(command)
  return command
    .addHelpText(
      'after',
      `
Examples:
  shrike policy optimise shrike-model.safetensors next-month.csv --policy policy.yaml
  shrike policy optimise shrike-model.safetensors next-month.csv --policy policy.yaml --reviews-per-day 50 --out new-policy.yaml
  shrike policy optimise shrike-model.safetensors --from-log --policy policy.yaml --json`,
    )
    .action((bundle: string, file: string | undefined, options: OptimiseFlags & CommonFlags) =>
      run(options, async (context) => (await import('./optimise-work.ts')).optimise(bundle, file, options, context)),
    )
}
