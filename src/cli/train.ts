import { Command, Option } from 'commander'
import { timeFormats } from '../core/time-formats.ts'
import { averages, learners, memberWeights } from '../learners/model-choice.ts'
import { presets } from '../learners/presets.ts'
import * as flags from './flags.ts'
import { learnerFlags, learnerNames } from './learner-flags.ts'
import { addReadingFlags } from './reading-flags.ts'
import { type CommonFlags, run } from './run.ts'
import type { TrainFlags } from './train-work.ts'

/** `shrike train FILE`: its flags; the work is in train-work.ts, loaded when asked for. */
export function trainCommand(): Command {
  const command = new Command('train')
    .summary('learn from labelled transactions, evaluate on later ones, write a bundle and a report')
    .description('Trains on the earlier rows of FILE, evaluates on the later ones and writes a bundle and a report.')
    .argument(
      '[file]',
      'transactions: .csv, .ndjson, .json (or .gz of them), .parquet, a folder of parts, or - for CSV',
    )
    .option('--from-log', 'learn from the decisions and labels in the log of the data directory')
    .option('--accept-lost-histories', "learn from a log that lacks columns which the detector's features read")
    .option('--policy-features', "with --from-log: learn from features that only the policy's rules look at, too")
    .option('--data <directory>', 'the data directory of the service', '.shrike')
    .option('--out <bundle>', 'the bundle to write', 'shrike-model.safetensors')
    .option('--report <html>', 'the report to write (default: beside the bundle)')
    .option('--no-report', 'write none, which saves a third to a half of a short training')
    .addOption(
      new Option(
        '--preset <name>',
        "a set of choices that other flags override (default: default, then the detector's options)",
      ).choices(Object.keys(presets)),
    )
    .addOption(
      new Option('--split <how>', 'test on the last rows by time, or on random ones')
        .choices(['time', 'random'])
        .default('time'),
    )
    .option('--force', 'replace an existing file instead of keeping it under a numbered name')
    .option('--json', 'print the results as JSON on standard output')
  addDataFlags(command)
  addSplitFlags(command)
  addLearnerFlags(command)
  addThresholdFlags(command)
  return command
    .option('--learning-curve', 'also learn from parts of the training rows, to tell what more labels are worth')
    .option(
      '--flag-share <share>',
      'without labels: choose the threshold so that this share is flagged (default: 0.01)',
      flags.share,
    )
    .addHelpText(
      'after',
      `
Examples:
  shrike train creditcard.csv
  shrike train creditcard.csv.gz --preset recipe --test-from 86400
  shrike train creditcard.csv --cost-false-positive 5 --cost-false-negative amount
  shrike train creditcard.csv --learner random-forest --n-estimators 300 --class-weight balanced --oob-score
  shrike train transactions.csv --learner isolation-forest --flag-share 0.005
  shrike train --from-log --data /var/lib/shrike --out model.safetensors
  cat creditcard.csv | shrike train - --json --out model.safetensors > figures.json`,
    )
    .action((file: string | undefined, options: TrainFlags & CommonFlags) =>
      run(options, async (context) => (await import('./train-work.ts')).train(file, options, context)),
    )
}

export function addDataFlags(command: Command): void {
  command
    .option('--detector <yaml>', 'the detector file that describes the columns (default: inferred)')
    .option('--save-detector <yaml>', 'write the detector that was used or inferred')
    .option('--label <column>', 'the label: 1 fraud, 0 legitimate, empty unknown (default: by name)')
    .option('--time <column>', 'the time of a transaction (default: by name)')
    .addOption(
      new Option('--time-format <format>', 'how the time is written (default: by its range)').choices(timeFormats),
    )
    .option('--ignore <columns>', 'columns that are not inputs, separated by commas', flags.list)
    .option('--weight-column <column>', 'a weight for each row')
  addReadingFlags(command)
}

export function addSplitFlags(command: Command): void {
  command
    .option('--test-share <share>', 'the share of rows for the test', flags.share, 0.2)
    .option('--test-from <time>', "test on the rows from this time on, in the time column's unit or as an ISO time")
    .addOption(
      new Option('--weights <use>', 'the use of the weight column')
        .choices(['evaluation', 'training', 'both'])
        .default('evaluation'),
    )
    .option('--no-leak-check', 'skip showing the figures of a random split and of labels without delay')
    .option(
      '--allow-leak <feature>',
      'train on it although it alone separates fraud almost perfectly; may be repeated',
      flags.repeated,
    )
    .option('--refit', 'after the evaluation train again on all rows; calibration, threshold and figures stay')
}

function addLearnerFlags(command: Command): void {
  command
    .option('--seed <number>', 'the seed of all random choices (default: 42)', flags.wholeNumber(0))
    .option('--threads <number>', 'the number of threads (default: one per core)', flags.wholeNumber(1, 256))
    .addOption(new Option('--learner <name>', 'what learns').choices([...learners]))
    .option('--average <names>', 'average the model with those of these learners, separated by commas', learnerNames)
    .addOption(
      new Option('--average-of <what>', 'what of several models is averaged (default: log-odds)').choices([
        ...averages,
      ]),
    )
    .addOption(
      new Option('--member-weights <how>', 'all alike, or chosen on the calibration rows (default: equal)').choices([
        ...memberWeights,
      ]),
    )
    .option(
      '--oversample <ratio>',
      'repeat frauds at random up to this share of the legitimate rows, or none',
      flags.oversampling,
    )
    .option('--scale', 'standardise the inputs')
  for (const option of learnerFlags()) command.addOption(option)
}

export function addThresholdFlags(command: Command): void {
  command
    .option('--threshold <probability>', 'predict fraud from this score on', flags.share)
    .option(
      '--wanted-precision <share>',
      'choose the threshold with the highest recall at this precision',
      flags.shareOrOne,
    )
    .option('--wanted-recall <share>', 'choose the threshold with the fewest alerts at this recall', flags.shareOrOne)
    .option(
      '--cost-false-positive <cost>',
      'the cost of an alert on a legitimate transaction: choose the cheapest threshold',
      flags.notNegative,
    )
    .option(
      '--cost-false-negative <cost>',
      'the cost of a missed fraud: a number, or "amount" for its amount',
      flags.amountOrNumber,
    )
}
