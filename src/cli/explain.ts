import { Command } from 'commander'
import { FraudError } from '../core/errors.ts'
import type { DecidedFlags } from './explain-decided.ts'
import type { ExplainFlags } from './explain-work.ts'
import * as flags from './flags.ts'
import { addReadingFlags } from './reading-flags.ts'
import { type CommonFlags, run } from './run.ts'

/** `shrike explain BUNDLE FILE`. */
export function explainCommand(): Command {
  return addReadingFlags(
    new Command('explain')
      .summary('explain the answer of a bundle for one row, or a past decision')
      .description(
        "Shows what each feature adds to the model's answer for one row of FILE, with the history of the file until then: " +
          'exact Shapley values for trees, exact parts for linear models, integrated gradients for networks. ' +
          'With --data and --id, why a past decision came out as it did: from the log, by the policy of that time, rule ' +
          'by rule and condition by condition, and what can not be told.',
      )
      .argument('[bundle]', 'a bundle that train or import wrote')
      .argument(
        '[file]',
        'transactions: .csv, .ndjson, .json (or .gz of them), .parquet, a folder of parts, or - for CSV',
      )
      .option('--id <value>', "the row's transaction id")
      .option('--row <number>', "or the row's place in the file, from 0", flags.wholeNumber(0))
      .option('--data <directory>', 'the data directory of a service, to explain one of its decisions')
      .option('--rule <id>', 'with --data: a rule to explain, too, whatever it said')
      .option('--bundle <file>', 'with --data: the bundle that decided, where it is not the current one')
      .option('--history <file>', 'earlier rows, which feed histories')
      .option('--out <html>', 'also write a page with a picture')
      .option('--force', 'replace an existing file instead of keeping it under a numbered name')
      .option('--json', 'print the result as JSON on standard output')
      .addHelpText(
        'after',
        `
Examples:
  shrike explain model.safetensors creditcard.csv --row 541
  shrike explain model.safetensors transactions.csv --id t-0220941 --out why.html
  shrike explain --data .shrike --id t-0220941
  shrike explain --data .shrike --id t-0220941 --rule card-testing --out why.html`,
      )
      .action((bundle: string | undefined, file: string | undefined, options: AllFlags & CommonFlags) =>
        run(options, async (context) => {
          const { data } = options
          if (data !== undefined && bundle === undefined) {
            refuseOfFile(options)
            const { explainDecided } = await import('./explain-decided.ts')
            return explainDecided({ ...options, data }, context)
          }
          const { explain } = await import('./explain-work.ts')
          return explain(...requireFile(bundle, file, options), options, context)
        }),
      ),
  )
}

type AllFlags = ExplainFlags & Partial<DecidedFlags>

const ofFile = ['row', 'history', 'text', 'rejects', 'decimal', 'dates', 'missing', 'encoding'] as const

/** A flag that says which row of a file, or how one is read, would seem to have been followed. */
function refuseOfFile(flags: AllFlags): void {
  const given = flags.badRows === 'skip' ? 'bad-rows skip' : ofFile.find((name) => flags[name] !== undefined)
  if (given === undefined) return
  const instead = 'name BUNDLE and FILE in place of --data, which explains a decision by its --id'
  throw new FraudError('OPTION_INVALID', `--${given} is of a row of a file: ${instead}`)
}

function requireFile(bundle: string | undefined, file: string | undefined, flags: AllFlags): readonly [string, string] {
  if (bundle === undefined || file === undefined) {
    throw new FraudError('OPTION_INVALID', 'Name BUNDLE and FILE, or --data DIRECTORY and --id of a decision')
  }
  const own = (['data', 'rule', 'bundle'] as const).find((name) => flags[name] !== undefined)
  if (own === undefined) return [bundle, file]
  throw new FraudError('OPTION_INVALID', `--${own} explains a decision of a data directory, without BUNDLE and FILE`)
}
