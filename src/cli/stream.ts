import { Command, Option } from 'commander'
import * as flags from './flags.ts'
import { run } from './run.ts'
import { addDecidingFlags } from './serve.ts'
import type { StreamFlags } from './stream-work.ts'

/** `shrike stream [BUNDLE] --in ... --out ...`. */
export function streamCommand(): Command {
  const command = new Command('stream')
    .summary('decide a topic of Kafka, or lines of JSON')
    .description(
      'Decides the transactions of a topic, or of standard input, as the service does: each once, in the order of their partition.',
    )
    .argument('[bundle]', 'as of `serve`')
    .requiredOption('--in <topic>', 'transactions: kafka://BROKER:PORT/TOPIC, or - for lines of standard input')
    .requiredOption('--out <topic>', 'decisions: a topic of the same cluster, or - for lines of standard output')
    .option('--labels <topic>', 'a topic of labels to take in')
    .option('--dead-letters <topic>', 'where refused messages are written (default: --out)')
    .option('--cases <topic>', 'where it is written what happens to cases')
    .option('--alerts <topic>', 'where alerts are written that begin and end')
    .addOption(
      new Option('--from <place>', 'where to begin if it is not known how far the stream has come').choices([
        'earliest',
        'latest',
      ]),
    )
    .option('--detector <yaml>', 'in place of BUNDLE: decide without a model, by rules and lists alone')
    .option('--port <number>', 'serve HTTP, too, as `serve` does; 0 chooses a free port', flags.wholeNumber(0, 65_535))
  return addDecidingFlags(command)
    .addHelpText(
      'after',
      `
Signals: SIGTERM and Ctrl-C write what was decided and end; the next start goes on there.

Examples:
  shrike stream --in kafka://localhost:9092/transactions --out kafka://localhost:9092/decisions
  shrike stream model.safetensors --in kafka://k1:9092,k2:9092/transactions --out kafka://k1:9092,k2:9092/decisions \\
    --dead-letters kafka://k1:9092,k2:9092/refused --port 8000
  shrike stream --in - --out - < transactions.ndjson > decisions.ndjson`,
    )
    .action((bundle: string | undefined, options: StreamFlags) =>
      run({}, async (context) => (await import('./stream-work.ts')).stream(bundle, options, context)),
    )
}
