import { Command, Option } from 'commander'
import { objectives } from '../evaluation/tuning/trial.ts'
import * as flags from './flags.ts'
import { learnerNames } from './learner-flags.ts'
import { type CommonFlags, run } from './run.ts'
import { addDataFlags, addSplitFlags, addThresholdFlags } from './train.ts'
import type { TuneFlags } from './tune-work.ts'

/** `shrike tune FILE`: its flags; the work is in tune-work.ts, loaded when asked for. */
export function tuneCommand(): Command {
  const command = new Command('tune')
    .summary("search for a learner's best options, then train with them as train does")
    .description(
      'Tries options of one or more learners, each on folds of the training period with the real delay of labels, and ' +
        'never uses the test. The best choice is then trained and evaluated once, as `train` does it. Finished trials are kept ' +
        'in a journal: the same command continues where it was stopped.',
    )
    .argument(
      '[file]',
      'transactions: .csv, .ndjson, .json (or .gz of them), .parquet, a folder of parts, or - for CSV',
    )
    .option('--from-log', 'learn from the decisions and labels in the log of the data directory')
    .option('--accept-lost-histories', "learn from a log that lacks columns which the detector's features read")
    .option('--data <directory>', 'the data directory of the service', '.shrike')
    .option('--out <bundle>', 'the bundle to write', 'shrike-model.safetensors')
    .option('--report <html>', 'the report to write (default: beside the bundle)')
    .option('--force', 'replace an existing file instead of keeping it under a numbered name')
    .option('--json', 'print the results as JSON on standard output')
  addSearchFlags(command)
  addFoldFlags(command)
  addDataFlags(command)
  addSplitFlags(command)
  addThresholdFlags(command)
  return command
    .addHelpText(
      'after',
      `
Examples:
  shrike tune creditcard.csv --minutes 10
  shrike tune transactions.csv --detector detectors/cards.yaml --learner gradient-boosting,random-forest --trials 60
  shrike tune transactions.csv --detector detectors/cards.yaml --space space.yaml --objective card-precision --k 50
  shrike tune transactions.csv --detector detectors/cards.yaml --save-detector tuned.yaml --out tuned.safetensors`,
    )
    .action((file: string | undefined, options: TuneFlags & CommonFlags) =>
      run(options, async (context) => (await import('./tune-work.ts')).tune(file, options, context)),
    )
}

function addSearchFlags(command: Command): void {
  command
    .option('--space <yaml>', 'the space to search (default: the usual space of each learner)')
    .option(
      '--learner <names>',
      "the learners, separated by commas (default: the space's, else the detector's)",
      learnerNames,
    )
    .addOption(
      new Option('--objective <figure>', 'the figure to optimise, averaged over the folds')
        .choices([...objectives])
        .default('average-precision'),
    )
    .option('--k <number>', 'for card precision: cards that are checked each day (default: 100)', flags.wholeNumber(1))
    .option('--by <key>', 'for card precision: the key of the cards (default: card, customer or the first)')
    .option(
      '--minutes <number>',
      'start no new trial after this many minutes (default: 30, without --trials)',
      flags.positive,
    )
    .option(
      '--trials <number>',
      'the number of trials in all, those of the journal included',
      flags.wholeNumber(1, 100_000),
    )
    .option('--journal <ndjson>', 'where finished trials are kept (default: beside the bundle)')
    .option('--seed <number>', 'the seed of all random choices (default: 42)', flags.wholeNumber(0))
    .option('--threads <number>', 'the number of threads (default: one per core)', flags.wholeNumber(1, 256))
}

function addFoldFlags(command: Command): void {
  command
    .option('--folds <number>', 'test periods, back from the end of the training period', flags.wholeNumber(1, 1000), 3)
    .option('--train <duration>', "the length of each fold's training (default: half of what the delay leaves)")
    .option('--test <duration>', "the length of each fold's test (default: what is left, shared among the folds)")
    .option('--delay <duration>', "the delay of labels (default: the detector's, or their median)")
    .option('--keep-compromised', "leave cards in a fold's test whose fraud is known by then")
}
