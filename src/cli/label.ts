import { Command, Option } from 'commander'
import { duration } from './flags.ts'
import type { LabelFlags } from './label-work.ts'
import { addReadingFlags } from './reading-flags.ts'
import { type CommonFlags, run } from './run.ts'

/** `shrike label FILE`. */
export function labelCommand(): Command {
  return addReadingFlags(
    new Command('label')
      .summary('bring in labels: which transactions were fraud')
      .description(
        'Sends the labels of FILE over HTTP to the service that uses the data directory, or to the one at --url; where ' +
          'no service is running, they go into the directory itself. Known labels are left as they are, so the same file may be ' +
          'sent again, also after Ctrl-C.',
      )
      .argument('<file>', 'labels: .csv, .ndjson, .json (or .gz of them), .parquet, a folder of parts, or - for CSV')
      .option('--id <column>', "the transaction's id (default: transactionId, else the detector's)")
      .option('--label <column>', "whether it was fraud (default: isFraud, else the detector's)")
      .option('--known-at <column>', "when it became known (default: knownAt, else the detector's; else now)")
      .option('--source <name>', 'the source of the labels, such as chargeback, where the file has no column source')
      .option('--data <directory>', 'the data directory of the service', '.shrike')
      .option('--url <url>', 'the address of a service elsewhere')
      .addOption(new Option('--key <key>', 'an API key with the role label').env('SHRIKE_API_KEY'))
      .option('--timeout <duration>', 'how long sending is repeated while the service is busy', duration, 120_000)
      .option('--bundle <bundle>', 'without a service: the bundle (default: what decided last in the data directory)')
      .option('--json', 'print the result as JSON on standard output')
      .addHelpText(
        'after',
        `
Examples:
  shrike label chargebacks.csv --source chargeback
  shrike label verdicts.parquet --id order --label fraud --known-at closed_at --bad-rows skip --rejects bad.csv
  SHRIKE_API_KEY=... shrike label chargebacks.csv.gz --url https://shrike.example`,
      )
      .action((file: string, options: LabelFlags & CommonFlags) =>
        run(options, async (context) => (await import('./label-work.ts')).label(file, options, context)),
      ),
  )
}
