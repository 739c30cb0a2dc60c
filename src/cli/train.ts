import { Command, Option } from 'commander'
import { learners } from '../core/detector-schema.ts'
import { timeFormats } from '../core/time-formats.ts'
import { presets } from '../learners/presets.ts'
import * as flags from './flags.ts'
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
    .option('--from-log', 'learn from what was decided and labelled, in the log of the data directory')
    .option('--accept-lost-histories', "learn from a log that lacks columns which the detector's features read")
    .option('--data <directory>', 'the data directory of the service', '.shrike')
    .option('--out <bundle>', 'the bundle to write', 'shrike-model.safetensors')
    .option('--report <html>', 'the report to write (default: beside the bundle)')
    .addOption(
      new Option(
        '--preset <name>',
        "a set of choices that other flags change (default: default, under the detector's own)",
      ).choices(Object.keys(presets)),
    )
    .addOption(
      new Option('--split <how>', 'test on the last rows by time, or on random ones')
        .choices(['time', 'random'])
        .default('time'),
    )
    .option('--force', 'replace a file that is there; else it is kept under a numbered name')
    .option('--json', 'print the results as JSON on standard output')
  addDataFlags(command)
  addSplitFlags(command)
  addLearnerFlags(command)
  addThresholdFlags(command)
  return command
    .addHelpText(
      'after',
      `
Examples:
  shrike train creditcard.csv
  shrike train creditcard.csv.gz --preset recipe --test-from 86400
  shrike train creditcard.csv --cost-false-positive 5 --cost-false-negative amount
  shrike train creditcard.csv --learner random-forest --n-estimators 300 --class-weight balanced --oob-score
  shrike train --from-log --data /var/lib/shrike --out model.safetensors
  cat creditcard.csv | shrike train - --json --out model.safetensors > figures.json`,
    )
    .action((file: string | undefined, options: TrainFlags & CommonFlags) =>
      run(options, async (context) => (await import('./train-work.ts')).train(file, options, context)),
    )
}

export function addDataFlags(command: Command): void {
  command
    .option('--detector <yaml>', 'the detector file that says what the columns mean (default: inferred)')
    .option('--save-detector <yaml>', 'write the detector that was used or inferred')
    .option('--label <column>', 'the label: 1 fraud, 0 legitimate, empty unknown (default: by name)')
    .option('--time <column>', 'the time of a transaction (default: by name)')
    .addOption(
      new Option('--time-format <format>', 'how the time is written (default: by its range)').choices(timeFormats),
    )
    .option('--ignore <columns>', 'columns that are not inputs, with commas between', flags.list)
    .option('--weight-column <column>', 'a weight for each row')
  addReadingFlags(command)
}

export function addSplitFlags(command: Command): void {
  command
    .option('--test-share <share>', 'the share of rows for the test', flags.share, 0.2)
    .option('--test-from <time>', "test on the rows from here on, in the time column's unit or as an ISO time")
    .addOption(
      new Option('--weights <use>', 'what the weight column is for')
        .choices(['evaluation', 'training', 'both'])
        .default('evaluation'),
    )
    .option('--no-leak-check', 'skip showing what a random split or labels known at once would have shown')
    .option(
      '--allow-leak <feature>',
      'train on it although it alone separates fraud almost perfectly; may be repeated',
      flags.repeated,
    )
    .option('--refit', 'after the evaluation train again on all rows; calibration, threshold and figures stay')
}

function addLearnerFlags(command: Command): void {
  command
    .option('--seed <number>', 'of everything that is drawn (default: 42)', flags.wholeNumber(0))
    .option('--threads <number>', 'how many to train with (default: one per core)', flags.wholeNumber(1, 256))
    .addOption(new Option('--learner <name>', 'what learns').choices([...learners]))
    .option('--average <names>', 'average with these learners, with commas between', flags.learnerNames)
    .option('--n-estimators <number>', 'trees', flags.wholeNumber(1, 100_000))
    .option('--max-depth <number>', 'of a tree, or none', flags.depth)
    .option('--min-samples-split <number>', 'rows that a node needs to be split', flags.wholeNumber(2))
    .option('--min-samples-leaf <number>', 'rows that a leaf needs', flags.wholeNumber(1))
    .option('--max-features <number>', 'features that a split looks at: sqrt, log2, all or a number', flags.maxFeatures)
    .option('--max-samples <share>', "share of the rows in a tree's bootstrap", flags.shareOrOne)
    .option('--min-impurity-decrease <number>', 'that a split must bring', flags.notNegative)
    .addOption(new Option('--class-weight <how>', 'weigh both classes alike').choices(['none', 'balanced']))
    .option('--no-bootstrap', 'every tree learns from every row')
    .option(
      '--oversample <ratio>',
      'draw frauds again up to this share of the legitimate rows, or none',
      flags.oversampling,
    )
    .option('--scale', 'standardise the inputs')
    .option('--learning-rate <number>', 'of boosting or of a network', flags.shareOrOne)
    .option('--max-leaves <number>', 'of a boosted tree', flags.wholeNumber(2))
    .option('--reg-alpha <number>', "L1 penalty on boosted leaves' values", flags.notNegative)
    .option('--reg-lambda <number>', "L2 penalty on boosted leaves' values", flags.notNegative)
    .option('--min-child-weight <number>', 'least sum of hessians in a boosted leaf', flags.notNegative)
    .option('--min-split-gain <number>', 'that a boosted split must bring', flags.notNegative)
    .option('--subsample <share>', 'share of the rows that each boosted tree sees', flags.shareOrOne)
    .option('--colsample-by-tree <share>', 'share of the features that each boosted tree sees', flags.shareOrOne)
    .option('--max-bins <number>', 'of a feature in boosting', flags.wholeNumber(2, 255))
    .option(
      '--monotone <list>',
      'FEATURE=1 or =-1, with commas between: the score may only rise, or fall',
      flags.directions,
    )
    .option('--categories <features>', 'of boosting: whole numbers that have no order, with commas between', flags.list)
    .option(
      '--early-stopping-rounds <number>',
      'stop boosting or a network after so many rounds without a better log loss on the last fifth of the training rows',
      flags.wholeNumber(1),
    )
    .option('--c <number>', 'of logistic regression: the inverse of its L2 penalty', flags.positive)
    .option('--max-iterations <number>', 'of logistic regression', flags.wholeNumber(1))
    .option('--hidden <units>', "of a network's layers, with commas between", flags.wholeNumbers)
    .option('--epochs <number>', 'of a network', flags.wholeNumber(1))
    .option('--batch-size <rows>', 'of a network', flags.wholeNumber(1))
    .option('--dropout <share>', 'of a network', flags.shareOrNone)
    .option('--weight-decay <number>', 'of a network', flags.notNegative)
    .option('--sample-size <rows>', 'that a tree of an isolation forest sees', flags.wholeNumber(2))
    .option('--oob-score', 'also score each training row by the trees that did not see it')
}

export function addThresholdFlags(command: Command): void {
  command
    .option('--threshold <probability>', 'predict fraud from this probability on', flags.share)
    .option('--wanted-precision <share>', 'choose the threshold that catches most at this precision', flags.shareOrOne)
    .option(
      '--wanted-recall <share>',
      'choose the threshold that catches this share with the fewest alerts',
      flags.shareOrOne,
    )
    .option(
      '--cost-false-positive <cost>',
      'of an alert on a legitimate transaction: choose the cheapest threshold',
      flags.notNegative,
    )
    .option(
      '--cost-false-negative <cost>',
      'of a missed fraud: a number, or "amount" for its own',
      flags.amountOrNumber,
    )
}
