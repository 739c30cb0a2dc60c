import { Command, Option } from 'commander'
import { FraudError } from '../core/errors.ts'
import { learners } from '../learners/model-choice.ts'
import { presets } from '../learners/presets.ts'
import type { EvaluateFlags } from './evaluate-work.ts'
import * as flags from './flags.ts'
import { learnerFlags } from './learner-flags.ts'
import type { ProtocolFlags } from './protocol-work.ts'
import { addReadingFlags } from './reading-flags.ts'
import { type CommonFlags, type Run, run } from './run.ts'

interface Flags extends Omit<EvaluateFlags, 'seed'>, ProtocolFlags, CommonFlags {
  readonly protocol?: 'handbook' | 'prequential'
}

/** `shrike evaluate BUNDLE FILE`, or `--protocol NAME FILE`. */
export function evaluateCommand(): Command {
  const command = new Command('evaluate')
    .summary('measure a bundle, or a learner by a protocol, on rows that it was not trained on')
    .description(
      "Evaluates BUNDLE on the rows of FILE. Rows of the bundle's own training period are left out and counted; where none " +
        'is left it stops. With --protocol, a learner is trained and tested on FILE again and again, each time on later rows.',
    )
    .usage('[options] <bundle> <file>\n       shrike evaluate --protocol <name> [options] <file>')
    .argument('<bundle>', 'a trained bundle; leave it out with --protocol')
    .argument(
      '[file]',
      'labelled transactions: .csv, .ndjson, .json (or .gz of them), .parquet, a folder of parts, or - for CSV',
    )
    .option('--report <html>', 'write a report')
    .option('--history <file>', 'earlier rows, which feed histories and are not evaluated')
    .option('--include-training', 'evaluate on training rows too; the report says so')
    .option('--no-leak-check', 'skip showing the figures of labels without delay')
    .option('--weight-column <column>', 'a weight for each row')
    .option('--seed <number>', 'the seed of the bootstrap intervals and of the first model', flags.wholeNumber(0), 42)
    .option(
      '--cost-false-positive <cost>',
      'the cost of an alert on a legitimate transaction, for the report',
      flags.notNegative,
    )
    .option(
      '--cost-false-negative <cost>',
      'the cost of a missed fraud: a number, or "amount" for its amount',
      flags.amountOrNumber,
    )
    .option('--force', 'replace an existing file instead of keeping it under a numbered name')
    .option('--json', 'print the figures as JSON on standard output')
  addReadingFlags(command)
  addProtocolFlags(command)
  return command
    .addHelpText(
      'after',
      `
Examples:
  shrike evaluate shrike-model.safetensors creditcard.csv --report later.html
  shrike evaluate shrike-model.safetensors next-month.parquet --json
  shrike evaluate --protocol handbook handbook-transactions.csv.gz
  shrike evaluate --protocol prequential transactions.csv --detector detectors/cards.yaml --train 14d --test 7d --folds 3`,
    )
    .action((bundle: string, file: string | undefined, options: Flags, self: Command) =>
      run(options, async (context) => {
        refuseForeign(self, options.protocol)
        await evaluate(bundle, file, options, context)
      }),
    )
}

function addProtocolFlags(command: Command): void {
  command
    .addOption(
      new Option('--protocol <name>', 'a published protocol, or prequential folds for any detector').choices([
        'handbook',
        'prequential',
      ]),
    )
    .option('--detector <yaml>', "the protocol's detector file (handbook: the one that comes with Shrike)")
    .option('--train <duration>', 'the length of each training period', '7d')
    .option('--delay <duration>', "the delay of labels (default: the detector's)")
    .option('--test <duration>', 'the length of each test period', '7d')
    .option('--folds <number>', 'test periods, back from the end of the data', flags.wholeNumber(1, 1000), 4)
    .option('--k <number>', 'cards that are checked each day', flags.wholeNumber(1), 100)
    .option('--by <key>', 'the key that alerts are grouped by (default: card, customer or the first)')
    .option('--keep-compromised', 'leave cards in the test whose fraud is known by then')
    .option('--free', "handbook: also without the book's limits on features and training")
    .option('--seeds <number>', 'models of each fold, with seeds from --seed on', flags.wholeNumber(1, 1000), 5)
    .addOption(
      new Option('--preset <name>', "as for train (default: default, then the detector's options)").choices(
        Object.keys(presets),
      ),
    )
    .addOption(new Option('--learner <name>', 'the learner (default: as for train)').choices([...learners]))
  for (const option of learnerFlags(['nEstimators', 'maxDepth'])) command.addOption(option)
  command
    .option(
      '--allow-leak <feature>',
      'train on it although it alone separates fraud almost perfectly; may be repeated',
      flags.repeated,
    )
    .option('--threads <number>', 'the number of threads (default: one per core)', flags.wholeNumber(1, 256))
}

const bundleOnly = ['report', 'history', 'includeTraining', 'leakCheck', 'costFalsePositive', 'costFalseNegative']
const protocolOnly = ['detector', 'by', 'seeds', 'threads', 'allowLeak']
const prequentialOnly = [
  ...['train', 'delay', 'test', 'folds', 'k', 'keepCompromised'],
  ...['preset', 'learner', 'nEstimators', 'maxDepth', 'weightColumn'],
]

/** A flag that would change nothing is refused: its user believes that it does. */
function refuseForeign(command: Command, protocol: Flags['protocol']): void {
  const foreign = {
    none: ['free', ...protocolOnly, ...prequentialOnly.filter((name) => name !== 'weightColumn')],
    handbook: [...bundleOnly, ...prequentialOnly],
    prequential: ['free', ...bundleOnly],
  }[protocol ?? 'none']
  for (const option of command.options) {
    const name = option.attributeName()
    if (!foreign.includes(name) || command.getOptionValueSource(name) !== 'cli') continue
    const means = protocol === undefined ? 'without --protocol' : `with --protocol ${protocol}`
    throw new FraudError('OPTION_INVALID', `${option.long} has no meaning ${means}`)
  }
}

async function evaluate(bundle: string, file: string | undefined, options: Flags, context: Run): Promise<void> {
  if (options.protocol === undefined) {
    if (file === undefined)
      throw new FraudError('OPTION_INVALID', 'Name a bundle and a file, or a --protocol and a file')
    return (await import('./evaluate-work.ts')).evaluateBundle(bundle, file, options, context)
  }
  if (file !== undefined) throw new FraudError('OPTION_INVALID', 'A --protocol trains its own models: name no bundle')
  const { evaluateHandbook, evaluatePrequential, checkProtocolOutputs } = await import('./protocol-work.ts')
  await checkProtocolOutputs(bundle, options)
  return options.protocol === 'handbook'
    ? evaluateHandbook(bundle, options, context)
    : evaluatePrequential(bundle, options, context)
}
